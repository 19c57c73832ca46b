//! The recorded state of a command, and the events that show its success.

use super::cause::CLOCK_TOLERANCE;
use super::{
    CommandLife, CommandState, CommandedStart, Effect, EffectKind, GatewayRoute, RouteSource, Step, WaitEnd,
};
use crate::ids::{
    Actor, ChargePointId, CommandId, ConnectorId, GatewayId, IdTag, PileId, SessionId, TransactionId,
};
use crate::merged::Merged;
use crate::order::Stamp;
use crate::sessions::session::ChargingSession;
use crate::status::ConnectorStatus;
use chrono::{DateTime, TimeDelta, Utc};

/// The recorded state of a command.
#[derive(Debug, Clone, PartialEq)]
pub struct CommandRecord {
    /// The command id.
    pub id: CommandId,
    /// The commanded pile.
    pub pile_id: PileId,
    /// The device of the pile at that time.
    pub charge_point_id: ChargePointId,
    /// The OCPP 1.6 action.
    pub name: String,
    /// The observable goal; `None` for commands with an answer as their only result.
    pub goal: Option<Goal>,
    /// The gateway to which the command was sent.
    pub gateway_id: GatewayId,
    /// How that gateway was found; `None` for commands of releases that did not record it.
    pub route: Option<RouteSource>,
    /// The `sub` of the caller that requested the command; `None` for commands that the platform
    /// sends by itself, and for commands of releases that did not record it.
    pub issued_by: Option<Actor>,
    /// When the command was requested.
    pub issued_at: DateTime<Utc>,
    /// The command must not be carried out after this instant.
    pub expires_at: DateTime<Utc>,
    /// The steps and the state of the command.
    pub life: CommandLife,
}

/// The goal of a command, as far as events of the device can show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Goal {
    /// A transaction begins.
    Charging {
        /// The connector; `None` for any.
        connector_id: Option<ConnectorId>,
        /// The driver.
        id_tag: IdTag,
    },
    /// A transaction ends.
    Stopped {
        /// The transaction id.
        transaction_id: TransactionId,
        /// The session, if known.
        session_id: Option<SessionId>,
    },
    /// A session ends whose transaction id is not known yet: the goal of a stop while it waits.
    SessionEnded {
        /// The session.
        session_id: SessionId,
    },
    /// The device boots.
    Restarted,
}

/// The maximum difference between the clocks of dispatcher and gateway where a status confirms a
/// start: a status does not name the driver, and a driver who plugs in just before is not an effect
/// of the command.
const STATUS_TOLERANCE: TimeDelta = TimeDelta::milliseconds(250);

impl CommandRecord {
    /// How long after `expires_at` an effect still counts as the command's: a driver may be slow to
    /// plug in.
    pub const EFFECT_WINDOW: TimeDelta = TimeDelta::minutes(10);

