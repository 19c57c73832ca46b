//! Finds the session that a stop ends, and derives sessions that only their stop reports.

use super::{JUST_BEFORE, SAME_CHARGE, Track, Unplaced, Walk};
use crate::ids::{ConnectorId, EventKey, SessionId, TransactionId};
use crate::sessions::ledger::{CandidateConnector, Fact, FactKind};
use crate::sessions::session::{ChargingSession, ENDED_BY_OPERATOR, SessionState, StartedBy};
use crate::sessions::status_trail::ChargeBegin;
use chrono::{DateTime, Utc};

/// A stop that has not ended a session yet.
pub(super) struct PendingStop<'a> {
    pub event: EventKey,
    pub why: Unplaced,
    /// The index among the facts.
    fact: usize,
    at: DateTime<Utc>,
    transaction: Option<&'a TransactionId>,
    reason: Option<&'a String>,
    meter_wh: Option<f64>,
    session: Option<SessionId>,
    places: &'a [CandidateConnector],
}

impl PendingStop<'_> {
    /// Ends the session of `track`, at its start at the earliest.
    fn end(&self, track: &mut Track) {
        self.end_by(track, self.at);
    }

    /// Ends the session of `track` at `at`, but not before it began.
    fn end_by(&self, track: &mut Track, at: DateTime<Utc>) {
        let session = &mut track.session;
        session.transaction_id = session.transaction_id.take().or_else(|| self.transaction.cloned());
        session.state = SessionState::Ended {
            at: at.max(session.started_at),
            reason: self.reason.cloned(),
            meter_stop_wh: self.meter_wh,
        };
        track.facts.push(self.fact);
    }

    /// Whether the stop was reported just before the unnamed `session` began: the clock was set
    /// back in between.
    fn is_just_before(&self, session: &ChargingSession) -> bool {
        self.transaction.is_some()
            && session.transaction_id.is_none()
            && (self.at..=self.at + JUST_BEFORE).contains(&session.started_at)
    }

    fn is_of(&self, session: &ChargingSession) -> bool {
        self.transaction.is_some()
            && session.transaction_id.as_ref() == self.transaction
            && session.started_at <= self.at + SAME_CHARGE
    }

    /// Whether the register of the stop is beyond that at which the `next` session after `session`
    /// began: the stop belongs to a later charge, whose energy must not count for `session`. A
    /// register that was reset in between shows nothing.
    fn is_beyond(&self, session: &ChargingSession, next: &ChargingSession) -> bool {
        let Some(next_start) = next.meter_start_wh else { return false };
        let is_reset = session.meter_start_wh.is_some_and(|start| next_start < start);
        !is_reset && self.meter_wh.is_some_and(|stop| stop > next_start)
    }

    /// Whether the stop repeats the end `at` with the register `meter_wh`, rather than ending
    /// another charge with the same id.
    fn repeats(&self, at: DateTime<Utc>, meter_wh: Option<f64>, is_other_open: bool) -> bool {
        let differs = self.meter_wh.zip(meter_wh).map(|(one, other)| one.total_cmp(&other).is_ne());
        self.at <= at + SAME_CHARGE || !differs.unwrap_or(is_other_open)
    }
}

impl<'a> Walk<'a> {
    pub(super) fn take_stop(&mut self, place: usize, fact: &'a Fact) {
        let FactKind::Stop { transaction, reason, meter_wh, session, places, closes, .. } = &fact.kind else {
            return;
        };
        if let Some(closed) = closes {
            self.close(place, fact.stamp.at, (*closed, transaction.as_ref()), *meter_wh);
            return;
        }
        let mut stop = PendingStop {
            event: fact.event,
            why: Unplaced::NoOpenSession,
            fact: place,
            at: fact.stamp.at,
            transaction: transaction.as_ref(),
            reason: reason.as_ref(),
            meter_wh: *meter_wh,
            session: *session,
            places,
        };
        if !self.place(&mut stop) {
            self.pending.push(stop);
        }
    }

    /// Ends a session on behalf of an operator, unless it has ended. A start that arrived later may
    /// have given the session another id, so it is also found by its transaction.
    fn close(
        &mut self,
        place: usize,
        at: DateTime<Utc>,
        (closed, transaction): (SessionId, Option<&TransactionId>),
        meter_wh: Option<f64>,
    ) {
        let is_named = |session: &ChargingSession| {
            transaction.is_some()
                && session.transaction_id.as_ref() == transaction
                && session.started_at <= at
        };
        let position = self.tracks.iter().position(|track| track.session.id == closed);
        let position = position.or_else(|| self.tracks.iter().rposition(|track| is_named(&track.session)));
        let Some(track) = position.and_then(|index| self.tracks.get_mut(index)) else { return };
        track.facts.push(place);
        if track.session.may_go_on(at) {
            track.session.state = SessionState::Ended {
                at: at.max(track.session.started_at),
                reason: Some(ENDED_BY_OPERATOR.to_owned()),
                meter_stop_wh: meter_wh,
            };
        }
    }

