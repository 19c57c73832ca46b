//! Positions after a failover: none is assigned twice, and readers learn what they may have lost.
//! Another timeline is pretended by storing one; `failover.rs` has a real one.

use crate::fixture::change;
use diesel_async::SimpleAsyncConnection;
use domain::feed::FeedPosition;
use std::time::Duration;
use storage::feed::{self, CursorState, Gap, LEAST_JUMP, Span};
use storage::{Connection, PooledConnection};
use testkit::TestDatabase;

const HOUR: Duration = Duration::from_secs(3_600);

/// A database as a standby leaves it that takes over: the positions 1 to 3 are assigned.
async fn taken_over() -> (TestDatabase, PooledConnection) {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    append(&mut connection, 3).await;
    assert_eq!(feed::sequence(&mut connection).await.unwrap(), 3);
    assert_eq!(feed::follow_timeline(&mut connection).await.unwrap(), None, "it is the same timeline");
    pretend_failover(&mut connection).await;
    (database, connection)
}

async fn pretend_failover(connection: &mut Connection) {
    connection.batch_execute("update feed_head set timeline = 0").await.unwrap();
}

async fn append(connection: &mut Connection, chunks: usize) {
    for number in 0..chunks {
        feed::append(connection, &[change(&format!("CP-{number}"))]).await.unwrap();
    }
}

async fn state(connection: &mut Connection, chunk: i64, index: u16) -> CursorState {
    feed::cursor_state(connection, FeedPosition { chunk, index }).await.unwrap()
}

