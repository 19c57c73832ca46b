//! Derives sessions from ordered facts.

mod stops;

use super::{Fact, FactKind, Forgotten};
use crate::ids::{ChargePointId, ConnectorId, EventKey, TransactionId};
use crate::sessions::session::{ChargingSession, SUPERSEDED, SessionState, StartedBy};
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

impl<'a> Walk<'a> {
    fn take_start(&mut self, place: usize, fact: &Fact) {
        let FactKind::Start { session, connector, transaction, meter_wh, reservation, until, .. } =
            &fact.kind
        else {
            return;
        };
        let started = ChargingSession {
            id: *session,
            charge_point_id: self.charge_point.clone(),
            connector_id: *connector,
            transaction_id: transaction.clone(),
            id_tag: fact.kind.reported_tag().cloned(),
            reservation_id: *reservation,
            command_id: None,
            started_at: fact.stamp.at,
            meter_start_wh: *meter_wh,
            started_by: StartedBy::Event,
            state: SessionState::open_until(*until),
        };
        let known = self.tracks.iter_mut().rev().find(|track| track.session.is_reported_by(&started));
        if let Some(track) = known {
            track.facts.push(place);
            track.session.merge_start(started);
        } else {
            self.open(started, place, None);
            self.place_stop_before_start();
        }
    }

    fn take_sighting(&mut self, place: usize, fact: &Fact) {
        let FactKind::Sighting {
            connector,
            transaction,
            session,
            meter_wh,
            began,
            ready,
            charging,
            until,
            ..
        } = &fact.kind
        else {
            return;
        };
        let begin = began.map(|at| ChargeBegin { at, ready_at: *ready });
        let is_nameless_open = self.unnamed_on(*connector, fact.stamp.at).is_some();
        let is_known = |session: &ChargingSession| {
            session.is_sighted_as(*connector, transaction)
                && !session.ended_before(*connector, fact.stamp.at, begin, is_nameless_open)
        };
        if let Some(track) = self.tracks.iter_mut().find(|track| is_known(&track.session)) {
            track.facts.push(place);
            return;
        }
        if self.place_where_sighted(*connector, transaction, (fact.stamp.at, *began, *charging), place) {
            return;
        }
        if !self.name(*connector, transaction, fact.stamp.at, place)
            && let Some(id) = session
        {
            let at = fact.stamp.at;
            let began =
                begin.filter(|begin| self.is_free_since(*connector, *begin, at)).map(|begin| begin.at);
            let charging =
                charging.filter(|since| self.is_free_since(*connector, ChargeBegin::seen(*since), at));
            let opened = ChargingSession {
                id: *id,
                charge_point_id: self.charge_point.clone(),
                connector_id: *connector,
                transaction_id: Some(transaction.clone()),
                id_tag: fact.kind.reported_tag().cloned(),
                reservation_id: None,
                command_id: None,
                started_at: began.unwrap_or(at),
                meter_start_wh: *meter_wh,
                started_by: StartedBy::Readings,
                state: SessionState::open_until(*until),
            };
            self.open(opened, place, began.or(charging).or(Some(at)));
        }
        // A newly named session leaves fewer candidates for the pending stops.
        self.place_pending();
    }

    /// Gives `transaction` to the unnamed session that was open on `connector` at `at`. Returns
    /// whether there was one.
    fn name(
        &mut self,
        connector: ConnectorId,
        transaction: &TransactionId,
        at: DateTime<Utc>,
        place: usize,
    ) -> bool {
        let Some(track) = self.unnamed_on(connector, at) else { return false };
        track.session.transaction_id = Some(transaction.clone());
        track.facts.push(place);
        true
    }

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
    /// Whether `start` reports this session again. Ids are reused, and some gateways number every
    /// charge 1: a start on another connector, after the end, or with another meter or driver opens
    /// another session.
    fn is_reported_by(&self, start: &Self) -> bool {
        let is_named = start.transaction_id.is_some() && start.transaction_id == self.transaction_id;
        let is_in_time = |end| start.started_at - end <= SAME_CHARGE;
        if self.connector_id != start.connector_id {
            // The connector of a session that only its stop reported is inferred; the start reports
            // the actual one.
            return is_named && self.started_by == StartedBy::Stop && self.ended_at().is_some_and(is_in_time);
        }
        match self.started_by {
            StartedBy::Event if self.started_at == start.started_at => self.agrees_with(start),
            StartedBy::Event => is_named && self.is_open() && self.agrees_with(start),
            StartedBy::Readings if start.transaction_id.is_none() => {
                self.is_open() && is_in_time(self.started_at)
            }
            StartedBy::Stop if start.transaction_id.is_none() => {
                // Only the stop was reported, so the session has no beginning of its own.
                let is_just_before = |end: DateTime<Utc>| start.started_at - end <= JUST_BEFORE;
                self.ended_at().is_some_and(|end| end == self.started_at && is_just_before(end))
            }
            StartedBy::Readings | StartedBy::Stop => is_named && self.ended_at().is_none_or(is_in_time),
        }
    }

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

