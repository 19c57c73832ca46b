//! Meters of open sessions: published at most once per interval, after new readings only.

use super::sessions::recorded;
use crate::app::TestApp;
use domain::feed::{FeedChange, FeedKind, SessionMetered};
use domain::ids::{ChargePointId, ConnectorId};
use domain::tariffs::UnpricedCode;
use serde_json::json;
use std::time::Duration;
use storage::Connection;
use storage::Slice;
use storage::sessions::metering::{
    PreparedMeter, ReadSessions, list_due, list_read, postpone, prepare, prune_ended, publish,
};

const OPEN: &str = "0192f0c1-0000-7000-8000-000000000002";
const INTERVAL: Duration = Duration::from_secs(30);

/// `CP-1` has the open session of [`recorded`] on connector 1, and its last reading at 08:20. The
/// state of charge is from before the session.
const READ: &str = "
    insert into connectors (charge_point_id, connector_id, energy_wh, energy_at, power_w, power_at, soc_percent, soc_at)
    values ('CP-1', 1, 25000, '2026-07-25T08:20:00+08', 7000, '2026-07-25T08:20:00+08', 80, '2026-07-25T06:00:00+08')";
/// The next reading.
const READ_AGAIN: &str = "
    insert into meter_samples (charge_point_id, connector_id, taken_at, energy_wh)
    values ('CP-1', 1, '2026-07-25T08:30:00+08', 26000);
    update connectors set energy_wh = 26000, energy_at = '2026-07-25T08:30:00+08',
                          soc_percent = 55, soc_at = '2026-07-25T08:30:00+08'";
const INTERVAL_PASSES: &str = "update session_metered set emitted_at = emitted_at - interval '30 seconds'";

async fn charging() -> TestApp {
    let app = recorded().await;
    app.database.execute(READ).await;
    app
}

/// All meters that are due, in pages of one session.
async fn prepare_all(connection: &mut Connection) -> Vec<PreparedMeter> {
    let (mut prepared, mut last) = (Vec::new(), None);
    loop {
        let mut due = list_due(connection, last.as_ref(), INTERVAL, 1).await.unwrap();
        let Some(session) = due.pop() else { return prepared };
        prepared.extend(prepare(connection, &session).await.unwrap());
        last = Some(session);
    }
}

/// Publishes all meters that are due, as event-ingestor does; returns how many.
async fn publish_all(app: &TestApp) -> usize {
    let mut connection = app.database.pool.connection().await.unwrap();
    let prepared = prepare_all(&mut connection).await;
    publish(&mut connection, &prepared, INTERVAL).await.unwrap()
}

/// The meters in the feed, in order.
async fn published(app: &TestApp) -> Vec<SessionMetered> {
    let mut connection = app.database.pool.connection().await.unwrap();
    storage::feed::sequence_all(&mut connection).await.unwrap();
    let chunks = storage::feed::list_after(&mut connection, 0, 100).await.unwrap();
    let changes = chunks.into_iter().flat_map(|chunk| chunk.changes);
    let meters = changes.filter_map(|FeedChange { at, kind, .. }| match kind {
        FeedKind::SessionMetered(body) => {
            assert_eq!(at, body.meter.read_at);
            Some(body)
        }
        _ => None,
    });
    meters.collect()
}

