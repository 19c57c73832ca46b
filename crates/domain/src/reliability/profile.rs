//! What uptime means: the rules by which tallies become a percentage.

use super::tally::Tally;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The rules by which the uptime of a tally is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Profile {
    /// 23 CFR 680.116(b): all time but outages, in proportion to all time. Excluded outages count as
    /// time without an outage, and time in which the platform cannot know the condition as an outage:
    /// `T_outage` is time down, unknown or excluded, and `T_excluded` is excluded time.
    #[default]
    Nevi,
    /// 可用率: time up in proportion to the time in which the connector should be up and its condition
    /// is known. Excluded and unknown time is in neither.
    Availability,
}

/// A part of a whole, both in the same unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ratio {
    /// The part, at least 0.
    pub part: i64,
    /// The whole, at least the part.
    pub whole: i64,
}

impl Profile {
    /// All profiles.
    pub const ALL: [Self; 2] = [Self::Nevi, Self::Availability];

    /// The name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Nevi => "nevi",
            Self::Availability => "availability",
        }
    }

    /// The uptime of `tally`, in seconds up of seconds counted.
    #[must_use]
    pub fn uptime(self, tally: &Tally) -> Ratio {
        match self {
            Self::Nevi => {
                let whole = tally.total_s();
                Ratio { part: whole - tally.down_s() - tally.unknown_s, whole }
            }
            Self::Availability => Ratio { part: tally.up_s, whole: tally.up_s + tally.down_s() },
        }
    }
}

impl Ratio {
    /// The ratio in percent, truncated to four decimals, so that it never exceeds a limit which the
    /// exact value does not exceed. `None` if the whole is 0.
    #[must_use]
    pub fn percent(self) -> Option<f64> {
        let scaled = i128::from(self.part) * 1_000_000;
        let truncated = scaled.checked_div(self.whole.into())?;
        // At most 1,000,000.
        i32::try_from(truncated).ok().map(|parts| f64::from(parts) / 10_000.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentage_is_truncated() {
        let percent = |part, whole| Ratio { part, whole }.percent();
        assert_eq!(percent(2, 3), Some(66.6666));
        assert_eq!(percent(969_999_999, 1_000_000_000), Some(96.9999));
        assert_eq!(percent(86_400, 86_400), Some(100.0));
        assert_eq!(percent(0, 0), None);
    }
}
