//! Sessions, which are read for the archive and then deleted.

use crate::fixture::{command, count, database, id, older_than};
use serde_json::{Value, json};
use storage::Slice;
use storage::sessions::archive::{delete_old, list_old};
use testkit::TestDatabase;

/// Inserts the session `number`, which began `days` ago and ended an hour later, or is open, without a
/// waiting check of its receipt.
async fn session(database: &TestDatabase, number: u32, days: u32, open: bool) {
    let ended =
        if open { "null".to_owned() } else { format!("now() - interval '{days} days' + interval '1 hour'") };
    database
        .execute(&format!(
            "insert into sessions (id, charge_point_id, connector_id, started_at, ended_at, id_tag, command_id)
             values ({id}, 'CP-1', 1, now() - interval '{days} days', {ended}, 'TAG', {id});
             delete from session_settlements",
            id = id(number)
        ))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_has_the_session_its_last_receipt_and_its_limits() {
    let (database, mut connection) = database().await;
    command(&database, 1, 400, false).await;
    session(&database, 1, 400, false).await;
    session(&database, 2, 399, false).await;
    database
        .execute(&format!(
            "insert into session_receipts (session_id, number, issued_at, digest, content)
             select {one}, n, now(), 'digest-' || n, ('{{\"b\":' || n || ',\"a\":1.50}}')::json from generate_series(1, 2) n;
             insert into session_limits (command_id, limits) values ({one}, '{{\"maxEnergyWh\": 1000}}')",
            one = id(1)
        ))
        .await;
    let [first, second] = list_old(&mut connection, older_than(365), None).await.unwrap().try_into().unwrap();
    assert!(first.document.contains(r#"{"b":2,"a":1.50}"#), "byte for byte: {}", first.document);
    assert!(!first.document.contains('\n'));
    let document: Value = serde_json::from_str(&first.document).unwrap();
    assert_eq!(document["session"]["id"], "00000000-0000-7000-8000-000000000001");
    assert_eq!((&document["session"]["id_tag"], &document["receipt"]["number"]), (&json!("TAG"), &json!(2)));
    assert_eq!(document["limits"]["limits"], json!({ "maxEnergyWh": 1000 }));
    let document: Value = serde_json::from_str(&second.document).unwrap();
    assert_eq!((&document["receipt"], &document["limits"]), (&Value::Null, &Value::Null));

    assert_eq!(delete_old(&mut connection, &[first, second]).await.unwrap(), 2);
    for table in ["sessions", "session_receipts", "session_limits", "session_settlements", "feed_chunks"] {
        assert_eq!(count(&database, table).await, 0, "{table}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_ended_sessions_of_old_days_are_listed_in_pages() {
    let (database, mut connection) = database().await;
    for (number, days) in [(1, 40), (2, 35), (3, 33), (4, 29)] {
        session(&database, number, days, false).await;
    }
    session(&database, 5, 50, true).await;
    session(&database, 6, 45, false).await;
    database.execute(&format!("update sessions set end_reason = 'Local' where id = {}", id(6))).await;
    let page = Slice { limit: 2, ..older_than(30) };
    let [first, second] = list_old(&mut connection, page, None).await.unwrap().try_into().unwrap();
    let [third] = list_old(&mut connection, page, Some(&second)).await.unwrap().try_into().unwrap();
    let listed = [first, second, third].map(|session| session.id.as_u128() & 0xf);
    assert_eq!(listed, [1, 2, 3], "the fifth is open, and the receipt of the sixth may be replaced");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_changed_after_it_was_read_is_kept() {
    let (database, mut connection) = database().await;
    session(&database, 1, 40, false).await;
    session(&database, 2, 40, false).await;
    session(&database, 3, 40, false).await;
    let read = list_old(&mut connection, older_than(30), None).await.unwrap();
    database
        .execute(&format!(
            "update sessions set end_reason = 'Local' where id = {}; delete from session_settlements;
             insert into session_settlements values ({}, 'CP-1', now(), now())",
            id(1),
            id(2)
        ))
        .await;
    assert_eq!((read.len(), delete_old(&mut connection, &read).await.unwrap()), (3, 1));
    assert_eq!(count(&database, "sessions").await, 2);
}
