//! Restores forgotten facts from the records of their sessions.

use crate::ids::EventKey;
use crate::order::Stamp;
use crate::sessions::ledger::{Fact, FactKind, Ledger};
use crate::sessions::session::{ChargingSession, ENDED_BY_OPERATOR, SUPERSEDED, SessionState, StartedBy};
use chrono::{DateTime, Utc};

impl Ledger {
    /// Restores the facts about sessions on the connector of `fact` that were still open at that
    /// time: a session that `fact` opens there ends them.
    pub(super) fn restore_ended_by(&mut self, fact: &Fact) {
        let (FactKind::Start { connector, .. } | FactKind::Sighting { connector, .. }) = &fact.kind else {
            return;
        };
        let ends = |held: &&ChargingSession| {
            held.may_go_on(fact.stamp.at)
                && held.connector_id == *connector
                && held.started_at <= fact.stamp.at
        };
        let ended: Vec<_> = self.recalled.sessions().filter(ends).cloned().collect();
        ended.iter().for_each(|session| self.restore(session));
    }

    /// The start of the next recorded session on the connector of `session`, unless a stop ended
    /// `session`.
    pub(super) fn next_after(&self, session: &ChargingSession) -> Option<DateTime<Utc>> {
        match &session.state {
            SessionState::Open => self.recalled.next_on(session.connector_id, session.started_at),
            SessionState::Ended { at, .. } => session.is_superseded().then_some(*at),
        }
    }

    /// Restores the facts about `session` from its record, unless the session is remembered.
    pub(super) fn restore(&mut self, session: &ChargingSession) {
        let is_held = self.facts.iter().any(|fact| fact.kind.session() == Some(session.id));
        if is_held {
            return;
        }
        let until = self.next_after(session);
        self.facts.extend(Fact::restored(session, until));
        self.dropped.remove(&session.id);
        self.recalled.restored.push(session.clone());
    }
}

impl Fact {
    /// The facts about `session`, as far as its record contains them. `until` is the start of the
    /// next session on its connector, if that one ended it.
    fn restored(session: &ChargingSession, until: Option<DateTime<Utc>>) -> Vec<Self> {
        let (high, low) = session.id.0.as_u64_pair();
        let key = i64::from_ne_bytes((high ^ low).to_ne_bytes());
        let fact = |at, key, kind| Self {
            stamp: Stamp { at, appended_at: at, partition: -1, offset: 0 },
            event: EventKey(key),
            kind,
        };
        let began = match (&session.transaction_id, session.started_by) {
            (Some(transaction), StartedBy::Readings | StartedBy::Stop) => FactKind::Sighting {
                connector: session.connector_id,
                transaction: transaction.clone(),
                session: Some(session.id),
                id_tag: session.id_tag.clone(),
                meter_wh: session.meter_start_wh,
                command: session.command_id,
                began: None,
                ready: None,
                charging: None,
                tag_of_command: false,
                until,
            },
            (transaction, _) => FactKind::Start {
                session: session.id,
                connector: session.connector_id,
                transaction: transaction.clone(),
                id_tag: session.id_tag.clone(),
                meter_wh: session.meter_start_wh,
                reservation: session.reservation_id,
                command: session.command_id,
                tag_of_command: false,
                until,
            },
        };
        let ended = match &session.state {
            SessionState::Ended { at, reason, meter_stop_wh } if reason.as_deref() != Some(SUPERSEDED) => {
                let kind = FactKind::Stop {
                    transaction: session.transaction_id.clone(),
                    reason: reason.clone(),
                    meter_wh: *meter_stop_wh,
                    session: None,
                    places: Vec::new(),
                    command: None,
                    id_tag: None,
                    closes: (reason.as_deref() == Some(ENDED_BY_OPERATOR)).then_some(session.id),
                };
                Some(fact(*at, !key, kind))
            }
            _ => None,
        };
        [fact(session.started_at, key, began)].into_iter().chain(ended).collect()
    }
}
