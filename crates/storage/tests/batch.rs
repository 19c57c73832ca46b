//! Batches in a real PostgreSQL: the folded state is stored, and only the owner at the right offset
//! may write.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use diesel_async::SimpleAsyncConnection;
use domain::devices::charge_point::ChargePoint;
use domain::devices::history::History;
use domain::digest::RecordDigest;
use domain::event::{EventKind, GatewayEvent, TransactionStart, TransactionStop};
use domain::generate::{Record, at, delivered, device};
use domain::ids::{ChargePointId, ConnectorId, EventId, TransactionId};
use domain::order::RecordPosition;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use std::time::Duration;
use storage::database::snapshots;
use storage::devices::{charge_points, status_changes};
use storage::ingest::batch::{Folded, Written, write};
use storage::ingest::dead_letters::NewDeadLetter;
use storage::ingest::partitions::{self, Checkpoint, HaltReason, LastRecord, LeaseRenewal, PartitionLease};
use storage::ingest::{dead_letters, replicas};
use storage::{Connection, LoadPlan};
use testkit::{TestDatabase, eventually};
use uuid::Uuid;

const TOPIC: &str = "events";
const LEASE: Duration = Duration::from_secs(30);

async fn lease(connection: &mut Connection) -> PartitionLease {
    partitions::register(connection, TOPIC, &[(0, 0)]).await.unwrap();
    let leases = partitions::acquire(connection, TOPIC, Uuid::now_v7(), 1, LEASE).await.unwrap();
    leases.into_iter().next().unwrap()
}

/// The load plan of `records`, as if all were of the device `id`.
fn load_plan(records: &[Record], id: &ChargePointId) -> LoadPlan {
    let events = records
        .iter()
        .map(|(event, position)| (GatewayEvent { charge_point_id: id.clone(), ..event.clone() }, *position));
    let events: Vec<_> = events.collect();
    LoadPlan::of(events.iter().map(|(event, position)| (event, *position)))
}

/// Folds `records`, as if all were of the device `id`; returns the history of the state.
fn fold_records(states: &mut [ChargePoint], records: &[Record], id: &ChargePointId) -> History {
    let mut history = History::default();
    for (event, position) in records {
        let mut event = event.clone();
        event.charge_point_id = id.clone();
        history.apply(&mut states[0], &event, position);
    }
    history
}

