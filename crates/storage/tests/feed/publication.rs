//! What is published: edits, commands and silence, if their transaction commits.

use crate::fixture::{Reader, assets, device, lease, new, noon, outcome, replace, report, reset, signed};
use chrono::TimeDelta;
use domain::assets::OperatorBound;
use domain::commands::Step;
use domain::devices::presence::Confidence;
use domain::feed::{FeedChange, FeedKind};
use domain::status::ConnectorStatus;
use std::time::Duration;
use storage::assets::{piles, stations};
use storage::commands;
use storage::devices::presence::silence::SilencePolicy;
use storage::ingest::{batch, partitions};
use testkit::TestDatabase;

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
async fn publishes_edits_and_commands() {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut *connection;
    let (mut station, mut pile) = assets(connection, "CP-1").await;
    let now = signed();
    station.details.name = domain::text::Label::parse("South").unwrap();
    let change = |_: &_| Ok::<_, stations::StationRefusal>(station.details);
    stations::update(connection, &OperatorBound::All, station.id, None, &now, change).await.unwrap().unwrap();
    let refused = stations::retire(connection, &OperatorBound::All, station.id, None, &now).await.unwrap();
    assert!(refused.is_err());
    let command = reset("CP-1");
    commands::insert_many(connection, &[new(command.clone(), pile.id)]).await.unwrap();
    let published = outcome(&command, Step::Published { offset: 1 });
    for _repeated in 0..2 {
        commands::record_outcomes(connection, std::slice::from_ref(&published)).await.unwrap();
    }
    pile.details.charge_point_id = device("CP-2");
    replace(connection, &pile).await;
    piles::retire(connection, &OperatorBound::All, pile.id, None, &now).await.unwrap().unwrap();
    stations::retire(connection, &OperatorBound::All, station.id, None, &now).await.unwrap().unwrap();
    stations::restore(connection, &OperatorBound::All, station.id, None, &now).await.unwrap().unwrap();
    piles::restore(connection, &OperatorBound::All, pile.id, None, &now).await.unwrap().unwrap();

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
