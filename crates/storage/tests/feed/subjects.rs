//! Which subjects changed, with and without positions.

use crate::fixture::{change, device};
use diesel_async::SimpleAsyncConnection;
use domain::feed::FeedSubject;
use storage::feed::{self, ChunkSubjects};
use testkit::TestDatabase;

fn of(id: i64, position: Option<i64>, devices: &[&str]) -> ChunkSubjects {
    let subjects = devices.iter().map(|id| FeedSubject::ChargePoint(device(id))).collect();
    ChunkSubjects { id, position, subjects }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_that_is_committed_is_missed_or_read_twice() {
    let database = TestDatabase::new().await;
    let mut late = database.pool.connection().await.unwrap();
    let mut early = database.pool.connection().await.unwrap();
    late.batch_execute("begin").await.unwrap();
    feed::append(&mut late, &[change("CP-LATE")]).await.unwrap();
    feed::append(&mut early, &[change("CP-1"), change("CP-2")]).await.unwrap();
    let read = feed::subjects_after(&mut early, 0, Vec::new()).await.unwrap();
    assert_eq!((read.head, read.is_complete), (0, true));
    assert_eq!(read.chunks, [of(2, None, &["CP-1", "CP-2"])]);
    feed::sequence(&mut early).await.unwrap();
    late.batch_execute("commit").await.unwrap();

    let read = feed::subjects_after(&mut early, 0, vec![2]).await.unwrap();
    assert_eq!(read.head, 1);
    assert_eq!(read.chunks, [of(2, Some(1), &[]), of(1, None, &["CP-LATE"])]);
    let read = feed::subjects_after(&mut early, 1, vec![1]).await.unwrap();
    assert_eq!((read.head, read.chunks.len()), (1, 0));
    feed::sequence(&mut early).await.unwrap();
    let read = feed::subjects_after(&mut early, 1, vec![1]).await.unwrap();
    assert_eq!((read.head, read.chunks), (2, vec![of(1, Some(2), &[])]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_backlog_is_read_in_parts() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    for number in 0..150 {
        feed::append(&mut connection, &[change(&format!("CP-{number}"))]).await.unwrap();
    }
    feed::sequence(&mut connection).await.unwrap();
    let read = feed::subjects_after(&mut connection, 0, Vec::new()).await.unwrap();
    assert_eq!((read.head, read.chunks.len(), read.is_complete), (150, 100, false));
    let last = read.chunks.last().and_then(|chunk| chunk.position).unwrap();
    let read = feed::subjects_after(&mut connection, last, Vec::new()).await.unwrap();
    assert_eq!((read.head, read.chunks.len(), read.is_complete), (150, 50, true));
}
