//! The sessions of a charge point, derived from the facts that events report about its
//! transactions.
//!
//! The ledger keeps starts, stops and first sightings of a transaction id as a set of facts, with
//! the times at which the statuses of the connectors show that charges began. The sessions are a
//! pure function of that set: the facts are replayed in the order of their stamps, regardless of
//! the order of arrival. A duplicate therefore changes nothing, and an id or a start that arrives
//! late takes its place in the order. (Gateway contract, "Sessions".)

mod cause;
mod derive;
mod fact;
mod recall;
mod transaction_registers;

pub use derive::{Derived, Unplaced};
pub use fact::{CandidateConnector, Fact, FactKind, Sighting};

use crate::commands::CommandedStart;
use crate::devices::connector::Connector;
use crate::event::{TransactionStart, TransactionStop};
use crate::ids::{ChargePointId, ConnectorId, EventId, EventKey, SessionId};
use crate::merged::Merged;
use crate::order::Stamp;
use crate::sessions::session::{ChargingSession, ENDED_BY_OPERATOR};
use chrono::{DateTime, Utc};
use derive::Track;
use fact::parts;
use recall::Recalled;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use transaction_registers::TransactionRegisters;

/// The facts about the recent transactions of a charge point.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Ledger {
    /// The facts, in the order of their stamps.
    facts: Vec<Fact>,
    /// Facts older than this were settled and forgotten; a fact from before this instant is too
    /// late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    settled_until: Option<DateTime<Utc>>,
    /// The newest forgotten session of each connector; at most one per connector.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    forgotten: Vec<Forgotten>,
    /// The commanded starts whose sessions are remembered. Later facts may show that another
    /// session is the effect of one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    starts: Vec<CommandedStart>,
    /// Energy registers at the beginning and the end of transactions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    registers: Vec<TransactionRegisters>,
    /// The recorded sessions of the device that were loaded for the current batch.
    #[serde(skip)]
    recalled: Recalled,
    /// The sessions that were forgotten since the ledger was loaded.
    #[serde(skip)]
    dropped: BTreeSet<SessionId>,
}

/// The newest forgotten session of a connector: a charge that began there up to this instant
/// belongs to no remembered session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Forgotten {
    connector: ConnectorId,
    until: DateTime<Utc>,
}

impl Ledger {
    /// The number of ended sessions that are remembered, so that late and repeated facts still find
    /// their session.
    pub const REMEMBERED_SESSIONS: usize = 8;
    /// The maximum number of facts in a settled ledger.
    pub const MAX_FACTS: usize = 128;
    /// The number of facts at which the ledger is settled within a batch.
    const OVERFULL: usize = 4 * Self::MAX_FACTS;

    /// Enters the start that `event` reports, which opens `session`.
    pub fn enter_start(
        &mut self,
        session: SessionId,
        event: &EventId,
        start: &TransactionStart,
        stamp: Stamp,
    ) -> Merged {
        self.enter(Fact {
            stamp,
            event: EventKey::of(event),
            kind: FactKind::Start {
                session,
                connector: start.connector_id,
                transaction: start.transaction_id.clone(),
                id_tag: start.id_tag.clone(),
                meter_wh: start.meter_start_wh,
                reservation: start.reservation_id,
                command: None,
                tag_of_command: false,
                until: None,
            },
        })
    }

    /// Enters a sighting, which opens `session` if no start reports the transaction. Only the first
    /// sighting of an id on a connector matters.
    pub fn enter_sighting(
        &mut self,
        session: SessionId,
        event: &EventId,
        sighting: Sighting,
        stamp: Stamp,
    ) -> Merged {
        let Sighting { connector, transaction, id_tag, meter_wh } = sighting;
        let same = |kind: &FactKind| matches!(kind, FactKind::Sighting { connector: c, transaction: t, .. } if *c == connector && *t == transaction);
        let held = self.facts.iter_mut().find(|fact| same(&fact.kind));
        let mut replaced = None;
        let kind = FactKind::Sighting {
            connector,
            transaction: transaction.clone(),
            session: Some(session),
            id_tag,
            meter_wh,
            command: None,
            began: None,
            ready: None,
            charging: None,
            tag_of_command: false,
            until: None,
        };
        if let Some(held) = held {
            if held.stamp <= stamp {
                return held.complete(session);
            }
            replaced = Some(held.clone());
        }
        let mut fact = Fact { stamp, event: EventKey::of(event), kind };
        if let Some(replaced) = replaced {
            fact.keep_cause(&replaced);
        }
        let entered = self.enter(fact);
        if entered == Merged::Changed {
            let mut seen = false;
            // Only the earliest sighting stays; facts are in order.
            self.facts.retain(|fact| !same(&fact.kind) || !std::mem::replace(&mut seen, true));
        }
        entered
    }

