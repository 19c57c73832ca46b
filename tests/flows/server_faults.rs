//! The short forms of the phases of `make chaos` in which servers refuse, are full, slow or busy,
//! or a topic changes, on the shared servers: each has its own database and topic, and affects no
//! other test.

use crate::chaos::play;
use chaos::environment::{Environment, Plan};
use chaos::faults::read_only::Scope;
use chaos::faults::recreated_topic::Ingestors;
use chaos::faults::{
    dead_letters, disk, handover, locks, read_only, recreated_topic, silence, slow, translated, unreadable,
};
use chaos::traffic::{DEPLOYED_PERCENT, Pace};
use std::time::Duration;
use testkit::kafka_brokers;

/// How long a server refuses, or is busy.
const OUTAGE: Duration = Duration::from_secs(2);

fn plan() -> Plan {
    let pace = Pace {
        events_per_second: 300,
        charge_points: 60,
        deployed_percent: DEPLOYED_PERCENT,
        marker_interval: Duration::from_millis(100),
    };
    Plan { partitions: 6, ingestors: 2, lease: Duration::from_millis(1_500), pace, settings: &[] }
}

#[tokio::test(flavor = "multi_thread")]
async fn ingestors_wait_for_a_read_only_database() {
    let act = async |environment: &mut Environment| {
        read_only::deny_writes(environment, Scope::Database, OUTAGE).await.map(drop)
    };
    play("read-only", plan(), act).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ingestors_wait_for_a_database_with_a_full_disk() {
    play("disk", plan(), async |environment: &mut Environment| {
        disk::fill_disk(environment, OUTAGE).await.map(drop)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn transient_errors_in_any_language_condemn_no_event() {
    play("translated", plan(), async |environment: &mut Environment| {
        translated::report_translated_errors(environment, 3).await.map(drop)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_dead_letter_is_storable_and_a_refused_one_delays_no_stop() {
    play("dead-letters", plan(), async |environment: &mut Environment| {
        dead_letters::refuse_dead_letters(environment).await.map(drop)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partition_whose_batches_take_too_long_continues_with_smaller_ones() {
    // Few events, because the backlog has to be read while everything is slow.
    let pace = Pace { events_per_second: 120, marker_interval: Duration::from_millis(200), ..plan().pace };
    let plan = Plan { settings: slow::SETTINGS, pace, ..plan() };
    let (gathering, per_kib) = (Duration::from_secs(4), Duration::from_millis(100));
    let act = async |environment: &mut Environment| {
        slow::delay_writes(environment, gathering, per_kib).await.map(drop)
    };
    play("slow", plan, act).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_lease_expires_during_handovers_with_slow_commits() {
    // Between a renewal and the next lies a third of the lease and a COMMIT. What is left is how
    // long a busy machine may suspend an ingestor.
    let plan = Plan { ingestors: handover::INGESTORS, lease: Duration::from_secs(16), ..plan() };
    let delay = Duration::from_secs(4);
    play("handover", plan, async |environment: &mut Environment| {
        handover::hand_over(environment, delay).await.map(drop)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_partition_waits_for_the_search_for_silent_devices() {
    let plan = Plan { settings: silence::SETTINGS, ..plan() };
    play("silence", plan, async |environment: &mut Environment| {
        silence::search(environment, 30_000, 2_000).await.map(drop)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_of_a_long_history_hold_few_locks_and_ingestors_continue() {
    play("locks", plan(), async |environment: &mut Environment| {
        locks::read_history(environment, 48, OUTAGE).await.map(drop)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recreated_topic_is_read_completely_and_only_after_an_operators_decision() {
    // Many devices and markers, because each partition must soon have more records than before.
    let pace = Pace { charge_points: 120, marker_interval: Duration::from_millis(50), ..plan().pace };
    let plan = Plan { partitions: 4, pace, ..plan() };
    let act = async |environment: &mut Environment| {
        recreated_topic::recreate(environment, Ingestors::Stopped).await.map(drop)
    };
    play("topic-recreated", plan, act).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn applies_committed_records_of_other_producers_but_no_aborted_or_unreadable_ones() {
    let plan = Plan { settings: unreadable::SETTINGS, ..plan() };
    let brokers = kafka_brokers();
    play("unreadable", plan, async |environment: &mut Environment| {
        unreadable::write_foreign_records(environment, &brokers, None).await.map(drop)
    })
    .await;
}
