//! What the outcomes of commands show.

use super::{Fact, Rule, Seen, Signal, Verdict, WrittenChange};
use crate::feed::CommandChanged;
use crate::ids::ChargePointId;

/// The OCPP 1.6 action of a start.
const START: &str = "RemoteStartTransaction";
/// The OCPP 1.6 status word with which a device accepts a start.
const ACCEPTED: &str = "Accepted";

impl Rule {
    pub(super) fn judge_command(
        &self,
        device: &ChargePointId,
        command: &CommandChanged,
        written: WrittenChange<'_>,
    ) -> Option<Signal> {
        let Self::StartWithoutCharge { grace } = self else { return None };
        if command.name != START {
            return None;
        }
        let has_begun = command.session_id.is_some() || command.effect.is_some();
        let is_accepted =
            command.answer.as_ref().is_some_and(|answer| answer.status.eq_ignore_ascii_case(ACCEPTED));
        let verdict = match (has_begun, is_accepted) {
            (true, _) => Verdict::Absent,
            (false, true) => Verdict::PresentAt((command.expires_at + *grace).max(written.written_at)),
            (false, false) => return None,
        };
        let seen = Seen::Command { command_id: command.command_id, state: command.state };
        Some(
            self.signal(device, None, verdict, Fact { at: written.change.at, seen })
                .about(command.command_id.0),
        )
    }
}