async fn positions(connection: &mut Connection) -> Vec<i64> {
    feed::list_after(connection, 0, 100).await.unwrap().iter().map(|chunk| chunk.position).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn positions_are_skipped_before_the_next_one_is_assigned() {
    let (database, mut connection) = taken_over().await;
    let connection = &mut *connection;
    append(connection, 2).await;
    assert_eq!(feed::sequence(connection).await.unwrap(), 2);
    let Span { first, last } = feed::span(connection).await.unwrap();
    assert!(first == 1 && last > 3 + LEAST_JUMP, "{first} to {last}");
    assert_eq!(positions(connection).await, [1, 2, 3, last - 1, last]);
    let jumps = "select json_agg(json_build_array(skipped_after, skipped_to)) from feed_jumps";
    assert_eq!(database.json(jumps).await, serde_json::json!([[3, last - 2]]));
    append(connection, 1).await;
    feed::sequence_all(connection).await.unwrap();
    assert_eq!(feed::span(connection).await.unwrap().last, last + 1, "the timeline is the same since");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_standby_without_the_jump_of_the_first_reuses_none_of_its_positions() {
    let (_database, mut connection) = taken_over().await;
    append(&mut connection, 2).await;
    feed::sequence(&mut connection).await.unwrap();
    let before = feed::span(&mut connection).await.unwrap().last;
    // The second standby has what the first one had before its jump, and not all of that.
    let older = "delete from feed_jumps; delete from feed_chunks where position > 2;
                 update feed_head set position = 2, timeline = 0";
    connection.batch_execute(older).await.unwrap();
    append(&mut connection, 1).await;
    feed::sequence(&mut connection).await.unwrap();
    let after = feed::span(&mut connection).await.unwrap().last;
    assert!(after > before, "{after} is one of the positions up to {before}");
}

#[tokio::test(flavor = "multi_thread")]
async fn concurrent_readers_skip_positions_once() {
    let database = TestDatabase::with_connections(8).await;
    let mut connection = database.pool.connection().await.unwrap();
    append(&mut connection, 3).await;
    feed::sequence(&mut connection).await.unwrap();
    pretend_failover(&mut connection).await;
    append(&mut connection, 1).await;
    let readers = (0..7).map(|number| {
        let pool = database.pool.clone();
        tokio::spawn(async move {
            let mut connection = pool.connection().await.unwrap();
            match number % 3 {
                0 => {
                    feed::sequence(&mut connection).await.unwrap();
                }
                1 => feed::sequence_all(&mut connection).await.unwrap(),
                _ => {
                    feed::follow_timeline(&mut connection).await.unwrap();
                }
            }
        })
    });
    for reader in readers.collect::<Vec<_>>() {
        reader.await.unwrap();
    }
    assert_eq!(database.json("select count(*) from feed_jumps").await, serde_json::json!(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn readers_learn_whether_they_have_read_lost_changes() {
    let (_database, mut connection) = taken_over().await;
    let connection = &mut *connection;
    // A client that connects to a quiet feed is enough.
    feed::sequence_all(connection).await.unwrap();
    let end = feed::span(connection).await.unwrap().last;
    assert_eq!(state(connection, 3, 499).await, CursorState::AtEnd { last: end }, "it has read everything");
    assert_eq!(state(connection, end, 499).await, CursorState::AtEnd { last: end });
    append(connection, 1).await;
    feed::sequence(connection).await.unwrap();
    let next = end + 1;
    for (chunk, index, expected) in [
        (0, 0, CursorState::Other),
        (2, 499, CursorState::Other),
        (3, 0, CursorState::Other),
        (3, 499, CursorState::Other),
        (4, 0, CursorState::Lost),
        (4, 499, CursorState::Lost),
        (end - 1, 499, CursorState::Lost),
        (end, 499, CursorState::Other),
        (next, 0, CursorState::Other),
        (next, 499, CursorState::AtEnd { last: next }),
        (i64::MAX, 499, CursorState::Other),
    ] {
        assert_eq!(state(connection, chunk, index).await, expected, "{chunk}-{index}");
    }
    for (after, expected) in [(3, Gap::Skipped), (2, Gap::Deleted), (4, Gap::Lost)] {
        assert_eq!(feed::explain_gap(connection, after, next).await.unwrap(), expected, "{after}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_failovers_without_a_change_in_between_are_one_gap() {
    let (_database, mut connection) = taken_over().await;
    let connection = &mut *connection;
    let first = feed::follow_timeline(connection).await.unwrap().unwrap();
    pretend_failover(connection).await;
    let second = feed::follow_timeline(connection).await.unwrap().unwrap();
    assert_eq!((first.skipped_after, second.skipped_after), (3, first.skipped_to));
    append(connection, 1).await;
    feed::sequence(connection).await.unwrap();
    let found = second.skipped_to + 1;
    assert_eq!(feed::explain_gap(connection, 3, found).await.unwrap(), Gap::Skipped);
    assert_eq!(feed::explain_gap(connection, 2, found).await.unwrap(), Gap::Deleted);
}

#[tokio::test(flavor = "multi_thread")]
async fn skipped_positions_are_no_backlog_and_are_forgotten_with_the_changes_before_them() {
    let (database, mut connection) = taken_over().await;
    let connection = &mut *connection;
    append(connection, 2).await;
    feed::sequence(connection).await.unwrap();
    let end = feed::span(connection).await.unwrap().last;
    for (next, chunks) in [(2, 4), (4, 2), (6, 2), (end, 1), (end + 1, 0)] {
        assert_eq!(feed::backlog(connection, next).await.unwrap().chunks, chunks, "from {next}");
    }
    database.execute("update feed_jumps set jumped_at = jumped_at - interval '2 hours'").await;
    assert_eq!(feed::prune_jumps(connection, end + 1, HOUR).await.unwrap(), 0, "chunks before it are left");
    database.execute("update feed_chunks set created_at = created_at - interval '2 hours'").await;
    assert_eq!(feed::prune(connection, end + 1, HOUR, 100).await.unwrap(), 4);
    assert_eq!(feed::prune_jumps(connection, 4, HOUR).await.unwrap(), 0, "the publisher is before it");
    assert_eq!(feed::prune_jumps(connection, end + 1, HOUR * 3).await.unwrap(), 0, "it is too new");
    assert_eq!(feed::prune_jumps(connection, end + 1, HOUR).await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restored_backup_skips_positions_on_the_same_timeline() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    append(&mut connection, 3).await;
    feed::sequence(&mut connection).await.unwrap();
    let prepared = storage::database::after_restore::prepare(&mut connection).await.unwrap();
    assert_eq!((prepared.jump.skipped_after, prepared.batches), (3, 0));
    append(&mut connection, 1).await;
    feed::sequence(&mut connection).await.unwrap();
    let last = prepared.jump.skipped_to + 1;
    assert_eq!(positions(&mut connection).await, [1, 2, 3, last]);
}
