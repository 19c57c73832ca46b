//! The limits of a session in responses.

use chrono::{DateTime, Utc};
use domain::ids::CommandId;
use domain::sessions::limits::LimitKind;
use domain::tariffs::{Currency, Price};
use schemars::JsonSchema;
use serde::Serialize;
use storage::sessions::limits::RecordedLimits;

/// The limits that the start command of a session set.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SessionLimits")]
pub(super) struct LimitsView {
    /// The most energy, in Wh; null: no limit.
    max_energy_wh: Option<u32>,
    /// The longest time since the beginning, in seconds; null: no limit.
    max_duration_s: Option<u32>,
    /// The highest total of the quote, in `currency`; null: no limit.
    max_amount: Option<Price>,
    /// The currency of `maxAmount`, ISO 4217: that of the tariff when the start was commanded. Null
    /// if `maxAmount` is null.
    currency: Option<Currency>,
}

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

impl LimitsView {
    pub(super) const fn of(recorded: &RecordedLimits) -> Self {
        let limits = recorded.limits;
        Self {
            max_energy_wh: limits.max_energy_wh,
            max_duration_s: limits.max_duration_s,
            max_amount: limits.max_amount,
            currency: limits.currency,
        }
    }
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
