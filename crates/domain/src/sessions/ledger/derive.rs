//! Derives sessions from ordered facts.

mod sightings;
mod starts;
mod stops;

use super::{Fact, FactKind, Forgotten};
use crate::ids::{ChargePointId, ConnectorId, EventKey};
use crate::sessions::session::{ChargingSession, ENDED_BY_OPERATOR, SUPERSEDED, SessionState};
use crate::sessions::status_trail::ChargeBegin;
use chrono::{DateTime, TimeDelta, Utc};
use stops::PendingStop;

/// The sessions that follow from a ledger.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Derived {
    /// In the order in which they were first reported.
    pub sessions: Vec<ChargingSession>,
    /// Stops that ended no session, with the reason.
    pub unplaced: Vec<(EventKey, Unplaced)>,
}

/// Why a stop ended no session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unplaced {
    /// No open session matches, and the connector of the stop is uncertain.
    NoOpenSession,
    /// Several open sessions or connectors match; none is ended on a guess.
    Ambiguous,
}

impl Unplaced {
    /// The stable name, for dead letters and metrics.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::NoOpenSession => "STOP_WITHOUT_SESSION",
            Self::Ambiguous => "STOP_AMBIGUOUS",
        }
    }
}

/// The maximum difference between the clocks of two gateways, or between the clock of a device
/// before and after a correction. A start that is reported this long after other evidence of a
/// charge, or after its stop, still belongs to the same charge.
pub(super) const SAME_CHARGE: TimeDelta = TimeDelta::seconds(60);

/// A start without an id that is reported within this time after a stop belongs to the charge that
/// the stop ended, although no id says so: the device corrected its clock between the two. No
/// vehicle is replaced this fast.
pub(super) const JUST_BEFORE: TimeDelta = TimeDelta::seconds(5);

/// The result of deriving a ledger's facts.
pub(super) struct Derivation {
    /// The sessions, each with the indexes of the facts that it rests on.
    pub tracks: Vec<Track>,
    /// Stops that ended no session, with the reason.
    pub unplaced: Vec<(EventKey, Unplaced)>,
}

/// A session and the facts that it rests on.
pub(super) struct Track {
    pub session: ChargingSession,
    /// Indexes into the facts, in no particular order.
    pub facts: Vec<usize>,
    /// The start of the charge of the session's vehicle on the connector; `None` for a reported
    /// start and if unknown.
    pub charging_since: Option<DateTime<Utc>>,
}

impl From<Derivation> for Derived {
    fn from(derivation: Derivation) -> Self {
        let sessions = derivation.tracks.into_iter().map(|track| track.session).collect();
        Self { sessions, unplaced: derivation.unplaced }
    }
}

/// Derives the sessions from `facts`, which are in order; `forgotten` lists the sessions whose
/// facts are gone.
pub(super) fn derive(charge_point: &ChargePointId, facts: &[Fact], forgotten: &[Forgotten]) -> Derivation {
    let mut walk = Walk { charge_point, forgotten, tracks: Vec::new(), pending: Vec::new() };
    for (place, fact) in facts.iter().enumerate() {
        match &fact.kind {
            FactKind::Start { .. } => walk.take_start(place, fact),
            FactKind::Sighting { .. } => walk.take_sighting(place, fact),
            FactKind::Stop { .. } => walk.take_stop(place, fact),
        }
    }
    for track in &mut walk.tracks {
        track.name_cause(facts);
    }
    let unplaced = walk.pending.iter().map(|stop| (stop.event, stop.why)).collect();
    Derivation { tracks: walk.tracks, unplaced }
}

/// The state of a derivation in progress.
struct Walk<'a> {
    charge_point: &'a ChargePointId,
    forgotten: &'a [Forgotten],
    tracks: Vec<Track>,
    pending: Vec<PendingStop<'a>>,
}

