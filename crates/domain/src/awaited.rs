//! Commands to a charge point that its events may still speak of.

use crate::command::{CommandRecord, DeviceAnswer, Step, Taken};
use crate::event::{CommandAnswer, TransactionStart};
use crate::ids::{CommandId, ConnectorId, EventKey, IdTag, SessionId};
use crate::order::Stamp;
use crate::session::ChargingSession;
use crate::status::ConnectorStatus;
use std::collections::BTreeMap;

/// Commands that are open, and those that an event names; only as many as a batch of events needs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Awaited(BTreeMap<CommandId, CommandRecord>);

impl Awaited {
    /// The commands, by their ids, which is the order in which they were asked for.
    pub fn iter(&self) -> impl Iterator<Item = &CommandRecord> {
        self.0.values()
    }

    /// The command called `id`.
    #[must_use]
    pub fn get(&self, id: CommandId) -> Option<&CommandRecord> {
        self.0.get(&id)
    }

    /// Notes an answer; `None` when it is of no command that is known here.
    pub(crate) fn answered(
        &mut self,
        event: EventKey,
        answer: &CommandAnswer,
        stamp: Stamp,
    ) -> Option<Taken> {
        let record = self.0.get_mut(&answer.command_id?)?;
        let told = DeviceAnswer { event, status: answer.status.clone(), reason: answer.reason.clone() };
        Some(record.life.take(stamp.at, Step::Answered(told)))
    }

    /// The command that caused `start`, which opened `session`: one that is still waited for rather than one that has come to its
    /// end, and of several the one asked for last.
    pub(crate) fn started(
        &mut self,
        start: &TransactionStart,
        session: SessionId,
        stamp: Stamp,
    ) -> Option<(CommandId, IdTag)> {
        self.caused(session, stamp, |record| record.causes(start, stamp))
    }

    /// The command that caused `opened`, a session that readings told by the record at `stamp` showed.
    pub(crate) fn seen_charging(
        &mut self,
        opened: &ChargingSession,
        stamp: Stamp,
    ) -> Option<(CommandId, IdTag)> {
        self.caused(opened.id, stamp, |record| record.causes_session(opened, stamp))
    }

    /// Of the commands that are `meant`, the one that `session` is the effect of, with whom it was for.
    fn caused(
        &mut self,
        session: SessionId,
        stamp: Stamp,
        meant: impl Fn(&CommandRecord) -> bool,
    ) -> Option<(CommandId, IdTag)> {
        let causes = self.0.values_mut().filter(|record| meant(record));
        let cause = causes.max_by_key(|record| (!record.life.state().is_end(), record.id))?;
        cause.see_start(session, stamp);
        Some((cause.id, cause.driver()?.clone()))
    }

    /// Records that `connector` has another status `now`, told by the record at `stamp`: the effect of
    /// the commands that asked for it.
    pub(crate) fn status_changed(
        &mut self,
        connector: ConnectorId,
        before: Option<ConnectorStatus>,
        now: ConnectorStatus,
        stamp: Stamp,
    ) {
        for record in self.0.values_mut() {
            record.see_status(connector, before, now, stamp);
        }
    }

    /// Notes which of `sessions` have ended as they were to.
    pub(crate) fn ended(&mut self, sessions: &[ChargingSession]) {
        for record in self.0.values_mut() {
            for session in sessions {
                record.see_end(session);
            }
        }
    }

    /// Notes that the device booted.
    pub(crate) fn booted(&mut self, stamp: Stamp) {
        for record in self.0.values_mut() {
            record.see_boot(stamp);
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<CommandRecord> for Awaited {
    fn from_iter<T: IntoIterator<Item = CommandRecord>>(records: T) -> Self {
        Self(records.into_iter().map(|record| (record.id, record)).collect())
    }
}
