//! The limit that a session reached, in responses.

use chrono::{DateTime, Utc};
use domain::ids::CommandId;
use domain::sessions::limits::LimitKind;
use schemars::JsonSchema;
use serde::Serialize;
use storage::sessions::limits::RecordedLimits;

/// The limit that a session reached first.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "LimitReached")]
pub(super) struct LimitReachedView {
    /// Which limit: `energy`, `duration` or `amount`.
    limit: LimitKind,
    /// When it was reached, RFC 3339 in UTC: the time of the reading that shows it; for `duration`,
    /// the end of that time.
    at: DateTime<Utc>,
    /// The value at that time, as a decimal text: in Wh, in seconds, or in the currency of the limit.
    value: String,
    /// The stop command that the platform sent last because of it. Null until one is recorded, and
    /// if the session ended before.
    stop_command_id: Option<CommandId>,
    /// The value when the session had ended, in the unit of `value`. Null until then, and if it is
    /// unknown.
    final_value: Option<String>,
    /// By how much `finalValue` exceeds the limit, in the same unit; "0" if it does not. Null if
    /// `finalValue` is null.
    overshoot: Option<String>,
}

impl LimitReachedView {
    /// The view; `None` if no limit was reached.
    pub(super) fn of(recorded: &RecordedLimits) -> Option<Self> {
        let RecordedLimits { limits, reached, stop_command_id, final_value } = recorded;
        let reached = (*reached)?;
        let overshoot = final_value.and_then(|value| limits.overshoot(reached.kind, value));
        Some(Self {
            limit: reached.kind,
            at: reached.at,
            value: reached.value.to_string(),
            stop_command_id: *stop_command_id,
            final_value: final_value.map(|value| value.to_string()),
            overshoot: overshoot.map(|value| value.to_string()),
        })
    }
}
