//! Stations with piles, and changes of their devices.

use chrono::{DateTime, TimeDelta, Utc};
use domain::assets::{EditStamp, OperatorBound};
use domain::feed::{
    ConnectivityChanged, ConnectorStatusChanged, FeedChange, FeedKind, FeedSubject, IssueSnapshot,
};
use domain::ids::{Actor, ChargePointId, ConnectorId, GatewayId};
use domain::issues::{Cause, OutageRules, Rule};
use domain::status::ConnectorStatus;
use storage::feed::Owner;
use storage::issues::{self, EvaluationRules, Filter, IssueRecord};
use storage::{Connection, PooledConnection, feed};
use testkit::TestDatabase;
use uuid::Uuid;

/// A database in which station `number` of the operator `op-<number>` has the devices
/// `CP-<number>-1` to `CP-<number>-<piles>`.
pub async fn database(stations: &[(u32, u32)]) -> (TestDatabase, PooledConnection) {
    let database = TestDatabase::new().await;
    for (number, piles) in stations {
        database
            .execute(&format!(
                "insert into stations (id, name, operator_id, status, created_at, updated_at, version)
                 values ('{station}', 'North', 'op-{number}', 'Open', now(), now(), 1);
                 insert into piles (id, station_id, charge_point_id, model, rated_power_kw, created_at, updated_at, version)
                 select gen_random_uuid(), '{station}', 'CP-{number}-' || pile, 'DC-120', 120, now(), now(), 1
                 from generate_series(1, {piles}) as pile;
                 insert into charge_points (charge_point_id, online, last_seen_at, gateway_id)
                 select 'CP-{number}-' || pile, false, now(), 'gateway-0' from generate_series(1, {piles}) as pile",
                station = station(*number)
            ))
            .await;
    }
    let connection = database.pool.connection().await.unwrap();
    (database, connection)
}

pub fn station(number: u32) -> Uuid {
    Uuid::from_u128(number.into())
}

pub fn device(station: u32, pile: u32) -> ChargePointId {
    ChargePointId::parse(&format!("CP-{station}-{pile}")).unwrap()
}

/// Faults at once, offline after a minute, outages from five devices and half of all.
pub fn rules() -> EvaluationRules {
    EvaluationRules {
        rules: vec![
            Rule::Fault { ignored_codes: std::collections::BTreeSet::new() },
            Rule::Offline { after: TimeDelta::minutes(1) },
        ],
        outages: OutageRules { min_devices: 5, min_percent: 50 },
        ingest_topic: "events".to_owned(),
    }
}

pub fn status(device: &ChargePointId, status: ConnectorStatus) -> FeedChange {
    let body = ConnectorStatusChanged {
        connector_id: ConnectorId::parse(1).unwrap(),
        status,
        previous_status: None,
        error_code: None,
        vendor_error_code: None,
        claimed_at: None,
    };
    change(device, FeedKind::ConnectorStatusChanged(body))
}

pub fn connectivity(device: &ChargePointId, online: bool) -> FeedChange {
    let gateway_id = GatewayId::parse("gateway-0").ok();
    let body = ConnectivityChanged { online, gateway_id, confidence: Default::default() };
    change(device, FeedKind::ConnectivityChanged(body))
}

fn change(device: &ChargePointId, kind: FeedKind) -> FeedChange {
    FeedChange { subject: FeedSubject::ChargePoint(device.clone()), at: at("2026-07-25T12:00:00Z"), kind }
}

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Appends `changes` as if they had been written this long ago.
pub async fn write(database: &TestDatabase, changes: &[FeedChange], minutes_ago: u32) {
    let mut connection = database.pool.connection().await.unwrap();
    feed::append(&mut connection, changes).await.unwrap();
    feed::sequence_all(&mut connection).await.unwrap();
    database
        .execute(&format!(
            "update feed_chunks set created_at = clock_timestamp() - interval '{minutes_ago} minutes'
             where position = (select max(position) from feed_chunks)"
        ))
        .await;
}

/// Evaluates until nothing is left.
pub async fn evaluate(connection: &mut Connection) {
    evaluate_with(connection, &rules()).await;
}

/// The same with `rules`.
pub async fn evaluate_with(connection: &mut Connection, rules: &EvaluationRules) {
    while !issues::evaluate(connection, rules).await.unwrap().is_complete {}
}

/// [`rules`] without the one about `cause`.
pub fn rules_without(cause: Cause) -> EvaluationRules {
    let mut rules = rules();
    rules.rules.retain(|rule| rule.cause() != cause);
    rules
}

/// All issues within `bound`, the first opened first.
pub async fn all(connection: &mut Connection, bound: &OperatorBound) -> Vec<IssueRecord> {
    let mut all = issues::list(connection, bound, &Filter::default(), None, 1_000).await.unwrap();
    all.reverse();
    all
}

/// The changes of issues in the feed so far, with their types in short, and with their owners.
pub async fn published(connection: &mut Connection) -> Vec<(String, IssueSnapshot, Owner)> {
    feed::sequence_all(connection).await.unwrap();
    let chunks = feed::list_after(connection, 0, 1_000).await.unwrap();
    let owners = feed::load_owners(connection, &chunks).await.unwrap();
    let changes = chunks.into_iter().flat_map(|chunk| chunk.changes);
    let of_issue = |(change, owner): (FeedChange, Owner)| {
        let issue = change.kind.issue()?.clone();
        assert_eq!(change.subject, FeedSubject::Issue(issue.issue_id));
        Some((change.kind.type_name().split('.').nth(2)?.to_owned(), issue, owner))
    };
    changes.zip(owners.concat()).filter_map(of_issue).collect()
}

pub fn only(operator: u32) -> OperatorBound {
    OperatorBound::of(Some(&[format!("op-{operator}")]))
}

pub fn stamp() -> EditStamp {
    EditStamp { at: at("2026-07-25T13:00:00Z"), by: Actor::anonymous() }
}
