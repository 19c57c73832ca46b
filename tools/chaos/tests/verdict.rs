//! The verdict detects what a broken compare-and-set would do; here it is done by hand, in SQL.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use chaos::database_audit::AuditedDatabase;
use chaos::markers::Marker;
use chaos::traffic::Sent;
use chaos::verdict::{Allowed, judge, state};
use domain::ids::{ChargePointId, ConnectorId, EventId, TransactionId};
use domain::sessions::session::StartedBy;
use gateway_simulator::ledger::{DeviceLedger, Ledger, LedgerSession, Mark};
use std::collections::BTreeMap;
use std::time::Duration;
use testkit::TestDatabase;

/// One partition that `first` has taken, and read from 0 to 10 with a marker at 5.
const INTACT: &str = "
    insert into ingest_partitions (topic, partition, next_offset) values ('t', 0, 0);
    set application_name = 'first';
    update ingest_partitions set owner = gen_random_uuid(), epoch = 1;
    begin;
    update ingest_partitions set next_offset = 10;
    insert into dead_letters (id, topic, partition, first_offset, last_offset, reason, detail, value)
    values (gen_random_uuid(), 't', 0, 5, 5, 'MISSING_EVENT_TYPE', '', '{\"marker\":\"0-0\"}');
    commit;";
const MARKER_AGAIN: &str = "
    insert into dead_letters (id, topic, partition, first_offset, last_offset, reason, detail, value)
    values (gen_random_uuid(), 't', 0, 5, 5, 'MISSING_EVENT_TYPE', '', '{\"marker\":\"0-0\"}')
    on conflict (topic, partition, first_offset) do nothing;";

/// The findings without their examples after `done`, where the partition should be read to 10.
async fn findings_after(done: &str) -> Vec<String> {
    let database = TestDatabase::new().await;
    let audited = AuditedDatabase::open(&database.url).await.unwrap();
    audited.run_sql(&format!("{INTACT} {done}; reset application_name")).await.unwrap();
    let sent = Sent {
        ledger: Ledger { devices: Vec::new(), kinds: BTreeMap::new() },
        events: 0,
        duplicates: 0,
        markers: vec![Marker { name: "0-0".to_owned(), partition: 0, offset: 5 }],
        worst_lag: Duration::ZERO,
    };
    let findings = judge(&audited, &sent, &BTreeMap::from([(0, 10)]), &Allowed::default()).await.unwrap();
    findings.iter().map(|finding| finding.split(": ").next().unwrap().to_owned()).collect()
}

const BROKEN_CHAIN: &str = "a batch does not begin where the one before it ended, or ends where it began";
const TWICE: &str = "an effect was written more than once";
const APART: &str = "an effect was written in a transaction that does not move the offset over it";
const WRONG_WRITER: &str =
    "a batch was written by another ingestor than the one that took the partition under that epoch";
const UNREAD: &str = "a partition was not read to its end";

