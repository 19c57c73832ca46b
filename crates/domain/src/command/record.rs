//! A command as it stands in the books, and which events show that it was done.

use super::{CommandLife, CommandState, Effect, EffectKind, RouteSource, Step, Taken};
use crate::event::TransactionStart;
use crate::ids::{ChargePointId, CommandId, ConnectorId, GatewayId, IdTag, PileId, SessionId, TransactionId};
use crate::order::{MAX_AHEAD, Stamp};
use crate::session::ChargingSession;
use crate::status::ConnectorStatus;
use chrono::{DateTime, TimeDelta, Utc};

/// A command as it stands in the books.
#[derive(Debug, Clone, PartialEq)]
pub struct CommandRecord {
    /// Its id.
    pub id: CommandId,
    /// The pile that was commanded.
    pub pile_id: PileId,
    /// Its device at that time.
    pub charge_point_id: ChargePointId,
    /// The OCPP 1.6 action.
    pub name: String,
    /// What would show that it was done; `None` of commands that only an answer tells of.
    pub goal: Option<Goal>,
    /// The gateway that it was sent to.
    pub gateway_id: GatewayId,
    /// How that gateway was found; `None` for commands of releases that did not record it.
    pub route: Option<RouteSource>,
    /// When it was asked for.
    pub issued_at: DateTime<Utc>,
    /// After this it must not be carried out any more.
    pub expires_at: DateTime<Utc>,
    /// What became of it.
    pub life: CommandLife,
}

/// What a command is to bring about, as far as events of the device show that.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// That a transaction begins.
    Charging {
        /// Where; anywhere when absent.
        connector_id: Option<ConnectorId>,
        /// Who charges.
        id_tag: IdTag,
    },
    /// That a transaction ends.
    Stopped {
        /// Its id.
        transaction_id: TransactionId,
        /// Its session, when that was known.
        session_id: Option<SessionId>,
    },
    /// That the device boots.
    Restarted,
}

/// How far the clocks of dispatcher and gateway may differ. A start of the same driver on the same connector just before
/// the command is one that the command is about all the same.
const CLOCK_TOLERANCE: TimeDelta = TimeDelta::seconds(5);
/// The same for a status, which does not tell who charges.
const STATUS_TOLERANCE: TimeDelta = TimeDelta::seconds(1);

impl CommandRecord {
    /// How long after `expires_at` an effect still counts as the command's: a driver may be slow to plug in.
    pub const EFFECT_WINDOW: TimeDelta = TimeDelta::minutes(10);