#[tokio::test(flavor = "multi_thread")]
async fn stores_the_folded_state() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let mut lease = lease(&mut connection).await;
    status_changes::ensure_today(&mut connection).await.unwrap();
    let mut runner = TestRunner::deterministic();
    for case in 0..60 {
        let (_, records) = delivered().new_tree(&mut runner).unwrap().current();
        let id = ChargePointId::parse(&format!("CP-{case:03}")).unwrap();
        let mut expected = vec![ChargePoint::new(id.clone(), chrono::DateTime::UNIX_EPOCH)];
        let mut history = Vec::new();
        for batch in records.chunks(3) {
            let fold = |mut states: Vec<ChargePoint>| {
                let history = fold_records(&mut states, batch, &id);
                Folded { states, history, ..Folded::default() }
            };
            let load_plan = load_plan(batch, &id);
            let written =
                write(&mut connection, &lease, lease.next_offset + 1, &load_plan, fold).await.unwrap();
            assert_eq!(written, Written::Committed);
            lease.next_offset += 1;
            let changes = fold_records(&mut expected, batch, &id);
            history.extend(changes.iter().map(|entry| (entry.at, entry.change.clone())));
        }
        let all = load_plan(&records, &id);
        let mut stored = charge_points::load_for_update(&mut connection, &all).await.unwrap();
        // Only the database knows the time of the write.
        let written_at = stored[0].liveness.written_at.take();
        assert_eq!(written_at.is_some(), stored[0].liveness.seen.is_some());
        assert_eq!(stored, expected, "case {case}");
        let recorded = status_changes::list_of_device(
            &mut connection,
            &id,
            None,
            None,
            chrono::DateTime::UNIX_EPOCH,
            1_000,
        )
        .await
        .unwrap();
        let recorded: Vec<_> =
            recorded.into_iter().rev().map(|recorded| (recorded.at, recorded.change)).collect();
        assert_eq!(recorded, history, "case {case}");
        let mut sessions: Vec<_> =
            expected[0].sessions().sessions.iter().map(|session| session.id.to_string()).collect();
        sessions.sort();
        let rows = format!(
            "select coalesce(json_agg(id order by id), '[]') from sessions where charge_point_id = 'CP-{case:03}'"
        );
        assert_eq!(database.json(&rows).await, serde_json::json!(sessions), "case {case}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_a_batch_only_once() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let lease = lease(&mut connection).await;
    let letter = || vec![letter(0)];
    let nothing = LoadPlan::default();
    let fold = |states| Folded { states, dead_letters: letter(), ..Folded::default() };
    assert_eq!(write(&mut connection, &lease, 1, &nothing, fold).await.unwrap(), Written::Committed);
    assert_eq!(write(&mut connection, &lease, 1, &nothing, fold).await.unwrap(), Written::LeaseLost);
    assert_eq!(dead_letters::list_of_topic(&mut connection, TOPIC, 10).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn rejects_a_batch_from_a_former_owner() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let frozen = lease(&mut connection).await;
    database.execute("update ingest_partitions set lease_until = '-infinity'").await;
    let taken =
        partitions::acquire(&mut connection, TOPIC, Uuid::now_v7(), 9, LEASE).await.unwrap().remove(0);
    assert_eq!((taken.epoch, taken.next_offset), (frozen.epoch + 1, 0));
    let fold = |states| Folded { states, dead_letters: vec![letter(0)], ..Folded::default() };
    let nothing = LoadPlan::default();
    assert_eq!(write(&mut connection, &frozen, 1, &nothing, fold).await.unwrap(), Written::LeaseLost);
    assert!(dead_letters::list_of_topic(&mut connection, TOPIC, 10).await.unwrap().is_empty());
    partitions::release(&mut connection, &frozen).await.unwrap();
    assert!(partitions::list(&mut connection, TOPIC).await.unwrap()[0].owner.is_some());
    assert_eq!(write(&mut connection, &taken, 1, &nothing, fold).await.unwrap(), Written::Committed);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_owners_of_one_device_do_not_overwrite_each_other() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    partitions::register(&mut connection, TOPIC, &[(0, 0), (1, 0)]).await.unwrap();
    let leases = partitions::acquire(&mut connection, TOPIC, Uuid::now_v7(), 2, LEASE).await.unwrap();
    let id = ChargePointId::parse("CP-NEW").unwrap();
    let writers = leases.into_iter().map(|mut lease| {
        let (pool, id) = (database.pool.clone(), id.clone());
        tokio::spawn(async move {
            let mut connection = pool.connection().await.unwrap();
            for _ in 0..40 {
                let fold = |mut states: Vec<ChargePoint>| {
                    // Each writer adds its own marks; overwriting the other's state would lose
                    // some.
                    let mark = i64::from(lease.partition) * 1_000 + lease.next_offset;
                    states[0].implausible_clock.push(domain::ids::EventKey(mark));
                    Folded { states, ..Folded::default() }
                };
                let next = lease.next_offset + 1;
                let load_plan = LoadPlan::liveness_of([id.clone()]);
                let written = write(&mut connection, &lease, next, &load_plan, fold).await.unwrap();
                assert_eq!(written, Written::Committed);
                lease.next_offset = next;
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    let load_plan = LoadPlan::liveness_of([id]);
    let stored = charge_points::load_for_update(&mut connection, &load_plan).await.unwrap();
    assert_eq!(stored[0].implausible_clock.len(), 80);
}

#[tokio::test(flavor = "multi_thread")]
async fn acquires_renews_and_releases_leases() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut connection;
    let partitions: Vec<_> = (0..12).map(|partition| (partition, 0)).collect();
    partitions::register(connection, TOPIC, &partitions).await.unwrap();
    partitions::register(connection, TOPIC, &[(0, 99)]).await.unwrap();
    let (a, b) = (Uuid::now_v7(), Uuid::now_v7());
    let of_a = partitions::acquire(connection, TOPIC, a, 7, LEASE).await.unwrap();
    let of_b = partitions::acquire(connection, TOPIC, b, 12, LEASE).await.unwrap();
    assert_eq!((of_a.len(), of_b.len()), (7, 5));
    assert!(
        of_a.iter().chain(&of_b).all(|lease| lease.next_offset == 0),
        "registering again must change nothing"
    );
    let kept = |lease: &PartitionLease| LeaseRenewal {
        partition: lease.partition,
        epoch: lease.epoch,
        caught_up: (lease.partition == 3).then_some(Duration::from_secs(40)),
    };
    connection
        .batch_execute("update ingest_partitions set caught_up_at = clock_timestamp() - interval '1 minute'")
        .await
        .unwrap();
    let held: Vec<_> = of_a.iter().map(kept).collect();
    assert_eq!(partitions::renew(connection, TOPIC, a, &held, LEASE).await.unwrap().len(), 7);
    assert!(partitions::renew(connection, TOPIC, b, &held, LEASE).await.unwrap().is_empty());
    for (partition, ago) in partitions::list_caught_up(connection, TOPIC).await.unwrap() {
        let expected = if partition == 3 { 40 } else { 60 };
        assert!((expected..expected + 15).contains(&ago.as_secs()), "{partition} {ago:?}");
    }
    partitions::release(connection, &of_a[0]).await.unwrap();
    let again = partitions::acquire(connection, TOPIC, b, 12, LEASE).await.unwrap();
    assert_eq!(again.iter().map(|lease| lease.partition).collect::<Vec<_>>(), [of_a[0].partition]);
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_are_members_while_they_send_heartbeats() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut connection;
    let (a, b) = (Uuid::now_v7(), Uuid::now_v7());
    let first = replicas::heartbeat(connection, a, TOPIC, LEASE).await.unwrap();
    assert_eq!((first.live, first.rank), (1, 0));
    let second = replicas::heartbeat(connection, b, TOPIC, LEASE).await.unwrap();
    assert_eq!((second.live, second.rank), (2, 1));
    replicas::heartbeat(connection, a, TOPIC, Duration::ZERO).await.unwrap();
    assert_eq!(replicas::heartbeat(connection, b, TOPIC, LEASE).await.unwrap().live, 1);
    replicas::leave(connection, b).await.unwrap();
    assert_eq!(replicas::heartbeat(connection, a, TOPIC, LEASE).await.unwrap().live, 1);
}

fn letter(offset: i64) -> NewDeadLetter {
    NewDeadLetter {
        topic: TOPIC.to_owned(),
        partition: 0,
        first_offset: offset,
        last_offset: offset,
        appended_at: None,
        reason: "NOT_JSON",
        detail: "not JSON".to_owned(),
        charge_point_id: None,
        event_id: None,
        key: None,
        value: Some(vec![0, 159, 146, 150]),
        headers: serde_json::json!({}),
    }
}

/// Start and stop of the sessions with these numbers, in order.
fn charges(numbers: std::ops::Range<i64>) -> Vec<Record> {
    let record = |n: i64, kind: EventKind| {
        let event = GatewayEvent {
            event_id: EventId::parse(&format!("event-{n}")).unwrap(),
            charge_point_id: device(),
            gateway_id: None,
            claimed_at: Some(at(n * 1_000)),
            trace_id: None,
            kind,
        };
        (event, RecordPosition { partition: 0, offset: n, appended_at: at(n * 1_000) })
    };
    let charge = |n: i64| {
        let transaction_id = TransactionId::parse(&n.to_string()).ok();
        let start = TransactionStart {
            connector_id: ConnectorId::parse(1).unwrap(),
            transaction_id: transaction_id.clone(),
            id_tag: None,
            meter_start_wh: None,
            reservation_id: None,
        };
        let stop = TransactionStop { transaction_id, reason: None, meter_stop_wh: None, stopped_at: None };
        [
            record(2 * n, EventKind::TransactionStarted(start)),
            record(2 * n + 1, EventKind::TransactionStopped(stop)),
        ]
    };
    numbers.flat_map(charge).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn records_sessions_before_the_ledger_drops_them() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let mut lease = lease(&mut connection).await;
    status_changes::ensure_today(&mut connection).await.unwrap();
    let id = device();
    for batch in [charges(0..20), charges(20..40)] {
        let fold = |mut states: Vec<ChargePoint>| {
            let history = fold_records(&mut states, &batch, &id);
            Folded { states, history, ..Folded::default() }
        };
        let load_plan = load_plan(&batch, &id);
        write(&mut connection, &lease, lease.next_offset + 1, &load_plan, fold).await.unwrap();
        lease.next_offset += 1;
    }
    let ended = "select count(*) from sessions where ended_at is not null";
    assert_eq!(database.json(ended).await, serde_json::json!(40));
    let all = load_plan(&charges(0..1), &id);
    let stored = charge_points::load_for_update(&mut connection, &all).await.unwrap();
    assert_eq!(stored[0].sessions().sessions.len(), 8, "the ledger must contain the last few");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_does_not_read_old_row_versions_kept_by_a_long_transaction() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut *connection;
    let owner = Uuid::now_v7();
    partitions::register(connection, TOPIC, &[(0, 0), (1, 0)]).await.unwrap();
    let mut leases = partitions::acquire(connection, TOPIC, owner, 2, LEASE).await.unwrap();
    let fold = |states| Folded { states, ..Folded::default() };
    let looks = "select pg_stat_force_next_flush(), idx_scan from pg_stat_user_tables where relname = 'ingest_partitions'";
    let looks = format!("select to_jsonb(idx_scan) from ({looks}) as looks");
    let mut dump = database.pool.connection().await.unwrap();
    dump.batch_execute("begin isolation level repeatable read; select count(*) from ingest_partitions")
        .await
        .unwrap();
    let (mut before, mut by_key) = (None, Vec::new());
    for batch in 0..300 {
        for lease in &mut leases {
            let written = write(connection, lease, lease.next_offset + 1, &LoadPlan::default(), fold).await;
            assert_eq!(written.unwrap(), Written::Committed);
            lease.next_offset += 1;
        }
        if batch % 100 == 0 {
            // Both rows move, and their next batches find them by key.
            let kept = leases.iter().map(|lease| LeaseRenewal {
                partition: lease.partition,
                epoch: lease.epoch,
                caught_up: None,
            });
            let kept: Vec<_> = kept.collect();
            partitions::renew(connection, TOPIC, owner, &kept, LEASE).await.unwrap();
        }
        connection.batch_execute("select pg_stat_force_next_flush()").await.unwrap();
        let scans = database.json(&looks).await.as_i64().unwrap();
        by_key.extend(before.replace(scans).map(|before| scans - before));
    }
    assert!(by_key.iter().filter(|looks| **looks > 0).count() <= 2 * 3, "{by_key:?}");
    // A batch that is rolled back does not move its row.
    let lease = &mut leases[0];
    let unknown = |mut states: Vec<ChargePoint>| {
        states.push(ChargePoint::new(ChargePointId::parse("CP-9").unwrap(), at(0)));
        Folded { states, ..Folded::default() }
    };
    let refused = write(connection, lease, lease.next_offset + 1, &LoadPlan::default(), unknown).await;
    assert!(refused.is_err());
    let written = write(connection, lease, lease.next_offset + 1, &LoadPlan::default(), fold).await.unwrap();
    assert_eq!(written, Written::Committed);
    let former =
        PartitionLease { epoch: lease.epoch - 1, next_offset: lease.next_offset + 1, ..lease.clone() };
    let fenced =
        write(connection, &former, former.next_offset + 1, &LoadPlan::default(), fold).await.unwrap();
    assert_eq!(fenced, Written::LeaseLost, "a former owner must be fenced by either lookup");
    let oldest = snapshots::oldest(connection).await.unwrap();
    assert!(oldest.held_for > Duration::ZERO && oldest.transactions >= 600, "{oldest:?}");
    dump.batch_execute("rollback").await.unwrap();
    eventually("no snapshot to be held", || async {
        let mut connection = database.pool.connection().await.unwrap();
        snapshots::oldest(&mut connection).await.unwrap().held_for == Duration::ZERO
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_record_applies_only_at_the_offset_of_its_checkpoint() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut connection;
    let mut lease = lease(connection).await;
    let fresh = partitions::load_resume_state(connection, &lease).await.unwrap().unwrap();
    assert_eq!((fresh.last_record, fresh.halt), (None, None));
    let last = LastRecord { offset: 4, digest: RecordDigest(-7) };
    // A range without records follows the last record.
    let checkpoint = Checkpoint { next_offset: 6, last_record: Some(last) };
    let fold = |states| Folded { states, ..Folded::default() };
    write(connection, &lease, checkpoint, &LoadPlan::default(), fold).await.unwrap();
    assert_eq!(
        partitions::load_resume_state(connection, &lease).await.unwrap(),
        None,
        "the partition has advanced"
    );
    lease.next_offset = 6;
    let written = partitions::load_resume_state(connection, &lease).await.unwrap().unwrap();
    assert_eq!(written.last_record, Some(last));
    // Imitates a batch that the previous release writes.
    database.execute("update ingest_partitions set next_offset = 9, committed_at = clock_timestamp()").await;
    lease.next_offset = 9;
    let stale = partitions::load_resume_state(connection, &lease).await.unwrap().unwrap();
    assert_eq!(stale.last_record, None);
    write(connection, &lease, 12, &LoadPlan::default(), fold).await.unwrap();
    let columns = "select to_jsonb(p) -> 'last_record_digest' from ingest_partitions p";
    assert_eq!(
        database.json(columns).await,
        serde_json::Value::Null,
        "an unknown digest must be stored as null"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_halt_lasts_until_the_offset_changes() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut connection;
    let lease = lease(connection).await;
    let former = PartitionLease { epoch: lease.epoch - 1, ..lease.clone() };
    assert!(!partitions::record_halt(connection, &former, HaltReason::OtherLog).await.unwrap());
    assert!(partitions::record_halt(connection, &lease, HaltReason::OtherLog).await.unwrap());
    partitions::release(connection, &lease).await.unwrap();
    let taken = partitions::acquire(connection, TOPIC, Uuid::now_v7(), 1, LEASE).await.unwrap().remove(0);
    let state = partitions::load_resume_state(connection, &taken).await.unwrap().unwrap();
    assert_eq!(state.halt.unwrap().reason, "OTHER_LOG", "the halt must apply to the next owner");
    database.execute("update ingest_partitions set next_offset = 5").await;
    let moved = PartitionLease { next_offset: 5, ..taken.clone() };
    let state = partitions::load_resume_state(connection, &moved).await.unwrap().unwrap();
    assert_eq!(state.halt, None);
    let missed = partitions::end_halt(connection, TOPIC, 0, 5, 0).await.unwrap();
    assert_eq!(missed, None, "the partition is not halted at this offset");
    // Reading returns to the offset of the halt, which has ended.
    let fold = |states| Folded { states, ..Folded::default() };
    let back = Checkpoint { next_offset: 0, last_record: None };
    assert_eq!(
        write(connection, &moved, back, &LoadPlan::default(), fold).await.unwrap(),
        Written::Committed
    );
    let state = partitions::load_resume_state(connection, &taken).await.unwrap().unwrap();
    assert_eq!(state.halt, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn ending_a_halt_fences_the_owner_and_sets_dead_letters_aside() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut connection;
    let lease = lease(connection).await;
    let letters = || (0..3).map(letter).collect::<Vec<_>>();
    let fold = |states| Folded { states, dead_letters: letters(), ..Folded::default() };
    let checkpoint =
        Checkpoint { next_offset: 3, last_record: Some(LastRecord { offset: 2, digest: RecordDigest(1) }) };
    write(connection, &lease, checkpoint, &LoadPlan::default(), fold).await.unwrap();
    for (generation, epoch) in [(1, 2), (2, 4)] {
        let halted = PartitionLease { epoch: lease.epoch + epoch - 2, next_offset: 3, ..lease.clone() };
        assert!(partitions::record_halt(connection, &halted, HaltReason::OtherLog).await.unwrap());
        assert_eq!(dead_letters::count_from(connection, TOPIC, 0, 1).await.unwrap(), 2);
        let set_aside = partitions::end_halt(connection, TOPIC, 0, 3, 1).await.unwrap().unwrap();
        assert_eq!((set_aside.letters, set_aside.topic), (2, Some(format!("{TOPIC}#{generation}"))));
        let row = partitions::find(connection, TOPIC, 0).await.unwrap().unwrap();
        assert_eq!((row.next_offset, row.resume.last_record, row.resume.halt), (1, None, None));
        let fenced = write(connection, &halted, 4, &LoadPlan::default(), fold).await.unwrap();
        assert_eq!(fenced, Written::LeaseLost);
        let new = partitions::acquire(connection, TOPIC, Uuid::now_v7(), 1, LEASE).await.unwrap().remove(0);
        assert_eq!((new.epoch, new.next_offset), (lease.epoch + epoch, 1));
        write(connection, &new, 3, &LoadPlan::default(), fold).await.unwrap();
    }
    let kept = "select jsonb_agg(jsonb_build_array(topic, first_offset) order by topic, first_offset) from dead_letters";
    let expected = serde_json::json!([
        [TOPIC, 0],
        [TOPIC, 1],
        [TOPIC, 2],
        ["events#1", 1],
        ["events#1", 2],
        ["events#2", 1],
        ["events#2", 2]
    ]);
    assert_eq!(database.json(kept).await, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_letter_with_other_content_replaces_one_of_a_former_log() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut connection;
    let mut lease = lease(connection).await;
    let other = || NewDeadLetter { value: Some(b"other".to_vec()), ..letter(0) };
    for batch in [vec![letter(0), letter(1)], vec![other(), letter(1), letter(2)], vec![letter(0), letter(1)]]
    {
        let fold = |states| Folded { states, dead_letters: batch, ..Folded::default() };
        write(connection, &lease, lease.next_offset + 1, &LoadPlan::default(), fold).await.unwrap();
        lease.next_offset += 1;
    }
    let kept = "select jsonb_agg(jsonb_build_array(topic, first_offset, value = 'other') order by first_offset, topic)
                from dead_letters";
    let expected = serde_json::json!([
        [TOPIC, 0, false],
        ["events#1", 0, false],
        ["events#2", 0, true],
        [TOPIC, 1, false],
        [TOPIC, 2, false]
    ]);
    assert_eq!(database.json(kept).await, expected);
}