    /// Retries the pending stops.
    pub(super) fn place_pending(&mut self) {
        let mut pending = std::mem::take(&mut self.pending);
        pending.retain_mut(|stop| !self.place(stop));
        self.pending = pending;
    }

    /// Ends the session that was added last if a pending stop has its id, or if exactly one pending
    /// stop was reported just before it: the clock was set back in between.
    pub(super) fn place_stop_before_start(&mut self) {
        let Some(track) = self.tracks.last_mut() else { return };
        let waiting = || {
            let stops = self.pending.iter().enumerate();
            stops.filter(|(_, stop)| stop.why == Unplaced::NoOpenSession)
        };
        let named = waiting().find(|(_, stop)| stop.is_of(&track.session));
        let mut before = waiting().filter(|(_, stop)| stop.is_just_before(&track.session));
        let only = before.next().filter(|_| before.next().is_none());
        if let Some(index) = named.or(only).map(|(index, _)| index) {
            self.pending.remove(index).end(track);
        }
    }

    /// Places a pending stop of `transaction`, which is sighted on `connector` at the time of the
    /// stop or up to 60 s later: the sighting shows the connector. An unnamed session that is open
    /// there is the one that the stop ended. Returns whether there was such a stop.
    pub(super) fn place_where_sighted(
        &mut self,
        connector: ConnectorId,
        transaction: &TransactionId,
        (at, began, charging): (DateTime<Utc>, Option<DateTime<Utc>>, Option<DateTime<Utc>>),
        sight: usize,
    ) -> bool {
        let is_meant = |stop: &PendingStop<'_>| {
            stop.session.is_some() && stop.transaction == Some(transaction) && at <= stop.at + SAME_CHARGE
        };
        let Some(index) = self.pending.iter().position(is_meant) else { return false };
        let ended_by = self.pending.get(index).map(|stop| stop.at + SAME_CHARGE);
        if self.unnamed_on(connector, at).is_some_and(|track| Some(track.session.started_at) <= ended_by) {
            return false;
        }
        let stop = self.pending.remove(index);
        let [began, charging] = [began, charging].map(|since| since.filter(|since| *since <= stop.at));
        self.add_stopped(&stop, connector, began, charging);
        if let Some(track) = self.tracks.last_mut() {
            track.facts.push(sight);
        }
        true
    }

    /// Ends the one session that `stop` can mean, or adds the session that it alone reports.
    /// Otherwise leaves everything unchanged and records the reason. Returns whether the stop was
    /// placed.
    fn place(&mut self, stop: &mut PendingStop<'_>) -> bool {
        if let Some(placed) = self.end_named(stop) {
            return placed;
        }
        match self.could_end(stop).as_slice() {
            [only] => {
                if let Some(track) = self.tracks.get_mut(*only) {
                    stop.end(track);
                }
                true
            }
            [] => self.place_alone(stop),
            _ => {
                stop.why = Unplaced::Ambiguous;
                false
            }
        }
    }

    /// Ends the session with the id of `stop`; `None` if there is none, or if it ended long before.
    /// Returns whether a session was ended: if two are open with one id, none is ended on a guess.
    fn end_named(&mut self, stop: &mut PendingStop<'_>) -> Option<bool> {
        let named = || self.tracks.iter().enumerate().filter(|(_, track)| stop.is_of(&track.session));
        let open: Vec<usize> =
            named().filter(|(_, track)| track.session.is_open()).map(|(index, _)| index).collect();
        let newest = named().max_by_key(|(_, track)| track.session.started_at).map(|(index, _)| index);
        match open.as_slice() {
            [] => self.repeat_end(newest?, stop),
            [only] => {
                stop.end(self.tracks.get_mut(*only)?);
                Some(true)
            }
            _ => {
                stop.why = Unplaced::Ambiguous;
                Some(false)
            }
        }
    }

    /// Applies a stop to the session at `index`, which has already ended. The stop adds nothing
    /// unless that end was inferred. `None` if the stop must belong to another charge with the same
    /// id.
    fn repeat_end(&mut self, index: usize, stop: &PendingStop<'_>) -> Option<bool> {
        let held = &self.tracks.get(index)?.session;
        let SessionState::Ended { at, meter_stop_wh, .. } = held.state else { return None };
        let (connector, is_inferred) = (held.connector_id, held.has_inferred_end());
        let next = self.next_on_connector(held);
        if is_inferred && next.is_some_and(|next| stop.is_beyond(held, next)) {
            return None;
        }
        let latest = if held.is_superseded() { Some(at) } else { next.map(|next| next.started_at) };
        let is_other_since = self.tracks.iter().map(|track| &track.session).any(|session| {
            session.may_go_on(stop.at)
                && session.transaction_id.is_none()
                && (at..=stop.at).contains(&session.started_at)
        });
        let is_free = |place: &CandidateConnector| {
            let begin = place.begin().filter(|begin| place.connector == connector && begin.at > at);
            begin.is_some_and(|begin| self.is_free_since(connector, begin, stop.at))
        };
        let is_other_open = is_other_since || stop.places.iter().any(is_free);
        if is_inferred && is_other_open && stop.at > at + SAME_CHARGE {
            return None;
        }
        let track = self.tracks.get_mut(index)?;
        if is_inferred {
            // Another session may have started on the connector since.
            stop.end_by(track, latest.map_or(stop.at, |latest| stop.at.min(latest)));
        } else if stop.repeats(at, meter_stop_wh, is_other_open) {
            track.facts.push(stop.fact);
        } else {
            return None;
        }
        Some(true)
    }

    /// The next session on the connector of `session`.
    fn next_on_connector(&self, session: &ChargingSession) -> Option<&ChargingSession> {
        let others = self.on_connector(session.connector_id).filter(|other| other.id != session.id);
        others
            .filter(|other| other.started_at >= session.started_at)
            .min_by_key(|other| (other.started_at, other.id))
    }

    /// The open sessions that a stop with an unknown id could mean: the unnamed ones; for a stop
    /// without an id, all.
    fn could_end(&self, stop: &PendingStop<'_>) -> Vec<usize> {
        let candidate = |session: &ChargingSession| {
            session.may_go_on(stop.at)
                && session.started_at <= stop.at
                && (stop.transaction.is_none() || session.transaction_id.is_none())
        };
        let tracks = self.tracks.iter().enumerate();
        tracks.filter(|(_, track)| candidate(&track.session)).map(|(index, _)| index).collect()
    }

    /// Adds the session that only `stop` reports, if its connector is certain: the one connector
    /// that began to charge for no other session, or, if there is none, the only connector of the
    /// device.
    fn place_alone(&mut self, stop: &mut PendingStop<'_>) -> bool {
        stop.why = Unplaced::NoOpenSession;
        if stop.transaction.is_none() || stop.session.is_none() {
            return false;
        }
        let began = |place: &CandidateConnector| {
            let begin = place.begin()?;
            let is_free = self.is_free_since(place.connector, begin, stop.at);
            is_free.then_some((place.connector, Some(begin.at)))
        };
        let charged: Vec<_> = stop.places.iter().filter_map(began).collect();
        let placed = match (charged.as_slice(), stop.places) {
            ([only], _) => *only,
            ([], [only]) if self.is_idle(only.connector, stop.at) => (only.connector, None),
            ([], _) => return false,
            _ => {
                stop.why = Unplaced::Ambiguous;
                return false;
            }
        };
        let (connector, began) = placed;
        let place = stop.places.iter().find(|place| place.connector == connector);
        let charging = place.and_then(|place| place.charging);
        let charging =
            charging.filter(|since| self.is_free_since(connector, ChargeBegin::seen(*since), stop.at));
        self.add_stopped(stop, connector, began, charging);
        true
    }

    /// Whether no session was open on `connector` at `at`.
    fn is_idle(&self, connector: ConnectorId, at: DateTime<Utc>) -> bool {
        self.on_connector(connector)
            .filter(|held| held.started_at <= at)
            .all(|held| held.ended_at().is_some_and(|end| end < at))
    }

    fn add_stopped(
        &mut self,
        stop: &PendingStop<'_>,
        connector: ConnectorId,
        began: Option<DateTime<Utc>>,
        charging: Option<DateTime<Utc>>,
    ) {
        let Some(id) = stop.session else { return };
        let stopped = ChargingSession {
            id,
            charge_point_id: self.charge_point.clone(),
            connector_id: connector,
            transaction_id: stop.transaction.cloned(),
            id_tag: None,
            reservation_id: None,
            command_id: None,
            started_at: began.unwrap_or(stop.at),
            meter_start_wh: None,
            started_by: StartedBy::Stop,
            state: SessionState::Open,
        };
        self.open(stopped, stop.fact, began.or(charging));
        if let Some(track) = self.tracks.last_mut() {
            track.facts.clear();
            stop.end(track);
        }
    }
}