    /// Whether anything may still become of it: it has not come to its end, or an effect may still be seen.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.life.state().is_end() || self.awaits_effect()
    }

    fn awaits_effect(&self) -> bool {
        let refused = matches!(self.life.state(), CommandState::Rejected | CommandState::Failed);
        let is_seen = self.life.effect().is_some_and(|(_, effect)| effect.kind != EffectKind::Status);
        self.goal.is_some() && !refused && !is_seen
    }

    /// Whether the start of a transaction, told by the record at `stamp`, is what it asked for: the same connector and the same
    /// driver, after it was issued. (Gateway contract: device clocks may be wrong, so the record's time counts.)
    #[must_use]
    pub fn causes(&self, start: &TransactionStart, stamp: Stamp) -> bool {
        let Some(Goal::Charging { connector_id, id_tag }) = &self.goal else { return false };
        let same_driver = start.id_tag.as_ref().is_some_and(|told| told.is_same_as(id_tag));
        let same_place = connector_id.is_none_or(|wanted| wanted == start.connector_id);
        self.awaits_effect() && same_driver && same_place && self.is_in_time(stamp, CLOCK_TOLERANCE)
    }

    /// Whether `opened`, a session that readings told by the record at `stamp` showed, is what it asked
    /// for: the same connector, begun after it was issued, and of the same driver, if the event told one.
    #[must_use]
    pub fn causes_session(&self, opened: &ChargingSession, stamp: Stamp) -> bool {
        let Some(Goal::Charging { connector_id, id_tag }) = &self.goal else { return false };
        let same_driver = opened.id_tag.as_ref().is_none_or(|told| told.is_same_as(id_tag));
        let same_place = connector_id.is_none_or(|wanted| wanted == opened.connector_id);
        let begun_since = opened.started_at + MAX_AHEAD >= self.issued_at;
        self.awaits_effect()
            && same_driver
            && same_place
            && begun_since
            && self.is_in_time(stamp, CLOCK_TOLERANCE)
    }

    /// Who is to charge, of a start.
    #[must_use]
    pub const fn driver(&self) -> Option<&IdTag> {
        match &self.goal {
            Some(Goal::Charging { id_tag, .. }) => Some(id_tag),
            _ => None,
        }
    }

    /// Records that `connector` went from the status `before` to `now`, if a start asked for that. A
    /// start that names no connector is only confirmed by one that charges: a driver may be plugging in
    /// anywhere.
    pub fn see_status(
        &mut self,
        connector: ConnectorId,
        before: Option<ConnectorStatus>,
        now: ConnectorStatus,
        stamp: Stamp,
    ) -> Taken {
        let Some(Goal::Charging { connector_id, .. }) = &self.goal else { return Taken::Known };
        let same_place = connector_id.is_none_or(|wanted| wanted == connector);
        let charged = before.is_some_and(ConnectorStatus::is_charge);
        let shows = match now {
            _ if charged => false,
            ConnectorStatus::Preparing => connector_id.is_some() && before != Some(now),
            _ => now.is_charge(),
        };
        if !same_place || !shows || !self.awaits_effect() || !self.is_in_time(stamp, STATUS_TOLERANCE) {
            return Taken::Known;
        }
        self.life.take(stamp.at, Step::TookEffect(Effect::of_status(now)))
    }

    /// Ends it at `now` because nothing showed an effect in time; `moved_to` is the gateway that the device
    /// has moved to meanwhile, if it has.
    pub fn expire(&mut self, now: DateTime<Utc>, moved_to: Option<GatewayId>) -> Taken {
        self.life.take(now, Step::Expired { moved_to, looked_for: Some(self.looked_for()) })
    }

    /// What would show that it was done.
    fn looked_for(&self) -> String {
        match &self.goal {
            Some(Goal::Charging { connector_id, id_tag }) => {
                let place =
                    connector_id.map_or_else(|| "any connector".to_owned(), |id| format!("connector {id}"));
                format!(
                    "an answer of the device, a session of {id_tag} on {place}, \
                     and {place} going to Preparing or Charging"
                )
            }
            Some(Goal::Stopped { transaction_id, .. }) => {
                format!("an answer of the device, and the end of transaction {transaction_id}")
            }
            Some(Goal::Restarted) => "an answer of the device, and a boot of it".to_owned(),
            None => "an answer of the device".to_owned(),
        }
    }

    /// Notes that `session` has ended, if its end was the goal.
    pub fn see_end(&mut self, session: &ChargingSession) -> Taken {
        let (Some(Goal::Stopped { transaction_id, session_id }), Some(ended_at)) =
            (&self.goal, session.ended_at())
        else {
            return Taken::Known;
        };
        let meant = match session_id {
            Some(id) => session.id == *id,
            // Gateways number anew: an old session may have had the same name.
            None => {
                session.transaction_id.as_ref() == Some(transaction_id)
                    && ended_at + CLOCK_TOLERANCE >= self.issued_at
            }
        };
        if !meant || !self.awaits_effect() {
            return Taken::Known;
        }
        self.take_effect(ended_at, EffectKind::Stopped, Some(session.id))
    }

    /// Notes that the transaction that it [causes](Self::causes) began, as `session`.
    pub fn see_start(&mut self, session: SessionId, stamp: Stamp) -> Taken {
        self.take_effect(stamp.at, EffectKind::Charging, Some(session))
    }

    /// Notes that the device booted, if that was the goal. It takes longer to boot than clocks may differ, so none is given
    /// any tolerance.
    pub fn see_boot(&mut self, stamp: Stamp) -> Taken {
        let is_goal = self.goal == Some(Goal::Restarted) && self.awaits_effect();
        if !is_goal || !self.is_in_time(stamp, TimeDelta::zero()) {
            return Taken::Known;
        }
        self.take_effect(stamp.at, EffectKind::Restarted, None)
    }

    fn take_effect(&mut self, at: DateTime<Utc>, kind: EffectKind, session_id: Option<SessionId>) -> Taken {
        self.life.take(at, Step::TookEffect(Effect::new(kind, session_id)))
    }

    fn is_in_time(&self, stamp: Stamp, tolerance: TimeDelta) -> bool {
        let told_at = stamp.appended_at;
        told_at + tolerance >= self.issued_at && told_at <= self.expires_at + Self::EFFECT_WINDOW
    }

    /// The session that it began or ended, or is to end.
    #[must_use]
    pub fn session_id(&self) -> Option<SessionId> {
        let seen = self.life.effect().and_then(|(_, effect)| effect.session_id);
        seen.or(match &self.goal {
            Some(Goal::Stopped { session_id, .. }) => *session_id,
            _ => None,
        })
    }
}