    /// Enters the stop that `event` reports. It stands for `session` if no earlier fact names the
    /// transaction.
    pub fn enter_stop(
        &mut self,
        session: SessionId,
        event: &EventId,
        stop: &TransactionStop,
        stamp: Stamp,
    ) -> Merged {
        self.enter(Fact {
            stamp,
            event: EventKey::of(event),
            kind: FactKind::Stop {
                transaction: stop.transaction_id.clone(),
                reason: stop.reason.clone(),
                meter_wh: stop.meter_stop_wh,
                session: Some(session),
                places: Vec::new(),
                command: None,
                id_tag: None,
                closes: None,
            },
        })
    }

    /// Ends `session`, which is open, on behalf of an operator, with the energy register `meter_wh`
    /// if known. A stop of the device that arrives later replaces this end. Returns `false`, and
    /// changes nothing, unless the ledger holds the session.
    pub fn end_by_operator(
        &mut self,
        session: &ChargingSession,
        meter_wh: Option<f64>,
        stamp: Stamp,
    ) -> bool {
        if !self.names(session.id) {
            return false;
        }
        let kind = FactKind::Stop {
            transaction: session.transaction_id.clone(),
            reason: Some(ENDED_BY_OPERATOR.to_owned()),
            meter_wh,
            session: None,
            places: Vec::new(),
            command: None,
            id_tag: None,
            closes: Some(session.id),
        };
        self.facts.push(Fact { stamp, event: EventKey::of_end(session.id, stamp.at), kind });
        self.facts.sort_by_key(|fact| fact.stamp);
        true
    }

    /// Updates the times at which charges began from the statuses of `connectors`, as far back as
    /// their trails reach.
    pub fn follow_statuses(&mut self, connectors: &BTreeMap<ConnectorId, Connector>) {
        for Fact { stamp, kind, .. } in &mut self.facts {
            match kind {
                FactKind::Sighting { connector, began, ready, charging, .. } => {
                    let trail = connectors.get(connector).map(|connector| &connector.trail);
                    if let Some(trail) = trail.filter(|trail| trail.covers(stamp.at)) {
                        (*began, *ready) = parts(trail.began_by(stamp.at));
                        *charging = trail.charging_by(stamp.at);
                    }
                }
                FactKind::Stop { places, .. } => follow_places(places, connectors, stamp.at),
                FactKind::Start { .. } => {}
            }
        }
    }

    /// The instant of the newest fact.
    #[must_use]
    pub fn newest_at(&self) -> Option<DateTime<Utc>> {
        self.facts.last().map(|fact| fact.stamp.at)
    }

    /// Derives the sessions from the facts.
    #[must_use]
    pub fn derive(&self, charge_point: &ChargePointId) -> Derived {
        let mut derived: Derived = derive::derive(charge_point, &self.facts, &self.forgotten).into();
        self.fill_registers(&mut derived.sessions);
        derived
    }

    /// Whether `session` was settled and forgotten since the ledger was loaded. It is then no
    /// longer derived, and its record stays unchanged.
    #[must_use]
    pub fn has_dropped(&self, session: SessionId) -> bool {
        self.dropped.contains(&session)
    }

    /// Whether the ledger certainly still holds a session that began at `started_at`: such a
    /// session was not settled and forgotten.
    #[must_use]
    pub fn remembers(&self, started_at: DateTime<Utc>) -> bool {
        !self.is_settled(started_at)
    }

    /// Whether the ledger holds a fact that opens `session`.
    pub(crate) fn names(&self, session: SessionId) -> bool {
        self.facts.iter().any(|fact| fact.kind.opens() == Some(session))
    }

    /// Whether the ledger holds more facts than any plausible batch creates.
    #[must_use]
    pub(crate) const fn is_overfull(&self) -> bool {
        self.facts.len() > Self::OVERFULL
    }

