//! The commands of a charge point to which its events may still refer.

use crate::commands::{CommandRecord, CommandedStart, DeviceAnswer, Step};
use crate::event::CommandAnswer;
use crate::ids::{CommandId, ConnectorId, EventKey, SessionId};
use crate::merged::Merged;
use crate::order::Stamp;
use crate::sessions::session::ChargingSession;
use crate::status::ConnectorStatus;
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// The open commands and those that an event names; only those that a batch of events needs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Awaited(BTreeMap<CommandId, CommandRecord>);

impl Awaited {
    /// The commands in the order of their ids, which is the order in which they were requested.
    pub fn iter(&self) -> impl Iterator<Item = &CommandRecord> {
        self.0.values()
    }

    /// The command with the given id.
    #[must_use]
    pub fn get(&self, id: CommandId) -> Option<&CommandRecord> {
        self.0.get(&id)
    }

    /// Records an answer; `None` if its command is not loaded.
    pub(crate) fn answered(
        &mut self,
        event: EventKey,
        answer: &CommandAnswer,
        stamp: Stamp,
    ) -> Option<Merged> {
        let record = self.0.get_mut(&answer.command_id?)?;
        let answer_of_device =
            DeviceAnswer { event, status: answer.status.clone(), reason: answer.reason.clone() };
        Some(record.life.apply(stamp.at, Step::Answered(answer_of_device)))
    }

    /// The starts of which a session may be the effect, except those whose session `is_forgotten`,
    /// by its time and id.
    pub(crate) fn commanded_starts(
        &self,
        is_forgotten: impl Fn(DateTime<Utc>, SessionId) -> bool,
    ) -> impl Iterator<Item = CommandedStart> {
        let is_settled = move |record: &CommandRecord| {
            let effect = record.life.effect();
            effect.is_some_and(|(at, effect)| effect.session_id.is_some_and(|id| is_forgotten(at, id)))
        };
        let unsettled = self.0.values().filter(move |record| !is_settled(record));
        unsettled.filter_map(CommandRecord::commanded_start)
    }

    /// Records that the status of `connector` is `now`, reported by the record at `stamp`: the
    /// effect of the commands that requested it.
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

    /// Updates the effects of the commands from the `sessions` of the device; `remembers` as for
    /// [`CommandRecord::follow_sessions`].
    pub(crate) fn follow_sessions(
        &mut self,
        sessions: &[ChargingSession],
        remembers: impl Fn(DateTime<Utc>) -> bool,
    ) {
        for record in self.0.values_mut() {
            record.follow_sessions(sessions, &remembers);
        }
    }

    /// Records that the device booted.
    pub(crate) fn booted(&mut self, stamp: Stamp) {
        for record in self.0.values_mut() {
            record.see_boot(stamp);
        }
    }

    /// Whether there are no commands.
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
