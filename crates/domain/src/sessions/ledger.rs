//! The sessions of a charge point, derived from what was said of its transactions.
//!
//! Starts, stops and first sights of a transaction id are kept as a set of facts, with what the statuses of the connectors
//! tell of when charges began; the sessions are a pure function of that
//! set: the facts are told again in the order of their stamps, whatever order they arrived in. So a duplicate changes
//! nothing, and an id or a start that comes late finds its place. (Gateway contract, "Sessions".)

mod cause;
mod derive;
mod recall;
mod transaction_registers;

pub use derive::{Derived, Unplaced};

use crate::commands::CommandedStart;
use crate::devices::connector::Connector;
use crate::event::{MeterValues, TransactionStart, TransactionStop};
use crate::ids::{ChargePointId, CommandId, ConnectorId, EventId, EventKey, IdTag, SessionId, TransactionId};
use crate::order::Stamp;
use crate::sessions::session::ChargingSession;
use crate::sessions::status_trail::ChargeBegin;
use chrono::{DateTime, Utc};
use derive::Track;
use recall::Recalled;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use transaction_registers::TransactionRegisters;

/// What was said of the recent transactions of a charge point.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Ledger {
    /// The facts, in the order of their stamps.
    facts: Vec<Fact>,
    /// Facts older than this were settled and forgotten; what comes of before is too late.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    settled_until: Option<DateTime<Utc>>,
    /// At most one for each connector.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    forgotten: Vec<Forgotten>,
    /// The commanded starts whose sessions are remembered, by their ids: later facts may show that another session is the
    /// effect of one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    starts: Vec<CommandedStart>,
    /// Registers at the begin and the end of transactions.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    registers: Vec<TransactionRegisters>,
    /// The device's recorded sessions, so far as they were looked up for a batch.
    #[serde(skip)]
    recalled: Recalled,
    /// The sessions that were forgotten since the ledger was loaded.
    #[serde(skip)]
    dropped: BTreeSet<SessionId>,
}

/// The newest session of a connector that was forgotten: a charge that began there until then belongs
/// to no session that is remembered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Forgotten {
    connector: ConnectorId,
    until: DateTime<Utc>,
}

/// One thing said of a transaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// Its place in the order of events.
    pub stamp: Stamp,
    /// The event that said so.
    pub event: EventKey,
    /// What it said.
    pub told: Told,
}

/// What was said.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// A transaction began.
    Start {
        /// The session that it opens.
        session: SessionId,
        /// Where.
        connector: ConnectorId,
        /// Its id, when already told.
        transaction: Option<TransactionId>,
        /// Who charges.
        #[serde(flatten, with = "crate::id_tag_parts")]
        id_tag: Option<IdTag>,
        /// Energy register, in Wh.
        meter_wh: Option<f64>,
        /// The reservation that it fulfils.
        reservation: Option<i64>,
        /// The command that it was started by.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        command: Option<CommandId>,
        /// Whether the tag is that of the command, because no event reported one.
        #[serde(default, skip_serializing_if = "is_false")]
        tag_of_command: bool,
        /// When the next session on the connector began, which is recorded and not remembered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<DateTime<Utc>>,
    },
    /// This id was in use on this connector. Opens a session where no start told of it.
    Sight {
        /// Where.
        connector: ConnectorId,
        /// The id.
        transaction: TransactionId,
        /// The session that it opens; absent from sights that earlier releases stored.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<SessionId>,
        /// Who charges, where the event or the command that caused the session says so.
        #[serde(flatten, with = "crate::id_tag_parts")]
        id_tag: Option<IdTag>,
        /// Energy register when the id was first seen, in Wh.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        meter_wh: Option<f64>,
        /// The command that it was started by.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        command: Option<CommandId>,
        /// When the connector had last begun to charge by then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        began: Option<DateTime<Utc>>,
        /// When the connector was last ready for a charge before that.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ready: Option<DateTime<Utc>>,
        /// Since when it charged then, also where no status shows that it was free before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        charging: Option<DateTime<Utc>>,
        /// Whether the tag is that of the command, because no event reported one.
        #[serde(default, skip_serializing_if = "is_false")]
        tag_of_command: bool,
        /// As for a start.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<DateTime<Utc>>,
    },
    /// A transaction ended.
    Stop {
        /// Its id, when told.
        transaction: Option<TransactionId>,
        /// Why.
        reason: Option<String>,
        /// Energy register, in Wh.
        meter_wh: Option<f64>,
        /// The session that it tells of if nothing named the transaction before; absent from stops
        /// that earlier releases stored.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<SessionId>,
        /// The connectors that were known by then.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        places: Vec<Place>,
        /// Of a session that rests on it alone, the command that it was started by.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        command: Option<CommandId>,
        /// For whom that command was.
        #[serde(flatten, with = "crate::id_tag_parts")]
        id_tag: Option<IdTag>,
    },
}