#[tokio::test(flavor = "multi_thread")]
async fn reports_nothing_for_an_intact_state() {
    assert_eq!(findings_after("").await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ignores_the_lease_for_probing_devices() {
    let probing_lease =
        "insert into ingest_partitions (topic, partition, next_offset) values ('presence/watch', 0, 0);
                 update ingest_partitions set owner = gen_random_uuid(), epoch = 7, next_offset = 0
                 where topic = 'presence/watch'";
    assert_eq!(findings_after(probing_lease).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_a_batch_that_is_written_twice() {
    let again = format!("begin; update ingest_partitions set next_offset = 10; {MARKER_AGAIN} commit");
    assert_eq!(findings_after(&again).await, [BROKEN_CHAIN, TWICE, APART]);
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_a_batch_with_offsets_of_another() {
    assert_eq!(findings_after(&format!("begin; {MARKER_AGAIN} commit")).await, [TWICE, APART]);
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_a_write_of_a_former_owner() {
    let late = "update ingest_partitions set next_offset = 8; set application_name = 'second';
                update ingest_partitions set owner = gen_random_uuid(), epoch = 2; set application_name = 'first';
                update ingest_partitions set next_offset = 10";
    assert_eq!(findings_after(late).await, [BROKEN_CHAIN, WRONG_WRITER]);
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_a_skipped_record() {
    let lost = "delete from dead_letters; delete from chaos_effects";
    assert_eq!(findings_after(lost).await, ["an acknowledged record has no effect"]);
    assert_eq!(findings_after("update ingest_partitions set next_offset = 12").await, [UNREAD]);
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_a_state_that_becomes_older() {
    let back = "insert into charge_points (charge_point_id, online, last_seen_at, seen_appended_at)
                values ('CP-1', true, now(), now());
                update charge_points set seen_appended_at = now() - interval '1 second';
                delete from charge_points";
    assert_eq!(findings_after(back).await, ["a state became older than it was"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn accepts_an_older_status_only_from_an_earlier_copy_of_its_event() {
    let back_to = |event: i64, rivals: &str| {
        format!(
            "insert into connectors (charge_point_id, connector_id, status, status_at, status_appended_at, status_event)
             values ('CP-1', 1, 'Charging', now(), now(), 5);
             update connectors set status_event = {event}, status_rivals = '{rivals}',
               status_at = now() - interval '9 s', status_appended_at = now() - interval '9 s';
             delete from connectors"
        )
    };
    assert_eq!(findings_after(&back_to(4, "[]")).await, ["a state became older than it was"]);
    assert_eq!(findings_after(&back_to(5, "[]")).await, [""; 0]);
    assert_eq!(findings_after(&back_to(4, r#"[{"event": 5, "stamp": {}, "value": {}}]"#)).await, [""; 0]);
    let slow = "insert into connectors (charge_point_id, connector_id, status, status_at, status_appended_at, status_event)
                values ('CP-1', 1, 'Charging', now(), now(), 5);
                update connectors set status_event = 6, status_at = now() - interval '9 s', status_appended_at = now();
                delete from connectors";
    assert_eq!(findings_after(slow).await, [""; 0], "the device's clock was set back");
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_what_was_never_sent() {
    let unsent =
        "insert into connectors (charge_point_id, connector_id, status) values ('CP-1', 1, 'Charging');
                   insert into dead_letters (id, topic, partition, first_offset, last_offset, reason, detail)
                   values (gen_random_uuid(), 't', 0, 7, 7, 'TOO_LATE', '')";
    let findings = findings_after(unsent).await;
    let expected = [
        "last statuses of connectors",
        APART,
        "an event that was sent became a dead letter",
        "an unacknowledged record has an effect",
    ];
    assert_eq!(findings, expected);
}

/// A device with one transaction that began at 1,790,000,000.250 s and is shown by its meter
/// values.
fn charging_device() -> DeviceLedger {
    let at = chrono::DateTime::from_timestamp_millis(1_790_000_000_250).unwrap();
    let session = LedgerSession {
        transaction_id: TransactionId::parse("634").ok(),
        connector_id: ConnectorId::parse(1).unwrap(),
        id_tag: None,
        started_by: Some(StartedBy::Readings),
        started: Mark { event_id: EventId::parse("start").unwrap(), at },
        meter_start_wh: Some(5.0),
        meter_values: 0,
        last_energy_wh: Some(5.0),
        stopped: None,
        meter_stop_wh: None,
    };
    DeviceLedger {
        charge_point_id: ChargePointId::parse("CP-1").unwrap(),
        gateway_id: None,
        statuses: BTreeMap::new(),
        sessions: vec![session],
        last_heartbeat: None,
        last_event: None,
        events: 1,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_a_session_that_is_derived_from_other_evidence() {
    let ledger = Ledger { devices: vec![charging_device()], kinds: BTreeMap::new() };
    for (evidence, millis, findings) in [("readings", 250, 0), ("event", 250, 2), ("readings", 251, 2)] {
        let database = TestDatabase::new().await;
        let stored = format!(
            "insert into charge_points (charge_point_id, online, last_seen_at) values ('CP-1', true, now());
             insert into sessions (id, charge_point_id, connector_id, transaction_id, started_at, started_by,
                                   meter_start_wh)
             values (gen_random_uuid(), 'CP-1', 1, '634', to_timestamp(1790000000.{millis}), '{evidence}', 5)"
        );
        database.execute(&stored).await;
        let found = state::differences(&database.pool, &ledger, None).await.unwrap();
        assert_eq!(found.len(), findings, "{evidence} at {millis} ms: {found:?}");
        assert!(found.iter().all(|finding| finding.starts_with("sessions: ")), "{found:?}");
    }
}
