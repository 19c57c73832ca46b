//! Chunks of changes: numbering, reading, pruning and the position of the publisher.

use crate::fixture::{Reader, change, lease};
use diesel::QueryableByName;
use diesel::sql_types::Int8;
use diesel_async::SimpleAsyncConnection;
use domain::feed::FeedChange;
use std::time::Duration;
use storage::feed::{self, Span};
use storage::ingest::partitions;
use storage::{Connection, Database};
use testkit::TestDatabase;

#[tokio::test(flavor = "multi_thread")]
async fn a_chunk_that_commits_late_is_not_skipped() {
    let database = TestDatabase::new().await;
    let mut late = database.pool.connection().await.unwrap();
    let mut early = database.pool.connection().await.unwrap();
    late.batch_execute("begin").await.unwrap();
    feed::append(&mut late, &[change("CP-LATE")]).await.unwrap();
    let mut reader = Reader::default();
    for round in 0..3 {
        feed::append(&mut early, &[change(&format!("CP-{round}"))]).await.unwrap();
        reader.read(&mut early).await;
    }
    assert_eq!(reader.keys(), ["CP-0", "CP-1", "CP-2"]);
    late.batch_execute("commit").await.unwrap();
    reader.read(&mut early).await;
    assert_eq!(reader.keys(), ["CP-0", "CP-1", "CP-2", "CP-LATE"]);
    let ids = database.json("select json_agg(id order by position) from feed_chunks").await;
    assert_eq!(ids, serde_json::json!([2, 3, 4, 1]), "ids and positions must differ in order");
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_many_changes_in_few_rows() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let changes: Vec<FeedChange> = (0..1_201).map(|number| change(&format!("CP-{number}"))).collect();
    feed::append(&mut connection, &changes).await.unwrap();
    feed::append(&mut connection, &[]).await.unwrap();
    assert_eq!(feed::sequence(&mut connection).await.unwrap(), 3);
    let chunks = feed::list_after(&mut connection, 0, 10).await.unwrap();
    let sizes: Vec<_> = chunks.iter().map(|chunk| (chunk.position, chunk.changes.len())).collect();
    assert_eq!(sizes, [(1, 500), (2, 500), (3, 201)]);
    assert_eq!(chunks.into_iter().flat_map(|chunk| chunk.changes).collect::<Vec<_>>(), changes);
    let counts = database.json("select json_agg(change_count order by id) from feed_chunks").await;
    assert_eq!(counts, serde_json::json!([500, 500, 201]));
}

#[derive(QueryableByName)]
struct Planned {
    #[diesel(sql_type = Int8)]
    statements: i64,
}

/// The number of statements about positions of chunks that the connection has planned and kept.
async fn planned(connection: &mut Connection) -> i64 {
    let query = "select count(*) as statements from pg_prepared_statements
                 where statement like '%feed_chunks%position%' and statement not like '%pg_prepared%'";
    let planned = diesel_async::RunQueryDsl::get_result::<Planned>(diesel::sql_query(query), connection);
    planned.await.unwrap().statements
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_relay_keeps_the_plans_of_its_statements() {
    let database = TestDatabase::new().await;
    let relay = Database::for_batches(&database.settings()).unwrap();
    let mut connection = relay.connection().await.unwrap();
    for position in 0..8 {
        feed::append(&mut connection, &[change(&format!("CP-{position}"))]).await.unwrap();
        let chunks = feed::sequence_and_list(&mut connection, position, 10).await.unwrap();
        assert_eq!(chunks.iter().map(|chunk| chunk.position).collect::<Vec<_>>(), [position + 1]);
    }
    assert!(feed::sequence_and_list(&mut connection, 8, 10).await.unwrap().is_empty());
    assert_eq!(planned(&mut connection).await, 3);

    let mut connection = database.pool.connection().await.unwrap();
    assert_eq!(Reader::all(&mut connection).await.keys().len(), 8);
    assert_eq!(planned(&mut connection).await, 0, "a plan from when the table was small must not be kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn prunes_only_old_published_chunks_and_keeps_the_last() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut *connection;
    assert_eq!(feed::span(connection).await.unwrap(), Span { first: 1, last: 0 });
    for number in 0..6 {
        feed::append(connection, &[change(&format!("CP-{number}"))]).await.unwrap();
    }
    feed::sequence(connection).await.unwrap();
    feed::append(connection, &[change("CP-WAITING")]).await.unwrap();
    let hour = Duration::from_secs(3_600);
    assert_eq!(feed::prune(connection, 7, hour, 100).await.unwrap(), 0, "no chunk is old enough");
    database
        .execute("update feed_chunks set created_at = created_at - interval '2 hours' where position is distinct from 2")
        .await;
    assert_eq!(feed::prune(connection, 5, hour, 1).await.unwrap(), 1, "at most the limit");
    assert_eq!(
        feed::prune(connection, 5, hour, 100).await.unwrap(),
        1,
        "2 is too new, 4 is the last published chunk"
    );
    let left = "select json_agg(position order by position) from feed_chunks where position is not null";
    assert_eq!(database.json(left).await, serde_json::json!([2, 4, 5, 6]));
    assert_eq!(feed::span(connection).await.unwrap(), Span { first: 2, last: 6 });
    let backlog = feed::backlog(connection, 5).await.unwrap();
    assert_eq!(backlog.chunks, 2);
    assert!(backlog.delay >= hour, "{backlog:?}");
    let nothing = feed::backlog(connection, 7).await.unwrap();
    assert!(nothing.delay >= hour, "chunks without a position count for the delay: {nothing:?}");
    feed::sequence(connection).await.unwrap();
    assert_eq!(feed::backlog(connection, 8).await.unwrap().delay, Duration::ZERO);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_lease_holder_records_its_position() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let lease = lease(&mut connection, 0).await;
    assert!(feed::record_published(&mut connection, &lease, 5).await.unwrap());
    assert!(!feed::record_published(&mut connection, &lease, 6).await.unwrap(), "the position has advanced");
    let other = partitions::PartitionLease { epoch: lease.epoch + 1, next_offset: 5, ..lease };
    assert!(!feed::record_published(&mut connection, &other, 6).await.unwrap());
}
