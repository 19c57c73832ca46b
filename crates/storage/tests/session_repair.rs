//! Recorded sessions that differ from what their ledgers derive are found, and corrected on
//! request.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use chrono::{DateTime, Utc};
use domain::event::TransactionStart;
use domain::ids::{ChargePointId, ConnectorId, EventId, SessionId, TransactionId};
use domain::order::{RecordPosition, Stamp};
use domain::sessions::ledger::Ledger;
use domain::sessions::repair::Defect;
use serde_json::json;
use storage::sessions::repair::{list_devices, repair};
use testkit::TestDatabase;
use uuid::Uuid;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
}

/// A ledger with the starts of sessions 1 and 2 on connector 1, at `id` · 100 s.
fn ledger() -> Ledger {
    let mut ledger = Ledger::default();
    for id in 1..=2_u16 {
        let start = TransactionStart {
            connector_id: ConnectorId::parse(1).unwrap(),
            transaction_id: Some(TransactionId::parse(&id.to_string()).unwrap()),
            id_tag: None,
            meter_start_wh: None,
            reservation_id: None,
        };
        let began = at(i64::from(id) * 100);
        let position = RecordPosition { partition: 0, offset: id.into(), appended_at: began };
        let event = EventId::parse(&format!("start-{id}")).unwrap();
        ledger.enter_start(session(id), &event, &start, Stamp::new(Some(began), &position));
    }
    ledger
}

fn session(id: u16) -> SessionId {
    SessionId(Uuid::from_u128(id.into()))
}

/// A database as earlier rules left it: both sessions are open, and so are two that the ledger no
/// longer contains.
async fn recorded() -> TestDatabase {
    let database = TestDatabase::new().await;
    let ledger = serde_json::to_string(&ledger()).unwrap();
    database
        .execute(&format!(
            "insert into charge_points (charge_point_id, online, last_seen_at) values ('CP-1', false, now());
             insert into session_ledgers (charge_point_id, ledger) values ('CP-1', '{ledger}')"
        ))
        .await;
    for (id, connector, seconds) in [(1, 1, 100), (2, 1, 200), (3, 1, 50), (4, 2, 60)] {
        let (id, began) = (session(id).0, at(seconds).to_rfc3339());
        let transaction = if id == session(3).0 || id == session(4).0 {
            "gone".to_owned()
        } else {
            (seconds / 100).to_string()
        };
        database
            .execute(&format!(
                "insert into sessions (id, charge_point_id, connector_id, transaction_id, started_at, started_by)
                 values ('{id}', 'CP-1', {connector}, '{transaction}', '{began}', 'event')"
            ))
            .await;
    }
    database
}

const ENDS: &str = "select json_agg(json_build_array(extract(epoch from ended_at)::bigint - 1790000000, end_reason) order by id) from sessions";

#[tokio::test(flavor = "multi_thread")]
async fn lists_wrongly_open_sessions_and_corrects_them_on_request_only() {
    let database = recorded().await;
    let mut connection = database.pool.connection().await.unwrap();
    let devices = list_devices(&mut connection, None, 10).await.unwrap();
    assert_eq!(devices, [ChargePointId::parse("CP-1").unwrap()]);
    assert_eq!(list_devices(&mut connection, devices.last(), 10).await.unwrap(), []);

    let found = repair(&mut connection, devices.clone(), false, None).await.unwrap();
    let mut defects: Vec<_> = found.iter().map(|repair| (repair.correct.id, repair.defect)).collect();
    defects.sort_unstable_by_key(|(id, _)| id.0);
    let expected =
        [(session(1), Defect::Differs), (session(3), Defect::Overtaken), (session(4), Defect::Unexplained)];
    assert_eq!(defects, expected);
    let none: [Option<i64>; 2] = [None, None];
    assert_eq!(database.json(ENDS).await, json!([none, none, none, none]), "a dry run must change nothing");

    assert_eq!(repair(&mut connection, devices.clone(), true, None).await.unwrap(), found);
    assert_eq!(
        database.json(ENDS).await,
        json!([[200, "Superseded"], none, [100, "Superseded"], none]),
        "the second is still open, and nothing is known of the last"
    );
    let published = "select sum(change_count) from feed_chunks";
    assert_eq!(database.json(published).await, json!(2));
    let left = repair(&mut connection, devices, true, None).await.unwrap();
    assert_eq!(left.iter().map(|repair| repair.defect).collect::<Vec<_>>(), [Defect::Unexplained]);
}