    /// Whether nothing in `start` contradicts this session's own start.
    fn agrees_with(&self, start: &Self) -> bool {
        agree(&self.transaction_id, &start.transaction_id)
            && agree(&self.id_tag, &start.id_tag)
            && agree(&self.meter_start_wh, &start.meter_start_wh)
    }

    /// Merges a start that reports this session again: it replaces weaker evidence and adds values
    /// that another start left out.
    fn merge_start(&mut self, start: Self) {
        let is_copy = self.started_by == StartedBy::Event;
        let (base, other) = if is_copy { (self.clone(), start) } else { (start, self.clone()) };
        *self = Self {
            transaction_id: base.transaction_id.clone().or(other.transaction_id),
            id_tag: base.id_tag.clone().or(other.id_tag),
            reservation_id: base.reservation_id.or(other.reservation_id),
            command_id: None,
            meter_start_wh: base.meter_start_wh.or(other.meter_start_wh),
            state: self.state.not_before(base.started_at),
            ..base
        };
    }

    /// Whether a sighting of `transaction` on `connector` adds nothing. The published gateway
    /// numbers transactions by seconds, so two connectors of a device that begin in the same second
    /// have the same id. A session that only readings showed on another connector is therefore
    /// another session.
    fn is_sighted_as(&self, connector: ConnectorId, transaction: &TransactionId) -> bool {
        let elsewhere =
            self.connector_id != connector && self.started_by == StartedBy::Readings && self.is_open();
        self.transaction_id.as_ref() == Some(transaction) && !elsewhere
    }

    /// Whether a sighting of its id on `connector` at `at` belongs to another charge because this
    /// session ended long before: this session was on another connector, or an unnamed session is
    /// open there, or a charge began after the end, with `begin`.
    fn ended_before(
        &self,
        connector: ConnectorId,
        at: DateTime<Utc>,
        begin: Option<ChargeBegin>,
        is_nameless_open: bool,
    ) -> bool {
        self.ended_at().is_some_and(|end| {
            let is_other = self.connector_id != connector
                || is_nameless_open
                || begin.is_some_and(|begin| begin.at > end);
            at > end + SAME_CHARGE && is_other
        })
    }

    /// Whether the session was not ended by `at`: it is open, or was open until the next session
    /// began after `at`.
    pub(super) fn may_go_on(&self, at: DateTime<Utc>) -> bool {
        self.is_open() || self.is_superseded() && self.ended_at().is_some_and(|end| at < end)
    }

    /// Whether the next session ended this one, rather than a stop of its own.
    pub(super) fn is_superseded(&self) -> bool {
        matches!(&self.state, SessionState::Ended { reason: Some(reason), .. } if reason == SUPERSEDED)
    }
}

impl SessionState {
    /// Open, or ended at `until` by the next session on the connector.
    fn open_until(until: Option<DateTime<Utc>>) -> Self {
        let superseded = |at| Self::Ended { at, reason: Some(SUPERSEDED.to_owned()), meter_stop_wh: None };
        until.map_or(Self::Open, superseded)
    }

    /// The same state, with the end moved to `started_at` if it is earlier.
    fn not_before(&self, started_at: DateTime<Utc>) -> Self {
        let mut state = self.clone();
        if let Self::Ended { at, .. } = &mut state {
            *at = started_at.max(*at);
        }
        state
    }
}

/// Whether two values do not contradict each other: they are equal, or one is unknown.
fn agree<T: PartialEq>(one: &Option<T>, other: &Option<T>) -> bool {
    one.is_none() || other.is_none() || one == other
}
