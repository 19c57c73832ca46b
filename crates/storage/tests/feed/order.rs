//! The changes of a device keep their order with concurrent writers and readers.

use crate::fixture::{HEARD, Reader, assets, change, lease, new, outcome, replace, report, reset};
use diesel_async::SimpleAsyncConnection;
use domain::commands::{CommandState, Step};
use domain::feed::{FeedChange, FeedKind};
use domain::status::ConnectorStatus;
use std::collections::BTreeMap;
use storage::ingest::batch;
use storage::{commands, feed};
use testkit::{TestDatabase, eventually};

/// A transaction that writes about a device while another one holds its lock comes after that one
/// in the feed, even if it is ready first.
#[tokio::test(flavor = "multi_thread")]
async fn a_writer_waits_for_the_transaction_that_locks_the_device() {
    let database = TestDatabase::new().await;
    let mut holder = database.pool.connection().await.unwrap();
    let (_, mut pile) = assets(&mut holder, "CP-1").await;
    holder.batch_execute(HEARD).await.unwrap();
    let mut reader = Reader::all(&mut holder).await;
    reader.changes.clear();
    holder
        .batch_execute("begin; select from charge_points where charge_point_id = 'CP-1' for update")
        .await
        .unwrap();
    feed::append(&mut holder, &[change("CP-1")]).await.unwrap();
    let pool = database.pool.clone();
    pile.details.name = None;
    let edit = tokio::spawn(async move {
        let mut connection = pool.connection().await.unwrap();
        replace(&mut connection, &pile).await;
        commands::insert_many(&mut connection, &[new(reset("CP-1"), pile.id)]).await.unwrap();
    });
    let waits = "select exists (select from pg_stat_activity
                 where datname = current_database() and wait_event_type = 'Lock')";
    eventually("the edit to wait or to finish", || async {
        edit.is_finished() || database.json(waits).await == serde_json::json!(true)
    })
    .await;
    let mut connection = database.pool.connection().await.unwrap();
    reader.read(&mut connection).await;
    holder.batch_execute("commit").await.unwrap();
    edit.await.unwrap();
    reader.read(&mut connection).await;
    let kinds: Vec<_> = reader.changes.iter().map(|change| change.kind.type_name()).collect();
    assert_eq!(
        kinds,
        ["charging.connector.status_changed.v1", "charging.pile.changed.v1", "charging.command.changed.v1"]
    );
}

/// Two ingestors, an operator and a dispatcher write about the same devices concurrently, while two
/// readers number and read.
#[tokio::test(flavor = "multi_thread")]
async fn changes_of_a_device_keep_their_order_with_concurrent_writers_and_readers() {
    const ROUNDS: usize = 120;
    let database = TestDatabase::with_connections(8).await;
    let mut connection = database.pool.connection().await.unwrap();
    let (_, pile) = assets(&mut connection, "CP-1").await;
    connection.batch_execute(HEARD).await.unwrap();
    let mut writers = Vec::new();
    for partition in 0..2 {
        let (pool, lease) = (database.pool.clone(), lease(&mut connection, partition).await);
        writers.push(tokio::spawn(async move {
            let mut connection = pool.connection().await.unwrap();
            let mut lease = lease;
            for round in 0..ROUNDS {
                let status = ConnectorStatus::ALL[(round * 7 + usize::try_from(partition).unwrap() * 3) % 9];
                let devices: &[&str] = [&["CP-1"][..], &["CP-1", "CP-2"], &["CP-2", "CP-3"]][round % 3];
                assert_eq!(report(&mut connection, &lease, devices, status).await, batch::Written::Committed);
                lease.next_offset += 1;
            }
        }));
    }
    let pool = database.pool.clone();
    let commanded = pile.id;
    writers.push(tokio::spawn(async move {
        let mut connection = pool.connection().await.unwrap();
        for _ in 0..ROUNDS {
            replace(&mut connection, &pile).await;
        }
    }));
    let pool = database.pool.clone();
    writers.push(tokio::spawn(async move {
        let mut connection = pool.connection().await.unwrap();
        for _ in 0..ROUNDS {
            let command = reset("CP-1");
            commands::insert_many(&mut connection, &[new(command.clone(), commanded)]).await.unwrap();
            let failed = outcome(&command, Step::Unpublished { detail: "refused".to_owned() });
            commands::record_outcomes(&mut connection, &[failed]).await.unwrap();
        }
    }));
    let stop = tokio_util::sync::CancellationToken::new();
    let readers = [(); 2].map(|()| {
        let (pool, stop) = (database.pool.clone(), stop.clone());
        tokio::spawn(async move {
            let mut connection = pool.connection().await.unwrap();
            let mut reader = Reader::default();
            while !stop.is_cancelled() {
                reader.read(&mut connection).await;
            }
            // The other reader may be numbering the last chunks at this moment.
            feed::sequence_all(&mut connection).await.unwrap();
            reader.read(&mut connection).await;
            reader
        })
    });
    for writer in writers {
        writer.await.unwrap();
    }
    stop.cancel();
    let changes = database.json("select sum(change_count) from feed_chunks").await;
    for reader in readers {
        let changes_read = reader.await.unwrap().changes;
        assert_eq!(serde_json::json!(changes_read.len()), changes, "every change must be read exactly once");
        check_order(&changes_read);
    }
}

/// Each status continues the previous one, versions increase, and a command is accepted before it
/// fails.
fn check_order(changes: &[FeedChange]) {
    let mut statuses: BTreeMap<String, ConnectorStatus> = BTreeMap::new();
    let mut version = 0;
    let mut accepted = Vec::new();
    for change in changes {
        match &change.kind {
            FeedKind::ConnectorStatusChanged(body) => {
                assert_eq!(statuses.insert(change.key(), body.status), body.previous_status);
            }
            FeedKind::PileChanged(body) => {
                assert_eq!(body.version, version + 1);
                version = body.version;
            }
            FeedKind::CommandChanged(body) if body.state == CommandState::Accepted => {
                accepted.push(body.command_id);
            }
            FeedKind::CommandChanged(body) => assert_eq!(accepted.last(), Some(&body.command_id)),
            FeedKind::ConnectivityChanged(_) | FeedKind::StationChanged(_) => {}
            FeedKind::TariffChanged(_) | FeedKind::TariffBindingChanged(_) => panic!("there are no tariffs"),
            FeedKind::IssueOpened(_) | FeedKind::IssueChanged(_) | FeedKind::IssueClosed(_) => {
                panic!("there are no issues")
            }
            FeedKind::SessionChanged(_) | FeedKind::SessionMetered(_) | FeedKind::SessionSettled(_) => {
                panic!("there are no sessions")
            }
        }
    }
    assert_eq!((version, accepted.len()), (121, 120));
    assert_eq!(statuses.len(), 3);
}
