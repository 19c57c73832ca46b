//! Short forms of facts, times and exclusions.

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::ConnectorId;
use domain::reliability::{
    BeginState, Connection, DatedFact, DeviceHistory, Exclusion, ExclusionReason, Fact, OpenFailure, Tally,
};
use domain::status::ConnectorStatus;
use domain::tariffs::Zone;
use std::collections::BTreeMap;

/// Midnight of 1 June 2026 in Shanghai.
pub fn begin() -> DateTime<Utc> {
    "2026-05-31T16:00:00Z".parse().unwrap()
}

pub fn hour(number: i64) -> DateTime<Utc> {
    begin() + TimeDelta::hours(number)
}

pub fn zone(name: &str) -> Zone {
    Zone::parse(name).unwrap()
}

pub fn connector(number: i64) -> ConnectorId {
    ConnectorId::parse(number).unwrap()
}

/// The changes of a device: each has the status before it, and is recorded after the previous one.
#[derive(Debug, Default)]
pub struct Changes {
    facts: Vec<DatedFact>,
    statuses: BTreeMap<ConnectorId, ConnectorStatus>,
}

impl Changes {
    pub fn status(mut self, at: DateTime<Utc>, number: i64, status: ConnectorStatus) -> Self {
        let connector = connector(number);
        let previous = self.statuses.insert(connector, status);
        self.push(at, Fact::Status { connector, previous, status })
    }

    pub fn connection(self, at: DateTime<Utc>, connection: Connection) -> Self {
        self.push(at, Fact::Connection(connection))
    }

    fn push(mut self, at: DateTime<Utc>, fact: Fact) -> Self {
        let number = i32::try_from(self.facts.len()).unwrap();
        self.facts.push(DatedFact { at, recorded: (at, number), fact });
        self
    }

    pub fn facts(&self) -> Vec<DatedFact> {
        self.facts.clone()
    }

    /// The history since `from`, of a device that was online then.
    pub fn since(&self, from: DateTime<Utc>) -> DeviceHistory {
        DeviceHistory::since(from, &self.state(), self.facts())
    }

    /// What the database knows after all changes.
    pub fn state(&self) -> BeginState {
        BeginState {
            connection: Some(Connection::Online),
            current_connection: Some(Connection::Online),
            current_statuses: self.statuses.clone(),
        }
    }
}

pub fn exclusion(from: DateTime<Utc>, until: DateTime<Utc>, reason: ExclusionReason) -> Exclusion {
    Exclusion { from, until, reason, connector: None }
}

/// What connector 1 comes to between two hours.
pub fn tally(history: &DeviceHistory, hours: (i64, i64), exclusions: &[Exclusion]) -> Tally {
    let (from, until) = (hour(hours.0), hour(hours.1));
    history.timeline(connector(1)).tally(from, until, exclusions, OpenFailure::default()).0
}
