//! Downtime that does not count, because its cause is outside the operator's control.

use crate::ids::{ConnectorId, PileId, StationId};
use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why downtime does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum ExclusionReason {
    /// Scheduled maintenance (计划检修).
    Maintenance,
    /// The electric grid failed (电网停电).
    Grid,
    /// Vandalism (人为破坏).
    Vandalism,
    /// Another cause outside the operator's control (第三方原因).
    ThirdParty,
}

impl ExclusionReason {
    /// All reasons. Where several exclusions apply, the time counts for the first reason of this list.
    pub const ALL: [Self; 4] = [Self::Maintenance, Self::Grid, Self::Vandalism, Self::ThirdParty];

    /// The name in the API and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Maintenance => "maintenance",
            Self::Grid => "grid",
            Self::Vandalism => "vandalism",
            Self::ThirdParty => "thirdParty",
        }
    }

    /// Parses the name in the API and in storage.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|reason| reason.as_str() == word)
    }
}

/// What an exclusion applies to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExclusionScope {
    /// All piles of a station.
    Station(StationId),
    /// All connectors of a pile.
    Pile(PileId),
    /// One connector of a pile.
    Connector(PileId, ConnectorId),
}

/// A time whose downtime does not count, for all connectors of a place or for one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exclusion {
    /// When it begins.
    pub from: DateTime<Utc>,
    /// When it ends, exclusive.
    pub until: DateTime<Utc>,
    /// Why.
    pub reason: ExclusionReason,
    /// The only connector that it applies to; `None` for all.
    pub connector: Option<ConnectorId>,
}

/// The times of an exclusion are invalid. The message is suitable for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidExclusion {
    /// It ends before it begins, or at once.
    #[error("must be after from")]
    Empty,
    /// It is longer than [`Exclusion::LONGEST`].
    #[error("must be at most {} days after from", Exclusion::LONGEST.num_days())]
    TooLong,
}

impl Exclusion {
    /// The longest exclusion.
    pub const LONGEST: TimeDelta = TimeDelta::days(366);

    /// Checks the times of an exclusion.
    ///
    /// # Errors
    /// They are in the wrong order, or too far apart.
    pub fn check(from: DateTime<Utc>, until: DateTime<Utc>) -> Result<(), InvalidExclusion> {
        if until <= from {
            return Err(InvalidExclusion::Empty);
        }
        if until - from > Self::LONGEST { Err(InvalidExclusion::TooLong) } else { Ok(()) }
    }

    /// Whether it applies to `connector`.
    pub(super) fn applies_to(&self, connector: ConnectorId) -> bool {
        self.connector.is_none_or(|only| only == connector)
    }
}
