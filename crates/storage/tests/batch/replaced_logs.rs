//! Logs that were replaced: the record that identifies a log, halts, and dead letters of a former
//! log.

use crate::fixture::{LEASE, TOPIC, lease, letter};
use domain::digest::RecordDigest;
use storage::LoadPlan;
use storage::ingest::batch::{Folded, Written, write};
use storage::ingest::dead_letters::{self, NewDeadLetter};
use storage::ingest::partitions::{self, Checkpoint, HaltReason, LastRecord, PartitionLease};
use testkit::TestDatabase;
use uuid::Uuid;

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