    /// Forgets settled facts: all facts about ended sessions except the last few that ended.
    pub fn settle(&mut self, charge_point: &ChargePointId) {
        let tracks = derive::derive(charge_point, &self.facts, &self.forgotten).tracks;
        let ended = tracks.iter().filter_map(|track| Some((track.session.ended_at()?, track)));
        let mut ended: Vec<_> = ended.collect();
        ended.sort_by_key(|(ended_at, _)| *ended_at);
        let surplus = ended.len().saturating_sub(Self::REMEMBERED_SESSIONS);
        let mut settled: BTreeSet<usize> = BTreeSet::new();
        for (ended_at, Track { session, facts, .. }) in ended.into_iter().take(surplus) {
            self.settled_until = self.settled_until.max(Some(ended_at));
            settled.extend(facts);
            self.record_forgotten(session);
        }
        let mut place = 0..;
        self.facts.retain(|_| place.next().is_none_or(|place| !settled.contains(&place)));
        let has_surplus = self.facts.len() > Self::MAX_FACTS;
        self.forget_surplus();
        self.forget_starts();
        self.forget_registers();
        if has_surplus || !settled.is_empty() {
            let held: BTreeSet<SessionId> =
                self.derive(charge_point).sessions.iter().map(|session| session.id).collect();
            let ids = tracks.iter().map(|track| track.session.id);
            self.dropped.extend(ids.filter(|id| !held.contains(id)));
        }
    }

    fn record_forgotten(&mut self, session: &ChargingSession) {
        // A session that the next one ended has no end of its own.
        let end = session.ended_at().filter(|_| !session.is_superseded());
        let (connector, until) = (session.connector_id, end.unwrap_or(session.started_at));
        match self.forgotten.iter_mut().find(|known| known.connector == connector) {
            Some(known) => known.until = known.until.max(until),
            None => self.forgotten.push(Forgotten { connector, until }),
        }
    }

    /// Bounds the ledger of a device that sends implausible data.
    fn forget_surplus(&mut self) {
        let surplus = self.facts.len().saturating_sub(Self::MAX_FACTS);
        if let Some(oldest_kept) = self.facts.get(surplus).filter(|_| surplus > 0) {
            self.settled_until = self.settled_until.max(Some(oldest_kept.stamp.at));
            self.facts.drain(..surplus);
        }
    }

    /// Whether facts of the instant `at` were settled and forgotten.
    fn is_settled(&self, at: DateTime<Utc>) -> bool {
        self.settled_until.is_some_and(|horizon| at <= horizon)
    }

    fn enter(&mut self, mut fact: Fact) -> Merged {
        let same = |held: &&mut Fact| {
            held.event == fact.event
                && std::mem::discriminant(&held.kind) == std::mem::discriminant(&fact.kind)
        };
        match self.facts.iter_mut().find(same) {
            Some(held) if fact.stamp >= held.stamp => return Merged::Known,
            Some(held) => held.replace(fact),
            None => {
                if let Some(entered) = self.enter_recorded(&mut fact) {
                    return entered;
                }
                self.facts.push(fact);
            }
        }
        self.facts.sort_by_key(|fact| fact.stamp);
        Merged::Changed
    }
}

/// Adds the connectors that had reported a status by `at`, with the beginnings of their charges.
fn follow_places(
    places: &mut Vec<CandidateConnector>,
    connectors: &BTreeMap<ConnectorId, Connector>,
    at: DateTime<Utc>,
) {
    let reported = connectors.values().filter(|connector| !connector.id.is_whole());
    for connector in reported.filter(|connector| connector.trail.had_reported_by(at)) {
        let Connector { id, trail, .. } = connector;
        let is_covered = trail.covers(at);
        let current = || {
            let (began, ready) = parts(trail.began_by(at));
            CandidateConnector { connector: *id, began, ready, charging: trail.charging_by(at) }
        };
        match places.iter_mut().find(|place| place.connector == *id) {
            Some(place) if is_covered => *place = current(),
            Some(_) => {}
            None if is_covered => places.push(current()),
            None => {
                places.push(CandidateConnector { connector: *id, began: None, ready: None, charging: None });
            }
        }
    }
    places.sort_by_key(|place| place.connector);
}
