//! The changes that the platform publishes to other services.
//!
//! A change covers one transaction: if several events of a batch change the same thing, the feed
//! contains only the outcome. Heartbeats change nothing that the feed covers and are not published;
//! meter readings are published for open sessions, at an interval ([`SessionMetered`]).

mod audience;
mod body;
mod derive;
mod issue;
mod metered;
mod position;
mod settled;
mod tariff;

pub use audience::{Audience, Redaction};
pub use body::{
    AssetAction, CommandAnswered, CommandChanged, CommandReachedStatus, CommandTookEffect,
    ConnectivityChanged, ConnectorStatusChanged, PileChanged, SessionChanged, SessionPhase, StationChanged,
};
pub(crate) use derive::{connectivity_change, status_change};
pub use derive::{derive, relinked_command};
pub use issue::IssueSnapshot;
pub use metered::{LiveMeter, SessionMeter, SessionMetered};
pub use position::{FeedPosition, InvalidFeedPosition};
pub use settled::{ReceiptIssued, SessionSettled};
pub use tariff::{BindingAction, PricesChanged, TariffAction, TariffBindingChanged, TariffChanged};

use crate::ids::{ChargePointId, IssueId, PileId, StationId, TariffId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One change.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FeedChange {
    /// The subject of the change.
    pub subject: FeedSubject,
    /// When the change happened, as far as known.
    pub at: DateTime<Utc>,
    /// What changed.
    pub kind: FeedKind,
}

/// The subject of a change; the changes of one subject are published in order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FeedSubject {
    /// A device, and the pile to which it is assigned.
    ChargePoint(ChargePointId),
    /// A station.
    Station(StationId),
    /// A tariff, and the subjects to which it is bound.
    Tariff(TariffId),
    /// An issue.
    Issue(IssueId),
}

/// What changed. The names are the CloudEvents types; the bodies are the `data` that consumers
/// receive.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data")]
pub enum FeedKind {
    /// A connector has another status.
    #[serde(rename = "charging.connector.status_changed.v1")]
    ConnectorStatusChanged(ConnectorStatusChanged),
    /// A device connected, disconnected or moved to another gateway.
    #[serde(rename = "charging.charge_point.connectivity_changed.v1")]
    ConnectivityChanged(ConnectivityChanged),
    /// A session began or ended, or late events changed it.
    #[serde(rename = "charging.session.changed.v1")]
    SessionChanged(SessionChanged),
    /// The connector of an open session was read.
    #[serde(rename = "charging.session.metered.v1")]
    SessionMetered(SessionMetered),
    /// A receipt of a session was written.
    #[serde(rename = "charging.session.settled.v1")]
    SessionSettled(SessionSettled),
    /// A command was recorded or its outcome changed.
    #[serde(rename = "charging.command.changed.v1")]
    CommandChanged(CommandChanged),
    /// A station was registered, edited or retired.
    #[serde(rename = "charging.station.changed.v1")]
    StationChanged(StationChanged),
    /// A pile was registered, edited or retired.
    #[serde(rename = "charging.pile.changed.v1")]
    PileChanged(PileChanged),
    /// A tariff was created, edited or retired, or a version of it was published or came into
    /// force.
    #[serde(rename = "charging.tariff.changed.v1")]
    TariffChanged(TariffChanged),
    /// A tariff was bound to a subject, or such a binding was ended.
    #[serde(rename = "charging.tariff.binding_changed.v1")]
    TariffBindingChanged(TariffBindingChanged),
    /// An issue opened.
    #[serde(rename = "charging.issue.opened.v1")]
    IssueOpened(Box<IssueSnapshot>),
    /// The cause of an open issue showed in another way, a device of a further operator became part
    /// of it, or a caller acknowledged, assigned or muted it.
    #[serde(rename = "charging.issue.changed.v1")]
    IssueChanged(Box<IssueSnapshot>),
    /// An issue closed; also one that opened in the same transaction.
    #[serde(rename = "charging.issue.closed.v1")]
    IssueClosed(Box<IssueSnapshot>),
}

