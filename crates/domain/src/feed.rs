//! What the platform tells the world: changes of what stands in its books, one by one.
//!
//! A change is what one transaction changed: of several events in one batch that change the same thing, the feed shows the
//! outcome. Heartbeats and meter readings change nothing that anybody follows, and are not told.

mod body;
mod derive;
mod position;
mod tariff;

pub use body::{
    AssetAction, CommandAnswered, CommandChanged, CommandReachedStatus, CommandTookEffect,
    ConnectivityChanged, ConnectorStatusChanged, PileChanged, SessionChanged, SessionPhase, StationChanged,
};
pub(crate) use derive::{connectivity_change, status_change};
pub use derive::{derive, relinked_command};
pub use position::{FeedPosition, InvalidFeedPosition};
pub use tariff::{BindingAction, PricesChanged, TariffAction, TariffBindingChanged, TariffChanged};

use crate::ids::{ChargePointId, StationId, TariffId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeedChange {
    /// Of what.
    pub subject: FeedSubject,
    /// When it happened, as far as is known.
    pub at: DateTime<Utc>,
    /// What changed.
    pub kind: FeedKind,
}

/// What a change is of; the changes of one subject are told in their order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FeedSubject {
    /// A device, and so the pile that it is in.
    ChargePoint(ChargePointId),
    /// A station.
    Station(StationId),
    /// A tariff, and so what it is bound to.
    Tariff(TariffId),
}

/// What changed. The names are the CloudEvents types; the bodies are what consumers get as `data`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum FeedKind {
    /// A connector has another status.
    #[serde(rename = "charging.connector.status_changed.v1")]
    ConnectorStatusChanged(ConnectorStatusChanged),
    /// A device came, went, or moved to another gateway.
    #[serde(rename = "charging.charge_point.connectivity_changed.v1")]
    ConnectivityChanged(ConnectivityChanged),
    /// A session began, ended or is seen otherwise now.
    #[serde(rename = "charging.session.changed.v1")]
    SessionChanged(SessionChanged),
    /// A command was recorded, or it became known what became of it.
    #[serde(rename = "charging.command.changed.v1")]
    CommandChanged(CommandChanged),
    /// A station was registered, edited or retired.
    #[serde(rename = "charging.station.changed.v1")]
    StationChanged(StationChanged),
    /// A pile was registered, edited or retired.
    #[serde(rename = "charging.pile.changed.v1")]
    PileChanged(PileChanged),
    /// A tariff was made, edited or retired, or a version of it was published or came into force.
    #[serde(rename = "charging.tariff.changed.v1")]
    TariffChanged(TariffChanged),
    /// A tariff was bound to something, or such a binding was ended.
    #[serde(rename = "charging.tariff.binding_changed.v1")]
    TariffBindingChanged(TariffBindingChanged),
}

impl FeedChange {
    /// The most changes that are kept, and so read, together; a [`FeedPosition`]'s index is below it.
    pub const MAX_TOGETHER: usize = 500;

    /// By what changes are told apart and kept in order: the charge point, of stations the station, of tariffs the tariff.
    #[must_use]
    pub fn key(&self) -> String {
        self.subject.to_string()
    }
}

impl FeedKind {
    /// The CloudEvents types of all kinds.
    pub const TYPES: [&'static str; 8] = [
        "charging.connector.status_changed.v1",
        "charging.charge_point.connectivity_changed.v1",
        "charging.session.changed.v1",
        "charging.command.changed.v1",
        "charging.station.changed.v1",
        "charging.pile.changed.v1",
        "charging.tariff.changed.v1",
        "charging.tariff.binding_changed.v1",
    ];

    /// The CloudEvents type.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        let [status, connectivity, session, command, station, pile, tariff, binding] = Self::TYPES;
        match self {
            Self::ConnectorStatusChanged(_) => status,
            Self::ConnectivityChanged(_) => connectivity,
            Self::SessionChanged(_) => session,
            Self::CommandChanged(_) => command,
            Self::StationChanged(_) => station,
            Self::PileChanged(_) => pile,
            Self::TariffChanged(_) => tariff,
            Self::TariffBindingChanged(_) => binding,
        }
    }
}

impl fmt::Display for FeedSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ChargePoint(id) => id.fmt(f),
            Self::Station(id) => id.fmt(f),
            Self::Tariff(id) => id.fmt(f),
        }
    }
}
