//! The status history of a device as the timelines of its connectors.

use super::condition::{Condition, Connection};
use super::timeline::Timeline;
use crate::ids::ConnectorId;
use crate::status::ConnectorStatus;
use chrono::{DateTime, Utc};
use std::collections::{BTreeMap, BTreeSet};

/// A change of the status history.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DatedFact {
    /// When it happened.
    pub at: DateTime<Utc>,
    /// When it was recorded, and its number among the changes that were recorded together: the order
    /// of changes with the same time.
    pub recorded: (DateTime<Utc>, i32),
    /// What changed.
    pub fact: Fact,
}

/// What changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fact {
    /// The connection of the device.
    Connection(Connection),
    /// The status of a connector; that of connector 0 is the status of the device as a whole.
    Status {
        /// The connector.
        connector: ConnectorId,
        /// The status before; `None` if the connector was not known.
        previous: Option<ConnectorStatus>,
        /// The status since.
        status: ConnectorStatus,
    },
}

/// What is known of a device besides its changes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BeginState {
    /// The connection at the beginning; `None` if it is not known.
    pub connection: Option<Connection>,
    /// The connection now, after all changes; `None` if the device was never heard.
    pub current_connection: Option<Connection>,
    /// The statuses now, after all changes.
    pub current_statuses: BTreeMap<ConnectorId, ConnectorStatus>,
}

/// All changes of a device since an instant, with the state at that instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceHistory {
    connection: Option<Connection>,
    statuses: BTreeMap<ConnectorId, ConnectorStatus>,
    facts: Vec<DatedFact>,
}

impl DeviceHistory {
    /// The history since `from`, from all changes since then in any order. Each change names the
    /// status before it, so the status at `from` is the one before a connector's first change, or the
    /// current one if it has none.
    #[must_use]
    pub fn since(
        from: DateTime<Utc>,
        state: &BeginState,
        facts: impl IntoIterator<Item = DatedFact>,
    ) -> Self {
        let mut facts: Vec<_> = facts.into_iter().filter(|fact| fact.at >= from).collect();
        facts.sort_by_key(|fact| (fact.at, fact.recorded));
        let current = state.current_statuses.iter();
        let mut statuses: BTreeMap<ConnectorId, Option<ConnectorStatus>> =
            current.map(|(id, status)| (*id, Some(*status))).collect();
        let (mut connects, mut seen) = (false, BTreeSet::new());
        for DatedFact { fact, .. } in &facts {
            match *fact {
                Fact::Connection(_) => connects = true,
                Fact::Status { connector, previous, .. } => {
                    if seen.insert(connector) {
                        statuses.insert(connector, previous);
                    }
                }
            }
        }
        Self {
            connection: state.connection.or_else(|| state.current_connection.filter(|_| !connects)),
            statuses: statuses.into_iter().filter_map(|(id, status)| Some((id, status?))).collect(),
            facts,
        }
    }

    /// The connectors of the device, in ascending order; connector 0 only if it has no other.
    #[must_use]
    pub fn connectors(&self) -> BTreeSet<ConnectorId> {
        let changed = self.facts.iter().filter_map(|fact| match fact.fact {
            Fact::Status { connector, .. } => Some(connector),
            Fact::Connection(_) => None,
        });
        let mut all: BTreeSet<_> = self.statuses.keys().copied().chain(changed).collect();
        if all.len() > 1 {
            all.remove(&ConnectorId::WHOLE);
        }
        all
    }

    /// The conditions of a connector over time.
    #[must_use]
    pub fn timeline(&self, connector: ConnectorId) -> Timeline {
        let mut connection = self.connection;
        let mut whole = self.statuses.get(&ConnectorId::WHOLE).copied();
        let mut own = self.statuses.get(&connector).copied();
        let mut timeline = Timeline::new(connector, own.map(|own| Condition::of(connection, whole, own)));
        for DatedFact { at, fact, .. } in &self.facts {
            match *fact {
                Fact::Connection(changed) => connection = Some(changed),
                Fact::Status { connector: changed, status, .. } => {
                    if changed == connector {
                        own = Some(status);
                    }
                    if changed.is_whole() {
                        whole = Some(status);
                    }
                }
            }
            timeline.push(*at, own.map(|own| Condition::of(connection, whole, own)));
        }
        timeline
    }

    /// The connection just before `at`; `None` if it is not known.
    #[must_use]
    pub fn connection_before(&self, at: DateTime<Utc>) -> Option<Connection> {
        let changes = self.facts.iter().take_while(|fact| fact.at < at).filter_map(|fact| match fact.fact {
            Fact::Connection(connection) => Some(connection),
            Fact::Status { .. } => None,
        });
        changes.last().or(self.connection)
    }
}
