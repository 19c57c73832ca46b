//! The opening hours of a station, in its local time, as on the sign at its door.

use crate::calendar::{TimeOfDay, Weekday};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// When drivers may come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub enum OpeningHours {
    /// Day and night.
    Always,
    /// In these periods of each week: at least one, in order, without overlaps.
    Weekly(Vec<OpenPeriod>),
}

/// A period within one day in which a station is open. Opening hours that continue after midnight
/// are another period, of the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OpenPeriod {
    /// The day of the week, in the station's local time.
    pub weekday: Weekday,
    /// When it opens.
    pub from: TimeOfDay,
    /// When it closes; later than `from`.
    pub to: TimeOfDay,
}

/// Why opening hours are invalid. The message is suitable for the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOpeningHours {
    /// Neither or both of the forms.
    #[error("must have either always, which is true, or weekly")]
    NotOneForm,
    /// No period, or more than the maximum.
    #[error("weekly must have 1 to {max} periods", max = OpeningHours::MAX_PERIODS)]
    Count,
    /// A period ends before or when it begins.
    #[error("a period on {0:?} must end after it begins; split it at 24:00 if it continues after midnight")]
    Backwards(Weekday),
    /// Two periods of a day overlap.
    #[error("periods on {0:?} overlap")]
    Overlap(Weekday),
}

impl OpeningHours {
    /// The maximum number of periods in a week.
    pub const MAX_PERIODS: usize = 28;

    /// Opening hours with these periods of each week, in any order.
    ///
    /// # Errors
    /// There are none or too many periods, one ends before it begins, or two overlap.
    pub fn weekly(mut periods: Vec<OpenPeriod>) -> Result<Self, InvalidOpeningHours> {
        if periods.is_empty() || periods.len() > Self::MAX_PERIODS {
            return Err(InvalidOpeningHours::Count);
        }
        if let Some(period) = periods.iter().find(|period| period.to <= period.from) {
            return Err(InvalidOpeningHours::Backwards(period.weekday));
        }
        periods.sort_unstable();
        let mut neighbours = periods.iter().zip(periods.iter().skip(1));
        match neighbours.find(|(one, next)| one.weekday == next.weekday && next.from < one.to) {
            Some((one, _)) => Err(InvalidOpeningHours::Overlap(one.weekday)),
            None => Ok(Self::Weekly(periods)),
        }
    }
}

impl JsonSchema for OpeningHours {
    fn schema_name() -> Cow<'static, str> {
        "OpeningHours".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let always = json_schema!({ "description": "Open day and night; always true.", "const": true });
        let weekly = json_schema!({
            "description": "The periods of a week in which the station is open, in its local time.",
            "type": "array",
            "items": generator.subschema_for::<OpenPeriod>(),
            "minItems": 1,
            "maxItems": Self::MAX_PERIODS,
        });
        let form = |name: &str, schema: Schema| {
            json_schema!({
                "type": "object",
                "properties": { name: schema },
                "required": [name],
                "additionalProperties": false,
            })
        };
        json_schema!({
            "description": "When drivers may come, in the station's local time: always, or in periods of each week. No period \
                            extends beyond midnight, and no two overlap.",
            "oneOf": [form("always", always), form("weekly", weekly)],
        })
    }
}

/// The JSON form of opening hours.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    always: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    weekly: Option<Vec<OpenPeriod>>,
}

impl TryFrom<Written> for OpeningHours {
    type Error = InvalidOpeningHours;
    fn try_from(written: Written) -> Result<Self, InvalidOpeningHours> {
        match (written.always, written.weekly) {
            (Some(true), None) => Ok(Self::Always),
            (None, Some(periods)) => Self::weekly(periods),
            _ => Err(InvalidOpeningHours::NotOneForm),
        }
    }
}

impl From<OpeningHours> for Written {
    fn from(hours: OpeningHours) -> Self {
        match hours {
            OpeningHours::Always => Self { always: Some(true), weekly: None },
            OpeningHours::Weekly(periods) => Self { always: None, weekly: Some(periods) },
        }
    }
}

#[cfg(test)]
mod tests;
