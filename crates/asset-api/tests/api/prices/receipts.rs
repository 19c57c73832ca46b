//! Receipts: written once the facts have settled, never changed, and replaced after late facts.

use super::sessions::recorded;
use crate::app::TestApp;
use domain::feed::FeedKind;
use serde_json::json;
use std::time::Duration;
use storage::Slice;
use storage::sessions::receipts::{SettleOutcome, list_due, prune, settle};

const SESSION: &str = "/api/v1/sessions/0192f0c1-0000-7000-8000-000000000001";
const NO_GRACE: Duration = Duration::ZERO;

/// Checks all sessions that are due, as the writer of event-ingestor does; returns how many receipts
/// were written.
pub(super) async fn check_all(app: &TestApp) -> usize {
    let mut connection = app.database.pool.connection().await.unwrap();
    let mut written = 0;
    for session in list_due(&mut connection, NO_GRACE, 100).await.unwrap() {
        let outcome = settle(&mut connection, &session, NO_GRACE).await.unwrap();
        written += usize::from(matches!(outcome, SettleOutcome::Written { .. }));
    }
    written
}

/// The receipts of a session in the feed: their numbers, and those that they replace.
async fn settled(app: &TestApp, session: &str) -> Vec<(u32, Option<u32>)> {
    let mut connection = app.database.pool.connection().await.unwrap();
    storage::feed::sequence_all(&mut connection).await.unwrap();
    let chunks = storage::feed::list_after(&mut connection, 0, 100).await.unwrap();
    let changes = chunks.into_iter().flat_map(|chunk| chunk.changes);
    let receipts = changes.filter_map(|change| match change.kind {
        FeedKind::SessionSettled(body) if body.session.session_id.0.to_string() == session => {
            Some((body.receipt.number, body.receipt.replaces))
        }
        _ => None,
    });
    receipts.collect()
}