/// A connector that a transaction may have been on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// Which one; never the device as a whole.
    pub connector: ConnectorId,
    /// When it had last begun to charge.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<DateTime<Utc>>,
    /// When it was last ready for a charge before that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<DateTime<Utc>>,
    /// Since when it charged, also where no status shows that it was free before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charging: Option<DateTime<Utc>>,
}

impl Place {
    /// The last beginning of a charge there.
    pub(crate) fn begin(&self) -> Option<ChargeBegin> {
        self.began.map(|at| ChargeBegin { at, ready_at: self.ready })
    }
}

/// A beginning as facts hold it: when the charge began, and when the connector was ready before.
fn parts(begin: Option<ChargeBegin>) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
    (begin.map(|begin| begin.at), begin.and_then(|begin| begin.ready_at))
}

/// A transaction id seen on a connector, with what the event tells besides.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    /// Where.
    pub connector: ConnectorId,
    /// The id.
    pub transaction: TransactionId,
    /// Who charges, when told.
    pub id_tag: Option<IdTag>,
    /// Energy register, in Wh, when told.
    pub meter_wh: Option<f64>,
}

impl Sighting {
    /// That `transaction` was named by readings. Of several registers the greatest counts, as everywhere.
    #[must_use]
    pub fn of_readings(values: &MeterValues, transaction: &TransactionId) -> Self {
        let registers = || values.readings.iter().filter_map(|reading| reading.energy_wh);
        Self {
            connector: values.connector_id,
            transaction: transaction.clone(),
            id_tag: None,
            meter_wh: values.begin_wh.or_else(|| registers().reduce(f64::max)),
        }
    }

    /// That `transaction` was named by an update, which carries what a start carries.
    #[must_use]
    pub fn of_update(update: &TransactionStart, transaction: &TransactionId) -> Self {
        Self {
            connector: update.connector_id,
            transaction: transaction.clone(),
            id_tag: update.id_tag.clone(),
            meter_wh: update.meter_start_wh,
        }
    }
}

/// What became of a fact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entered {
    /// It is new.
    New,
    /// It was known already.
    Known,
    /// It is older than what the ledger still remembers.
    TooLate,
}

impl Ledger {
    /// Sessions that ended and are still remembered, so that what comes late or twice finds them.
    pub const REMEMBERED_SESSIONS: usize = 8;
    /// The most facts that a settled ledger holds.
    pub const MAX_FACTS: usize = 128;
    /// The most facts that come together before they are settled.
    const OVERFULL: usize = 4 * Self::MAX_FACTS;

