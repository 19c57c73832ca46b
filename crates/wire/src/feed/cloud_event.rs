//! A change as a CloudEvent (CloudEvents 1.0). Serialised, it is one in JSON.

use chrono::SecondsFormat;
use domain::feed::{FeedChange, FeedKind, FeedPosition};
use serde::Serialize;

/// A change as a CloudEvent.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CloudEvent<'a> {
    /// The version of the specification.
    pub specversion: &'static str,
    /// The position in the feed, unique within `source`.
    pub id: String,
    /// The feed that the change belongs to.
    pub source: &'a str,
    /// What changed: the charge point, the station, the tariff or the issue.
    pub subject: String,
    /// When it changed, in RFC 3339.
    pub time: String,
    /// `type` and `data`.
    #[serde(flatten)]
    pub kind: &'a FeedKind,
}

impl<'a> CloudEvent<'a> {
    /// The event of `change`, which is at `position` in the feed of `source`.
    #[must_use]
    pub fn new(change: &'a FeedChange, position: FeedPosition, source: &'a str) -> Self {
        Self {
            specversion: "1.0",
            id: position.to_string(),
            source,
            subject: change.key(),
            time: change.at.to_rfc3339_opts(SecondsFormat::AutoSi, true),
            kind: &change.kind,
        }
    }
}
