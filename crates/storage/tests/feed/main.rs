//! The feed in a real PostgreSQL: no chunk is skipped, and the changes of a device keep their
//! order.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod ground;

use chrono::TimeDelta;
use diesel_async::SimpleAsyncConnection;
use domain::commands::{Command, CommandKind, CommandState, ResetKind, RouteSource, Step};
use domain::devices::presence::Confidence;
use domain::feed::{FeedChange, FeedKind};
use domain::ids::{CommandId, GatewayId, PileId};
use domain::status::ConnectorStatus;
use ground::{HEARD, Reader, assets, change, device, lease, noon, replace, report, signed};
use std::collections::BTreeMap;
use std::time::Duration;
use storage::assets::{piles, stations};
use storage::commands::{self, NewCommand, PublishOutcome};
use storage::devices::presence::silence::SilencePolicy;
use storage::feed::{self, Span};
use storage::ingest::{batch, partitions};
use testkit::{TestDatabase, eventually};
use uuid::Uuid;

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
async fn a_rolled_back_change_is_not_published() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let lease = lease(&mut connection, 0).await;
    let stale = partitions::PartitionLease { epoch: lease.epoch - 1, ..lease };
    let written = report(&mut connection, &stale, &["CP-1"], ConnectorStatus::Charging).await;
    assert_eq!(written, batch::Written::LeaseLost);
    assert!(Reader::all(&mut connection).await.changes.is_empty());
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
            FeedKind::SessionChanged(_) => panic!("there are no sessions"),
        }
    }
    assert_eq!((version, accepted.len()), (121, 120));
    assert_eq!(statuses.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn publishes_edits_and_commands() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut *connection;
    let (mut station, mut pile) = assets(connection, "CP-1").await;
    let now = signed();
    station.details.name = domain::text::Label::parse("South").unwrap();
    let change = |_: &_| Ok::<_, stations::Refusal>(station.details);
    stations::update(connection, station.id, None, &now, change).await.unwrap().unwrap();
    let refused = stations::retire(connection, station.id, None, &now).await.unwrap();
    assert!(refused.is_err());
    let command = reset("CP-1");
    commands::insert_many(connection, &[new(command.clone(), pile.id)]).await.unwrap();
    let published = outcome(&command, Step::Published { offset: 1 });
    for _repeated in 0..2 {
        commands::record_outcomes(connection, std::slice::from_ref(&published)).await.unwrap();
    }
    pile.details.charge_point_id = device("CP-2");
    replace(connection, &pile).await;
    piles::retire(connection, pile.id, None, &now).await.unwrap().unwrap();
    stations::retire(connection, station.id, None, &now).await.unwrap().unwrap();
    stations::restore(connection, station.id, None, &now).await.unwrap().unwrap();
    piles::restore(connection, pile.id, None, &now).await.unwrap().unwrap();

    let published_changes: Vec<String> = Reader::all(connection).await.changes.iter().map(sentence).collect();
    let id = station.id;
    assert_eq!(
        published_changes,
        [
            format!("{id} station Created 1"),
            "CP-1 pile Created 1 with CP-1".to_owned(),
            format!("{id} station Updated 2"),
            "CP-1 Reset Accepted".to_owned(),
            "CP-1 Reset Published".to_owned(),
            "CP-1 pile Updated 2 with CP-2".to_owned(),
            "CP-2 pile Updated 2 with CP-2".to_owned(),
            "CP-2 pile Retired 3 with CP-2".to_owned(),
            format!("{id} station Retired 3"),
            format!("{id} station Restored 4"),
            "CP-2 pile Restored 4 with CP-2".to_owned(),
        ]
    );
}

fn sentence(change: &FeedChange) -> String {
    let key = change.key();
    match &change.kind {
        FeedKind::StationChanged(body) => format!("{key} station {:?} {}", body.action, body.version),
        FeedKind::PileChanged(body) => {
            format!("{key} pile {:?} {} with {}", body.action, body.version, body.charge_point_id)
        }
        FeedKind::CommandChanged(body) => format!("{key} {} {:?}", body.name, body.state),
        other => format!("{key} {}", other.type_name()),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn publishes_that_a_silent_device_is_offline() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let lease = lease(&mut connection, 0).await;
    report(&mut connection, &lease, &["CP-1"], ConnectorStatus::Available).await;
    let mut reader = Reader::all(&mut connection).await;
    reader.changes.clear();
    let lease = partitions::PartitionLease { next_offset: 1, ..lease };
    let policy =
        SilencePolicy { timeout: Duration::from_secs(60), answer: Duration::from_secs(10), probing: false };
    database.execute("update charge_points set written_at = null").await;
    storage::devices::status_changes::ensure_today(&mut connection).await.unwrap();
    let judged = testkit::judge_silent_devices(&mut connection, &lease, &policy).await;
    assert_eq!(judged.map(|judged| judged.gone), Some(1));
    reader.read(&mut connection).await;
    let [FeedChange { kind: FeedKind::ConnectivityChanged(body), at, .. }] = reader.changes.as_slice() else {
        panic!("{:?}", reader.changes)
    };
    assert!(!body.online);
    assert_eq!(body.confidence, Confidence::Doubtful);
    assert_eq!(*at, noon() + TimeDelta::seconds(60), "the change must have the time of the timeout");
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
    assert!(feed::note_published(&mut connection, &lease, 5).await.unwrap());
    assert!(!feed::note_published(&mut connection, &lease, 6).await.unwrap(), "the position has advanced");
    let other = partitions::PartitionLease { epoch: lease.epoch + 1, next_offset: 5, ..lease };
    assert!(!feed::note_published(&mut connection, &other, 6).await.unwrap());
}

fn reset(id: &str) -> Command {
    Command {
        id: CommandId(Uuid::now_v7()),
        charge_point_id: device(id),
        gateway_id: GatewayId::parse("gateway-0").unwrap(),
        kind: CommandKind::Reset { kind: ResetKind::Soft },
        issued_at: noon(),
        expires_at: noon(),
        trace_id: None,
    }
}

fn new(command: Command, pile_id: PileId) -> NewCommand {
    NewCommand {
        command,
        pile_id,
        partition: 7,
        payload: serde_json::json!({}),
        goal: None,
        route: RouteSource::Key,
        degraded: false,
        seen_gateway_id: None,
        confidence: Confidence::Live,
        keyed: None,
    }
}

fn outcome(command: &Command, step: Step) -> PublishOutcome {
    PublishOutcome { id: command.id, charge_point_id: command.charge_point_id.clone(), at: noon(), step }
}