    /// Enters the start that `event` tells, which opens `session`.
    pub fn enter_start(
        &mut self,
        session: SessionId,
        event: &EventId,
        start: &TransactionStart,
        stamp: Stamp,
    ) -> Entered {
        self.enter(Fact {
            stamp,
            event: EventKey::of(event),
            told: Told::Start {
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

    /// Enters a sighting, which opens `session` if no start tells of the transaction. Only the first
    /// sighting of an id on a connector matters.
    pub fn enter_sight(
        &mut self,
        session: SessionId,
        event: &EventId,
        sighting: Sighting,
        stamp: Stamp,
    ) -> Entered {
        let Sighting { connector, transaction, id_tag, meter_wh } = sighting;
        let same = |told: &Told| matches!(told, Told::Sight { connector: c, transaction: t, .. } if *c == connector && *t == transaction);
        let held = self.facts.iter_mut().find(|fact| same(&fact.told));
        let mut replaced = None;
        let told = Told::Sight {
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
        let mut fact = Fact { stamp, event: EventKey::of(event), told };
        if let Some(replaced) = replaced {
            fact.keep_cause(&replaced);
        }
        let entered = self.enter(fact);
        if entered == Entered::New {
            let mut seen = false;
            // Only the earliest sight stays; facts are in order.
            self.facts.retain(|fact| !same(&fact.told) || !std::mem::replace(&mut seen, true));
        }
        entered
    }

    /// Enters the stop that `event` tells, which is `session` by itself if nothing named the
    /// transaction before.
    pub fn enter_stop(
        &mut self,
        session: SessionId,
        event: &EventId,
        stop: &TransactionStop,
        stamp: Stamp,
    ) -> Entered {
        self.enter(Fact {
            stamp,
            event: EventKey::of(event),
            told: Told::Stop {
                transaction: stop.transaction_id.clone(),
                reason: stop.reason.clone(),
                meter_wh: stop.meter_stop_wh,
                session: Some(session),
                places: Vec::new(),
                command: None,
                id_tag: None,
            },
        })
    }

    /// Takes from the statuses of `connectors` when charges began, as far as they still tell.
    pub fn follow_statuses(&mut self, connectors: &BTreeMap<ConnectorId, Connector>) {
        for Fact { stamp, told, .. } in &mut self.facts {
            match told {
                Told::Sight { connector, began, ready, charging, .. } => {
                    let trail = connectors.get(connector).map(|connector| &connector.trail);
                    if let Some(trail) = trail.filter(|trail| trail.covers(stamp.at)) {
                        (*began, *ready) = parts(trail.began_by(stamp.at));
                        *charging = trail.charging_by(stamp.at);
                    }
                }
                Told::Stop { places, .. } => follow_places(places, connectors, stamp.at),
                Told::Start { .. } => {}
            }
        }
    }

    /// The instant of the newest fact.
    #[must_use]
    pub fn newest_at(&self) -> Option<DateTime<Utc>> {
        self.facts.last().map(|fact| fact.stamp.at)
    }

    /// The sessions that the facts tell of.
    #[must_use]
    pub fn derive(&self, charge_point: &ChargePointId) -> Derived {
        let mut derived: Derived = derive::derive(charge_point, &self.facts, &self.forgotten).into();
        self.fill_registers(&mut derived.sessions);
        derived
    }

    /// Whether `session` was settled and forgotten since the ledger was loaded: it is derived no more, and stands as it is
    /// recorded.
    #[must_use]
    pub fn has_dropped(&self, session: SessionId) -> bool {
        self.dropped.contains(&session)
    }

    /// Whether a session that began at `started_at` would still be told of for certain: it was not settled and forgotten.
    #[must_use]
    pub fn remembers(&self, started_at: DateTime<Utc>) -> bool {
        !self.is_settled(started_at)
    }

    /// Whether a fact is known that opens `session`.
    pub(crate) fn names(&self, session: SessionId) -> bool {
        self.facts.iter().any(|fact| fact.told.opens() == Some(session))
    }

    /// Whether it holds more than any sensible batch leads to.
    #[must_use]
    pub(crate) const fn is_overfull(&self) -> bool {
        self.facts.len() > Self::OVERFULL
    }

    /// Forgets what is settled for good: all that was said of ended sessions, but for the last few that ended.
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
        // One that the next session ended has no end of its own.
        let end = session.ended_at().filter(|_| !session.is_superseded());
        let (connector, until) = (session.connector_id, end.unwrap_or(session.started_at));
        match self.forgotten.iter_mut().find(|known| known.connector == connector) {
            Some(known) => known.until = known.until.max(until),
            None => self.forgotten.push(Forgotten { connector, until }),
        }
    }

    /// Keeps a device that talks nonsense from growing without bound.
    fn forget_surplus(&mut self) {
        let surplus = self.facts.len().saturating_sub(Self::MAX_FACTS);
        if let Some(oldest_kept) = self.facts.get(surplus).filter(|_| surplus > 0) {
            self.settled_until = self.settled_until.max(Some(oldest_kept.stamp.at));
            self.facts.drain(..surplus);
        }
    }

    /// Whether facts of `at` were settled and forgotten.
    fn is_settled(&self, at: DateTime<Utc>) -> bool {
        self.settled_until.is_some_and(|horizon| at <= horizon)
    }

    fn enter(&mut self, mut fact: Fact) -> Entered {
        let same = |held: &&mut Fact| {
            held.event == fact.event
                && std::mem::discriminant(&held.told) == std::mem::discriminant(&fact.told)
        };
        match self.facts.iter_mut().find(same) {
            Some(held) if fact.stamp >= held.stamp => return Entered::Known,
            Some(held) => held.replace(fact),
            None => {
                if let Some(entered) = self.enter_recorded(&mut fact) {
                    return entered;
                }
                self.facts.push(fact);
            }
        }
        self.facts.sort_by_key(|fact| fact.stamp);
        Entered::New
    }
}

impl Fact {
    /// Takes the place of the same fact told with a later stamp; what caused it stays known.
    fn replace(&mut self, mut earlier: Self) {
        earlier.keep_cause(self);
        *self = earlier;
    }

    /// Gives a sight that an earlier release stored the session that it opens.
    fn complete(&mut self, id: SessionId) -> Entered {
        match &mut self.told {
            Told::Sight { session: session @ None, .. } => {
                *session = Some(id);
                Entered::New
            }
            _ => Entered::Known,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it over so")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// Adds the connectors that had reported a status by `at`, with when they had begun to charge.
fn follow_places(places: &mut Vec<Place>, connectors: &BTreeMap<ConnectorId, Connector>, at: DateTime<Utc>) {
    let reported = connectors.values().filter(|connector| !connector.id.is_whole());
    for connector in reported.filter(|connector| connector.trail.had_reported_by(at)) {
        let Connector { id, trail, .. } = connector;
        let is_covered = trail.covers(at);
        let told = || {
            let (began, ready) = parts(trail.began_by(at));
            Place { connector: *id, began, ready, charging: trail.charging_by(at) }
        };
        match places.iter_mut().find(|place| place.connector == *id) {
            Some(place) if is_covered => *place = told(),
            Some(_) => {}
            None if is_covered => places.push(told()),
            None => places.push(Place { connector: *id, began: None, ready: None, charging: None }),
        }
    }
    places.sort_by_key(|place| place.connector);
}
