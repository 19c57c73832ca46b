//! Judges which kinds of events a gateway never sends.

use super::Judge;
use crate::check::rule::Rule;
use crate::check::tally::Tallies;
use chrono::{DateTime, Utc};

impl Judge {
    /// Kinds of events that the gateway never sends are reported once, not for every device.
    pub(super) fn judge_missing_event_kinds(
        &self,
        at: DateTime<Utc>,
        was_followed: bool,
        tallies: &mut Tallies,
    ) {
        if self.observed.disconnections == 0 {
            tallies.merge_into(Rule::DisconnectionMissing, Rule::DisconnectionsNeverSent);
        } else {
            tallies.forget(Rule::DisconnectionsNeverSent);
            tallies.kept(Rule::DisconnectionsNeverSent);
        }
        if self.answers == 0 {
            tallies.merge_into(Rule::CommandAnswerMissing, Rule::AnswersNeverSent);
        } else {
            tallies.kept(Rule::AnswersNeverSent);
        }
        let mut online = self.devices.iter().filter(|(_, device)| device.is_online());
        let followed = online.find(|(_, device)| device.age(at) > self.parameters.heartbeat_interval);
        match followed {
            _ if self.heartbeats > 0 => tallies.kept(Rule::HeartbeatsNeverSent),
            Some((id, device)) if was_followed => tallies.broken(Rule::HeartbeatsNeverSent, || {
                format!("{id} and all others: none in {} s", device.age(at).num_seconds())
            }),
            _ => {}
        }
    }
}
