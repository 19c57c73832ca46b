//! What is wrong, and how urgent it is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What is wrong. The names are stored and returned by the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "IssueCause")]
pub enum Cause {
    /// A connector is `Faulted` or reports an error code.
    Fault,
    /// A device is offline for longer than the setting; or, at a gateway or a station, many of its
    /// devices are.
    Offline,
    /// A device connects and disconnects again and again.
    Flapping,
    /// A device accepted a start, and no session began.
    StartWithoutCharge,
    /// A session takes no energy.
    SessionWithoutEnergy,
    /// The events of a device claim times that are far from their arrival.
    ClockSkew,
    /// A session is open for longer than the setting.
    StuckSession,
    /// A session has no price, because no tariff applies to a part of it.
    PriceGap,
}

/// How urgent an issue is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "IssueSeverity")]
pub enum Severity {
    /// Many devices cannot be used.
    Critical,
    /// A device cannot be used, or money is lost.
    Major,
    /// The device can be used; somebody should look into it.
    Minor,
}

impl Cause {
    /// All causes.
    pub const ALL: [Self; 8] = [
        Self::Fault,
        Self::Offline,
        Self::Flapping,
        Self::StartWithoutCharge,
        Self::SessionWithoutEnergy,
        Self::ClockSkew,
        Self::StuckSession,
        Self::PriceGap,
    ];

    /// The name in the API, the feed and storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fault => "fault",
            Self::Offline => "offline",
            Self::Flapping => "flapping",
            Self::StartWithoutCharge => "startWithoutCharge",
            Self::SessionWithoutEnergy => "sessionWithoutEnergy",
            Self::ClockSkew => "clockSkew",
            Self::StuckSession => "stuckSession",
            Self::PriceGap => "priceGap",
        }
    }

    /// Parses such a name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == word)
    }

    /// The severity at one device; an outage of a gateway or a station is
    /// [`Critical`](Severity::Critical).
    #[must_use]
    pub const fn severity(self) -> Severity {
        match self {
            Self::Fault | Self::Offline | Self::StartWithoutCharge | Self::PriceGap => Severity::Major,
            Self::Flapping | Self::SessionWithoutEnergy | Self::ClockSkew | Self::StuckSession => {
                Severity::Minor
            }
        }
    }
}

impl Severity {
    /// All severities, the most urgent first.
    pub const ALL: [Self; 3] = [Self::Critical, Self::Major, Self::Minor];

    /// The name in the API, the feed and storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Major => "major",
            Self::Minor => "minor",
        }
    }

    /// Parses such a name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|severity| severity.as_str() == word)
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