/// Makes every waiting session due again.
async fn all_are_due(app: &TestApp) {
    app.database.execute("update session_settlements set quiet_since = now() - interval '1 minute'").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_is_written_once_and_outlives_the_samples() {
    let app = recorded().await;
    let early = app.get(&format!("{SESSION}/receipt")).await;
    assert_eq!((early.status.as_u16(), &early.json()["code"]), (404, &json!("RECEIPT_NOT_YET")));
    assert_eq!(early.header("retry-after"), Some("60"));
    assert_eq!(check_all(&app).await, 4, "four sessions have ended");
    let receipt = app.get(&format!("{SESSION}/receipt")).await.json();
    let quote = app.get(&format!("{SESSION}/quote")).await.json();
    assert_eq!((&receipt["number"], &receipt["replaces"]), (&json!(1), &json!(null)));
    assert_eq!(receipt["price"]["totals"], quote["totals"]);
    assert_eq!(receipt["price"]["items"], quote["items"]);
    assert_eq!(receipt["price"]["occupancy"], quote["occupancy"]);
    assert_eq!((&receipt["unpluggedAt"], &receipt["energyWh"]), (&quote["unpluggedAt"], &json!(20_000.0)));
    assert_eq!(
        receipt["energyByBand"],
        json!([{ "kind": "sharp", "energyWh": 5_000.0 }, { "kind": "valley", "energyWh": 15_000.0 }])
    );
    assert_eq!(receipt["readings"].as_array().unwrap().len(), 4);

    all_are_due(&app).await;
    assert_eq!(check_all(&app).await, 0, "the same facts must not lead to another receipt");
    app.database.execute("delete from session_settlements; delete from meter_samples").await;
    assert_eq!(app.get(&format!("{SESSION}/receipt")).await.json(), receipt);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_late_fact_leads_to_a_receipt_that_replaces_the_first() {
    let app = recorded().await;
    check_all(&app).await;
    let first = app.get(&format!("{SESSION}/receipt")).await.json();
    app.database
        .execute(
            "update sessions set meter_stop_wh = 22000 where id = '0192f0c1-0000-7000-8000-000000000001'",
        )
        .await;
    assert_eq!(check_all(&app).await, 1, "the corrected session must be due");
    let second = app.get(&format!("{SESSION}/receipt")).await.json();
    assert_eq!(
        (&second["number"], &second["replaces"], &second["energyWh"]),
        (&json!(2), &json!(1), &json!(21_000.0))
    );
    assert_eq!(app.get(&format!("{SESSION}/receipt?number=1")).await.json(), first);
    let missing = app.get(&format!("{SESSION}/receipt?number=3")).await;
    assert_eq!((missing.status.as_u16(), &missing.json()["code"]), (404, &json!("RECEIPT_NOT_FOUND")));
    let listed = app.get(&format!("{SESSION}/receipts")).await.json();
    let numbers: Vec<_> = listed["items"].as_array().unwrap().iter().map(|item| &item["number"]).collect();
    assert_eq!(numbers, [2, 1]);
    assert_eq!(listed["items"][0].get("readings"), None);
    assert_eq!(settled(&app, "0192f0c1-0000-7000-8000-000000000001").await, [(1, None), (2, Some(1))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_without_a_price_says_why() {
    let app = recorded().await;
    check_all(&app).await;
    for (session, code) in [(3, "SESSION_NOT_METERED"), (4, "SESSION_WITHOUT_PILE"), (5, "NO_TARIFF_APPLIES")]
    {
        let path = format!("/api/v1/sessions/0192f0c1-0000-7000-8000-00000000000{session}/receipt");
        let receipt = app.get(&path).await.json();
        assert_eq!((&receipt["price"], &receipt["unpriced"]["code"]), (&json!(null), &json!(code)));
    }
    let open = app.get("/api/v1/sessions/0192f0c1-0000-7000-8000-000000000002/receipt").await;
    assert_eq!(open.json()["code"], "RECEIPT_NOT_YET");
    let unknown = app.get("/api/v1/sessions/0192f0c1-0000-7000-8000-000000000008/receipt").await;
    assert_eq!(unknown.json()["code"], "SESSION_NOT_FOUND");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_session_gets_a_last_receipt() {
    let app = recorded().await;
    check_all(&app).await;
    app.database.execute("delete from sessions where id = '0192f0c1-0000-7000-8000-000000000001'").await;
    assert_eq!(check_all(&app).await, 1);
    let last = app.get(&format!("{SESSION}/receipt")).await.json();
    assert_eq!(
        (&last["withdrawn"], &last["replaces"], &last["price"], &last["energyWh"]),
        (&json!(true), &json!(1), &json!(null), &json!(null))
    );
    all_are_due(&app).await;
    assert_eq!(check_all(&app).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_writers_at_once_write_each_receipt_once() {
    let app = recorded().await;
    let mut one = app.database.pool.connection().await.unwrap();
    let mut other = app.database.pool.connection().await.unwrap();
    let due = list_due(&mut one, NO_GRACE, 100).await.unwrap();
    for session in &due {
        let (first, second) =
            tokio::join!(settle(&mut one, session, NO_GRACE), settle(&mut other, session, NO_GRACE));
        let written = [first.unwrap(), second.unwrap()]
            .into_iter()
            .filter(|outcome| matches!(outcome, SettleOutcome::Written { .. }));
        assert_eq!(written.count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn old_receipts_are_deleted_and_none_is_changed() {
    let app = recorded().await;
    check_all(&app).await;
    let mut connection = app.database.pool.connection().await.unwrap();
    let hour = Slice::first(Duration::from_hours(1), 100);
    assert_eq!(prune(&mut connection, hour).await.unwrap().rows, 0);
    app.database
        .execute(
            "do $$ begin
               update session_receipts set digest = '';
               raise 'receipts were changed';
             exception when restrict_violation then null; end $$",
        )
        .await;
    assert_eq!(prune(&mut connection, Slice::first(NO_GRACE, 100)).await.unwrap().rows, 4);
    app.database.execute("delete from session_settlements").await;
    assert_eq!(app.get(&format!("{SESSION}/receipt")).await.json()["code"], "RECEIPT_NOT_KEPT");
}