impl FeedChange {
    /// The maximum number of changes that are stored, and therefore read, together; the index of a
    /// [`FeedPosition`] is less.
    pub const MAX_CHUNK_LEN: usize = 500;

    /// The partition key, which keeps the changes of one subject in order: the id of the charge
    /// point, the station, the tariff or the issue.
    #[must_use]
    pub fn key(&self) -> String {
        self.subject.to_string()
    }

    /// The device that the change is about: its subject, or that of the issue; `None` if it is about
    /// none.
    #[must_use]
    pub fn charge_point(&self) -> Option<&ChargePointId> {
        match &self.subject {
            FeedSubject::ChargePoint(device) => Some(device),
            FeedSubject::Station(_) | FeedSubject::Tariff(_) => None,
            FeedSubject::Issue(_) => self.kind.issue()?.charge_point_id.as_ref(),
        }
    }
}

impl FeedKind {
    /// The CloudEvents types of all kinds.
    pub const TYPES: [&'static str; 13] = [
        "charging.connector.status_changed.v1",
        "charging.charge_point.connectivity_changed.v1",
        "charging.session.changed.v1",
        "charging.session.metered.v1",
        "charging.session.settled.v1",
        "charging.command.changed.v1",
        "charging.station.changed.v1",
        "charging.pile.changed.v1",
        "charging.tariff.changed.v1",
        "charging.tariff.binding_changed.v1",
        "charging.issue.opened.v1",
        "charging.issue.changed.v1",
        "charging.issue.closed.v1",
    ];

    /// The issue; `None` if the change is not about one.
    #[must_use]
    pub fn issue(&self) -> Option<&IssueSnapshot> {
        match self {
            Self::IssueOpened(issue) | Self::IssueChanged(issue) | Self::IssueClosed(issue) => Some(issue),
            _ => None,
        }
    }

    /// The station and the pile that the body names; `None` for those that it does not name.
    #[must_use]
    pub fn place(&self) -> (Option<StationId>, Option<PileId>) {
        let of_session = |session: &SessionChanged| {
            session.place.as_ref().map(|place| (place.station_id, place.pile_id)).unzip()
        };
        match self {
            Self::SessionChanged(session) => of_session(session),
            Self::SessionMetered(metered) => of_session(&metered.session),
            Self::SessionSettled(settled) => of_session(&settled.session),
            Self::CommandChanged(command) => (None, Some(command.pile_id)),
            Self::StationChanged(station) => (Some(station.station_id), None),
            Self::PileChanged(pile) => (Some(pile.station_id), Some(pile.pile_id)),
            Self::IssueOpened(issue) | Self::IssueChanged(issue) | Self::IssueClosed(issue) => {
                (issue.station_id, issue.pile_id)
            }
            Self::ConnectorStatusChanged(_)
            | Self::ConnectivityChanged(_)
            | Self::TariffChanged(_)
            | Self::TariffBindingChanged(_) => (None, None),
        }
    }

    /// The CloudEvents type.
    #[must_use]
    pub const fn type_name(&self) -> &'static str {
        let [status, connectivity, session, metered, settled, command, station, pile, ..] = Self::TYPES;
        let [.., tariff, binding, opened, changed, closed] = Self::TYPES;
        match self {
            Self::ConnectorStatusChanged(_) => status,
            Self::ConnectivityChanged(_) => connectivity,
            Self::SessionChanged(_) => session,
            Self::SessionMetered(_) => metered,
            Self::SessionSettled(_) => settled,
            Self::CommandChanged(_) => command,
            Self::StationChanged(_) => station,
            Self::PileChanged(_) => pile,
            Self::TariffChanged(_) => tariff,
            Self::TariffBindingChanged(_) => binding,
            Self::IssueOpened(_) => opened,
            Self::IssueChanged(_) => changed,
            Self::IssueClosed(_) => closed,
        }
    }
}

impl fmt::Display for FeedSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ChargePoint(id) => id.fmt(f),
            Self::Station(id) => id.fmt(f),
            Self::Tariff(id) => id.fmt(f),
            Self::Issue(id) => id.fmt(f),
        }
    }
}
