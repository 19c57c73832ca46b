//! Decides whether a session is the effect of a commanded start.

use super::CommandRecord;
use crate::ids::{CommandId, ConnectorId, IdTag};
use crate::order::{MAX_AHEAD, Stamp};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// The maximum difference between the clocks of dispatcher and gateway. A session that begins on
/// the connector of a start just before the start was issued may still be its effect.
pub(super) const CLOCK_TOLERANCE: TimeDelta = TimeDelta::seconds(5);

/// A commanded start, with everything that identifies its effect. Stored with the sessions of the
/// device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommandedStart {
    /// The command.
    pub command: CommandId,
    /// The connector that the command names; `None` if the device chooses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connector: Option<ConnectorId>,
    /// The driver of the command.
    pub id_tag: IdTag,
    /// When the command was issued.
    pub issued_at: DateTime<Utc>,
    /// The last instant at which the command could be carried out.
    pub expires_at: DateTime<Utc>,
}

/// The evidence that a session rests on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Evidence<'a> {
    /// The connector of the session.
    pub connector: ConnectorId,
    /// The driver, if an event reported one.
    pub id_tag: Option<&'a IdTag>,
    /// The position of the fact that opens the session.
    pub stamp: Stamp,
    /// Whether that fact is a reported start.
    pub is_start: bool,
    /// For other facts, since when the connector charged or was first seen to charge; `None` if
    /// unknown.
    pub charging_since: Option<DateTime<Utc>>,
}

impl Evidence<'_> {
    /// When the session began, as far as the clock of its device or gateway is plausible.
    pub(crate) fn began_at(&self) -> Option<DateTime<Utc>> {
        if self.is_start { Some(self.stamp.heard_at()) } else { self.charging_since }
    }
}

impl CommandedStart {
    /// Whether the session of `evidence` may be the effect: it is on the connector, of the driver
    /// if one is reported, and began after the command was issued.
    pub(crate) fn may_cause(&self, evidence: &Evidence<'_>) -> bool {
        let same_place = self.connector.is_none_or(|wanted| wanted == evidence.connector);
        let same_driver = evidence.id_tag.is_none_or(|reported| reported.is_same_as(&self.id_tag));
        let is_sent_since = evidence.stamp.appended_at + CLOCK_TOLERANCE >= self.issued_at;
        same_place && same_driver && is_sent_since && self.is_begun_since(evidence)
    }

    /// A start that names the driver is sufficient evidence, because the clock of its device may be
    /// wrong. A charge without a reported driver may have been started at the device.
    fn is_begun_since(&self, evidence: &Evidence<'_>) -> bool {
        let tolerance = match evidence.id_tag {
            Some(_) => MAX_AHEAD,
            None if self.connector.is_some() => CLOCK_TOLERANCE,
            // Any connector may already have been charging.
            None => TimeDelta::zero(),
        };
        let until = self.expires_at + CommandRecord::EFFECT_WINDOW;
        let is_within = |at: DateTime<Utc>| at + tolerance >= self.issued_at && at <= until;
        if evidence.is_start && evidence.id_tag.is_some() {
            return evidence.stamp.appended_at <= until || is_within(evidence.stamp.at);
        }
        evidence.began_at().is_some_and(is_within)
    }
}