async fn rows(app: &TestApp) -> serde_json::Value {
    app.database.json("select count(*) from session_metered").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meter_has_the_energy_and_the_cost_of_the_quote() {
    let app = charging().await;
    assert_eq!(publish_all(&app).await, 1);
    let quote = app.get(&format!("/api/v1/sessions/{OPEN}/quote")).await.json();
    let pile = app.get(&format!("/api/v1/sessions/{OPEN}")).await.json()["pileId"].clone();
    let meters = published(&app).await;
    let [SessionMetered { session, meter }] = meters.as_slice() else { panic!("{meters:?}") };
    assert_eq!((session.session_id.0.to_string().as_str(), session.ended_at), (OPEN, None));
    assert_eq!(json!(session.place.as_ref().unwrap().pile_id), pile);
    assert_eq!(json!(meter.energy_wh), json!(4_000.0));
    assert_eq!(json!(meter.energy_wh), quote["energyWh"]);
    assert_eq!(json!(meter.total.unwrap()), quote["totals"]["total"]);
    assert_eq!(meter.unpriced, None);
    assert_eq!((meter.power_w, meter.soc_percent), (Some(7_000.0), None), "80 % is of an earlier session");
    assert_eq!(json!(meter.read_at), json!("2026-07-25T00:20:00Z"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meter_follows_new_readings_only_and_at_most_once_per_interval() {
    let app = charging().await;
    assert_eq!(publish_all(&app).await, 1);
    app.database.execute(INTERVAL_PASSES).await;
    assert_eq!(publish_all(&app).await, 0, "the reading is the published one");
    app.database.execute("update session_metered set emitted_at = now()").await;
    app.database.execute(READ_AGAIN).await;
    assert_eq!(publish_all(&app).await, 0, "the interval has not passed");
    app.database.execute(INTERVAL_PASSES).await;
    assert_eq!(publish_all(&app).await, 1);
    let live: Vec<_> = published(&app).await.into_iter().map(|body| body.meter).collect();
    let live: Vec<_> = live.iter().map(|meter| (meter.energy_wh, meter.soc_percent)).collect();
    assert_eq!(live, [(Some(4_000.0), None), (Some(5_000.0), Some(55.0))]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_sessions_of_connectors_are_due_at_once_or_when_the_interval_ends() {
    let app = charging().await;
    let mut connection = app.database.pool.connection().await.unwrap();
    let key = |number| (ChargePointId::parse("CP-1").unwrap(), ConnectorId::parse(number).unwrap());
    let mut read = async || list_read(&mut connection, &[key(1), key(2)], INTERVAL).await.unwrap();
    let ReadSessions { due, later } = read().await;
    let ids: Vec<String> = due.iter().map(|session| session.id.0.to_string()).collect();
    assert_eq!((ids, later), (vec![OPEN.to_owned()], Vec::new()), "connector 2 has no session");
    assert_eq!(publish_all(&app).await, 1);
    assert_eq!(read().await, ReadSessions::default(), "there is no new reading");
    app.database.execute(READ_AGAIN).await;
    let ReadSessions { due: none, later } = read().await;
    let [(connector, due_in)] = later.as_slice() else { panic!("{later:?}") };
    assert_eq!((none, connector), (Vec::new(), &key(1)));
    assert!(!due_in.is_zero() && *due_in <= INTERVAL, "{due_in:?}");
    app.database.execute(INTERVAL_PASSES).await;
    let ReadSessions { due: again, later } = read().await;
    assert_eq!((again.len(), later.len()), (1, 0));
    assert!(again[0].live.read_at > due[0].live.read_at);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meter_without_a_price_says_why() {
    let app = charging().await;
    app.database
        .execute(
            "insert into sessions (id, charge_point_id, connector_id, started_at, meter_start_wh)
             values ('0192f0c1-0000-7000-8000-000000000006', 'CP-9', 1, '2026-07-25T09:00:00+08', 10),
                    ('0192f0c1-0000-7000-8000-000000000007', 'CP-1', 2, '2026-07-25T09:00:00+08', null);
             insert into connectors (charge_point_id, connector_id, energy_wh, energy_at, power_w, power_at)
             values ('CP-9', 1, 60, '2026-07-25T09:10:00+08', null, null),
                    ('CP-1', 2, null, null, 3000, '2026-07-25T09:10:00+08');
             insert into meter_samples (charge_point_id, connector_id, taken_at, energy_wh)
             values ('CP-9', 1, '2026-07-25T09:10:00+08', 60)",
        )
        .await;
    assert_eq!(publish_all(&app).await, 3);
    let meters = published(&app).await;
    let of = |number: u8| {
        let id = format!("0192f0c1-0000-7000-8000-00000000000{number}");
        let body = meters.iter().find(|body| body.session.session_id.0.to_string() == id).unwrap();
        let meter = &body.meter;
        (meter.energy_wh, meter.power_w, meter.total, meter.unpriced)
    };
    assert_eq!(of(6), (Some(50.0), None, None, Some(UnpricedCode::SessionWithoutPile)));
    assert_eq!(of(7), (None, Some(3_000.0), None, Some(UnpricedCode::SessionNotMetered)));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_publishers_at_once_publish_each_meter_once() {
    let app = charging().await;
    let mut one = app.database.pool.connection().await.unwrap();
    let mut other = app.database.pool.connection().await.unwrap();
    for _ in 0..10 {
        app.database.execute("delete from session_metered").await;
        let (first, second) = (prepare_all(&mut one).await, prepare_all(&mut other).await);
        assert_eq!((first.len(), second.len()), (1, 1), "both must find the session due");
        let (first, second) =
            tokio::join!(publish(&mut one, &first, INTERVAL), publish(&mut other, &second, INTERVAL));
        assert_eq!(first.unwrap() + second.unwrap(), 1);
    }
    assert_eq!(published(&app).await.len(), 10);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ended_or_changed_meanwhile_is_not_published_as_it_was() {
    let app = charging().await;
    let mut connection = app.database.pool.connection().await.unwrap();
    let prepared = prepare_all(&mut connection).await;
    app.database.execute(&format!("update sessions set id_tag = 'LATE' where id = '{OPEN}'")).await;
    assert_eq!(publish(&mut connection, &prepared, INTERVAL).await.unwrap(), 0);
    let prepared = prepare_all(&mut connection).await;
    assert_eq!(prepared.len(), 1, "the changed session must be due");
    let end = format!("update sessions set ended_at = '2026-07-25T08:25:00+08' where id = '{OPEN}'");
    app.database.execute(&end).await;
    assert_eq!(publish(&mut connection, &prepared, INTERVAL).await.unwrap(), 0);
    assert_eq!(publish_all(&app).await, 0);
    assert!(published(&app).await.is_empty());
    assert_eq!(rows(&app).await, json!(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn ended_sessions_are_forgotten_after_the_interval() {
    let app = charging().await;
    publish_all(&app).await;
    let mut connection = app.database.pool.connection().await.unwrap();
    app.database.execute(INTERVAL_PASSES).await;
    assert_eq!(
        prune_ended(&mut connection, Slice::first(INTERVAL, 100)).await.unwrap().rows,
        0,
        "the session is open"
    );
    let end = format!("update sessions set ended_at = '2026-07-25T08:25:00+08' where id = '{OPEN}'");
    app.database.execute(&end).await;
    app.database.execute("update session_metered set emitted_at = now()").await;
    assert_eq!(
        prune_ended(&mut connection, Slice::first(INTERVAL, 100)).await.unwrap().rows,
        0,
        "it may be opened again"
    );
    app.database.execute(INTERVAL_PASSES).await;
    assert_eq!(prune_ended(&mut connection, Slice::first(INTERVAL, 100)).await.unwrap().rows, 1);
    assert_eq!(rows(&app).await, json!(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_postponed_session_waits_for_the_interval_and_a_new_reading() {
    let app = charging().await;
    let mut connection = app.database.pool.connection().await.unwrap();
    let due = list_due(&mut connection, None, INTERVAL, 100).await.unwrap();
    postpone(&mut connection, &due[0], INTERVAL).await.unwrap();
    app.database.execute(READ_AGAIN).await;
    assert_eq!(publish_all(&app).await, 0);
    app.database.execute(INTERVAL_PASSES).await;
    assert_eq!(publish_all(&app).await, 1);
    assert_eq!(published(&app).await.len(), 1);
}