impl Walk<'_> {
    /// The unnamed session that was open on `connector` at `at`.
    fn unnamed_on(&mut self, connector: ConnectorId, at: DateTime<Utc>) -> Option<&mut Track> {
        self.tracks.iter_mut().rev().find(|Track { session, .. }| {
            session.may_go_on(at) && session.connector_id == connector && session.transaction_id.is_none()
        })
    }

    /// Adds a session and ends the open one on its connector: a connector charges one vehicle at a
    /// time.
    fn open(&mut self, session: ChargingSession, place: usize, charging_since: Option<DateTime<Utc>>) {
        let at = session.started_at;
        let on_connector = self.tracks.iter_mut().map(|track| &mut track.session);
        for held in on_connector.filter(|held| held.connector_id == session.connector_id) {
            if held.may_go_on(at) && held.started_at <= at {
                held.state = SessionState::open_until(Some(at));
            }
        }
        self.tracks.push(Track { session, facts: vec![place], charging_since });
    }

    /// Whether the charge that began on `connector` with `begin` belongs neither to a session that
    /// began there by `until` nor to a forgotten one.
    fn is_free_since(&self, connector: ConnectorId, begin: ChargeBegin, until: DateTime<Utc>) -> bool {
        let mut forgotten = self.forgotten.iter().filter(|known| known.connector == connector);
        forgotten.all(|known| known.until < begin.at)
            && self
                .on_connector(connector)
                .filter(|held| held.started_at <= until)
                .all(|held| !held.includes(begin))
    }

    fn on_connector(&self, connector: ConnectorId) -> impl Iterator<Item = &ChargingSession> {
        let sessions = self.tracks.iter().map(|track| &track.session);
        sessions.filter(move |session| session.connector_id == connector)
    }
}

impl Track {
    /// Adds the command that caused the session, and its driver unless an event reported another
    /// one. The fact that opens the session takes precedence.
    fn name_cause(&mut self, facts: &[Fact]) {
        let Self { session, facts: places, .. } = self;
        let own = || places.iter().filter_map(|place| facts.get(*place));
        let opening = own().filter(|fact| fact.kind.opens() == Some(session.id));
        let cause = opening.chain(own()).find_map(Fact::cause);
        let Some((command, driver)) = cause else { return };
        let is_contradicted = session
            .id_tag
            .as_ref()
            .zip(driver)
            .is_some_and(|(reported, driver)| !reported.is_same_as(driver));
        if !is_contradicted {
            session.command_id = Some(command);
            session.id_tag = session.id_tag.take().or_else(|| driver.cloned());
        }
    }
}

impl ChargingSession {
    /// Whether the charge that began with `begin` on the connector belongs to this session. Devices
    /// report `Charging` after they start a transaction: an open transaction owns the charge that
    /// begins with it, and every charge until the connector is ready again.
    fn includes(&self, begin: ChargeBegin) -> bool {
        match self.ended_at() {
            Some(ended_at) => begin.at <= ended_at,
            None => {
                begin.at <= self.started_at + SAME_CHARGE
                    || begin.ready_at.is_some_and(|ready_at| ready_at <= self.started_at)
            }
        }
    }

    /// Whether the session was not ended by `at`: it is open, or was open until the next session
    /// began, or an operator ended it, after `at`.
    pub(super) fn may_go_on(&self, at: DateTime<Utc>) -> bool {
        self.is_open() || self.has_inferred_end() && self.ended_at().is_some_and(|end| at < end)
    }

    /// Whether the device did not report the end: the next session or an operator ended the session.
    pub(super) fn has_inferred_end(&self) -> bool {
        self.is_superseded() || self.end_reason() == Some(ENDED_BY_OPERATOR)
    }

    /// Whether the next session ended this one.
    pub(super) fn is_superseded(&self) -> bool {
        self.end_reason() == Some(SUPERSEDED)
    }

    fn end_reason(&self) -> Option<&str> {
        match &self.state {
            SessionState::Open => None,
            SessionState::Ended { reason, .. } => reason.as_deref(),
        }
    }
}

impl SessionState {
    /// Open, or ended at `until` by the next session on the connector.
    fn open_until(until: Option<DateTime<Utc>>) -> Self {
        let superseded = |at| Self::Ended { at, reason: Some(SUPERSEDED.to_owned()), meter_stop_wh: None };
        until.map_or(Self::Open, superseded)
    }
}
