//! Opens the session that a start reports, or recognizes a start that reports a session again.

use super::{JUST_BEFORE, SAME_CHARGE, Walk};
use crate::sessions::ledger::{Fact, FactKind};
use crate::sessions::session::{ChargingSession, SessionState, StartedBy};
use chrono::{DateTime, Utc};

impl Walk<'_> {
    pub(super) fn take_start(&mut self, place: usize, fact: &Fact) {
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
}

impl SessionState {
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