    /// Whether the record may still change: the command has not ended, or an effect may still be
    /// observed.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.life.state().is_end() || self.awaits_effect()
    }

    fn awaits_effect(&self) -> bool {
        let is_seen = self.life.effect().is_some_and(|(_, effect)| match effect.kind {
            EffectKind::Status => false,
            // The session that was recorded as the effect turned out to be that of another command.
            EffectKind::Charging => effect.session_id.is_some(),
            EffectKind::Stopped | EffectKind::Restarted => true,
        });
        let is_sent = !matches!(self.goal, None | Some(Goal::SessionEnded { .. }));
        is_sent && !self.is_refused() && !is_seen
    }

    fn is_refused(&self) -> bool {
        matches!(self.life.state(), CommandState::Rejected | CommandState::Failed)
    }

    /// The commanded start, as long as a session may be its effect.
    #[must_use]
    pub fn commanded_start(&self) -> Option<CommandedStart> {
        let Some(Goal::Charging { connector_id, id_tag }) = &self.goal else { return None };
        (!self.is_refused()).then(|| CommandedStart {
            command: self.id,
            connector: *connector_id,
            id_tag: id_tag.clone(),
            issued_at: self.issued_at,
            expires_at: self.expires_at,
        })
    }

    /// Records that `connector` changed from the status `before` to `now`, if a start requested
    /// that. A start that names no connector is confirmed only by a connector that charges, because
    /// a driver may plug in anywhere.
    pub fn see_status(
        &mut self,
        connector: ConnectorId,
        before: Option<ConnectorStatus>,
        now: ConnectorStatus,
        stamp: Stamp,
    ) -> Merged {
        let Some(Goal::Charging { connector_id, .. }) = &self.goal else { return Merged::Known };
        let same_place = connector_id.is_none_or(|wanted| wanted == connector);
        let charged = before.is_some_and(ConnectorStatus::is_charge);
        let shows = match now {
            _ if charged => false,
            ConnectorStatus::Preparing => connector_id.is_some() && before != Some(now),
            _ => now.is_charge(),
        };
        let is_since = stamp.heard_at() + STATUS_TOLERANCE >= self.issued_at;
        let is_in_time = is_since && self.is_in_time(stamp, STATUS_TOLERANCE);
        if !same_place || !shows || !self.awaits_effect() || !is_in_time {
            return Merged::Known;
        }
        self.life.apply(stamp.heard_at(), Step::TookEffect(Effect::of_status(now)))
    }

    /// Ends the command at `now` because no effect was observed in time; `moved_to` is the gateway
    /// to which the device has moved since, if any.
    pub fn expire(&mut self, now: DateTime<Utc>, moved_to: Option<GatewayId>) -> Merged {
        self.life.apply(now, Step::Expired { moved_to, looked_for: Some(self.expected_effects()) })
    }

    /// Ends the wait of the stop for a transaction id at `now`: the stop is sent to `route`, for
    /// `transaction_id`, and must not be carried out after `expires_at`. [`Merged::Known`] if it
    /// does not wait.
    pub fn release(
        &mut self,
        transaction_id: TransactionId,
        route: GatewayRoute,
        expires_at: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Merged {
        let Some(Goal::SessionEnded { session_id }) = self.goal else { return Merged::Known };
        if self.life.state() != CommandState::Waiting {
            return Merged::Known;
        }
        let GatewayRoute { gateway_id, partition } = route;
        self.gateway_id = gateway_id.clone();
        self.expires_at = expires_at;
        let session_id = Some(session_id);
        self.goal = Some(Goal::Stopped { transaction_id: transaction_id.clone(), session_id });
        self.life.apply(now, Step::Released { transaction_id, gateway: gateway_id, partition })
    }

    /// Ends the command at `now` because its wait for a transaction id ended without one.
    pub fn end_wait(&mut self, cause: WaitEnd, now: DateTime<Utc>) -> Merged {
        if self.life.state() != CommandState::Waiting {
            return Merged::Known;
        }
        self.life.apply(now, Step::WaitEnded { cause })
    }

    /// Ends the command at `now` because the caller `by` cancels it. [`Merged::Known`] if it does not
    /// wait.
    pub fn cancel(&mut self, by: Actor, now: DateTime<Utc>) -> Merged {
        if self.life.state() != CommandState::Waiting {
            return Merged::Known;
        }
        self.life.apply(now, Step::Cancelled { by })
    }

    /// The observations that would show success.
    fn expected_effects(&self) -> String {
        match &self.goal {
            Some(Goal::Charging { connector_id, id_tag }) => {
                let place =
                    connector_id.map_or_else(|| "any connector".to_owned(), |id| format!("connector {id}"));
                format!(
                    "an answer of the device, a session of {id_tag} on {place}, \
                     or {place} changing to Preparing or Charging"
                )
            }
            Some(Goal::Stopped { transaction_id, .. }) => {
                format!("an answer of the device, or the end of transaction {transaction_id}")
            }
            Some(Goal::Restarted) => "an answer of the device, or its boot".to_owned(),
            Some(Goal::SessionEnded { .. }) | None => "an answer of the device".to_owned(),
        }
    }

    /// Updates the effect from the `sessions` of the device: the session that the command started
    /// or ended. The previous session may have been withdrawn in favour of another one. `remembers`
    /// returns whether a session that began at the given time would still be in `sessions`.
    pub fn follow_sessions(
        &mut self,
        sessions: &[ChargingSession],
        remembers: impl Fn(DateTime<Utc>) -> bool,
    ) -> Merged {
        let found = match &self.goal {
            Some(Goal::Charging { .. }) => self.find_started(sessions),
            Some(Goal::Stopped { .. }) => self.find_ended(sessions),
            Some(Goal::SessionEnded { .. } | Goal::Restarted) | None => return Merged::Known,
        };
        match (self.effect_on_session(), found) {
            (Some((_, held)), Some((_, _, now))) if held == now => Merged::Known,
            (_, Some((at, kind, now))) => self.take_session(at, kind, now),
            (Some((at, held)), None) => {
                let is_there = sessions.iter().any(|session| session.id == held);
                let is_withdrawn = !is_there && remembers(at);
                let is_start = matches!(self.goal, Some(Goal::Charging { .. }));
                if is_start && (is_there || is_withdrawn) { self.life.point_to(None) } else { Merged::Known }
            }
            (None, None) => Merged::Known,
        }
    }

    fn take_session(&mut self, at: DateTime<Utc>, kind: EffectKind, session: SessionId) -> Merged {
        if self.awaits_effect() && self.life.effect().is_none_or(|(_, effect)| effect.kind != kind) {
            return self.take_effect(at, kind, Some(session));
        }
        self.life.point_to(Some((at, session)))
    }

    /// The session of the observed effect, and its time.
    fn effect_on_session(&self) -> Option<(DateTime<Utc>, SessionId)> {
        let (at, effect) = self.life.effect()?;
        Some((at, effect.session_id?))
    }

    /// The session that the command started.
    fn find_started(&self, sessions: &[ChargingSession]) -> Option<(DateTime<Utc>, EffectKind, SessionId)> {
        let started = sessions.iter().find(|session| session.command_id == Some(self.id))?;
        Some((started.started_at.max(self.issued_at), EffectKind::Charging, started.id))
    }

    /// The session that the command was to end, if that session has ended. If the target session
    /// was withdrawn, the session that now has the transaction takes its place.
    fn find_ended(&self, sessions: &[ChargingSession]) -> Option<(DateTime<Utc>, EffectKind, SessionId)> {
        let Some(Goal::Stopped { transaction_id, session_id }) = &self.goal else { return None };
        let by_id = session_id.and_then(|id| sessions.iter().find(|session| session.id == id));
        // Gateways restart their numbering: an old session may have had the same id.
        let is_named = |session: &&ChargingSession| {
            let ends_since = session.ended_at().is_some_and(|at| at + CLOCK_TOLERANCE >= self.issued_at);
            session.transaction_id.as_ref() == Some(transaction_id) && ends_since
        };
        let by_name = || sessions.iter().filter(is_named).min_by_key(|session| session.ended_at());
        let meant = by_id.or_else(by_name)?;
        Some((meant.ended_at()?, EffectKind::Stopped, meant.id))
    }

    /// Records that the device booted, if that was the goal. No clock tolerance applies, because
    /// booting takes longer than clocks may differ.
    pub fn see_boot(&mut self, stamp: Stamp) -> Merged {
        let is_goal = self.goal == Some(Goal::Restarted) && self.awaits_effect();
        if !is_goal || !self.is_in_time(stamp, TimeDelta::zero()) {
            return Merged::Known;
        }
        self.take_effect(stamp.at, EffectKind::Restarted, None)
    }

    fn take_effect(&mut self, at: DateTime<Utc>, kind: EffectKind, session_id: Option<SessionId>) -> Merged {
        self.life.apply(at, Step::TookEffect(Effect::new(kind, session_id)))
    }

    fn is_in_time(&self, stamp: Stamp, tolerance: TimeDelta) -> bool {
        let reported_at = stamp.appended_at;
        reported_at + tolerance >= self.issued_at && reported_at <= self.expires_at + Self::EFFECT_WINDOW
    }

    /// The session that the command began or ended, or is to end.
    #[must_use]
    pub fn session_id(&self) -> Option<SessionId> {
        let seen = self.life.effect().and_then(|(_, effect)| effect.session_id);
        seen.or(match &self.goal {
            Some(Goal::Stopped { session_id, .. }) => *session_id,
            Some(Goal::SessionEnded { session_id }) => Some(*session_id),
            _ => None,
        })
    }
}
