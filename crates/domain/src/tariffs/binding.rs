//! What a tariff is bound to, and for how long.

use crate::ids::{BindingId, ConnectorId, PileId, StationId, TariffId};
use crate::text::Label;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A tariff is what something is priced by, for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Binding {
    /// Its id.
    pub id: BindingId,
    /// What is priced.
    pub subject: Subject,
    /// By which tariff.
    pub tariff_id: TariffId,
    /// Since when.
    pub effective_from: DateTime<Utc>,
    /// Until when, that instant not included; `None` if no end is known.
    pub effective_until: Option<DateTime<Utc>>,
}

/// What a tariff may be bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "level", rename_all = "camelCase", rename_all_fields = "camelCase")]
#[schemars(deny_unknown_fields)]
pub enum Subject {
    /// Everything: the default.
    #[schemars(title = "PlatformSubject")]
    Platform,
    /// All stations of an operator.
    #[schemars(title = "OperatorSubject")]
    Operator {
        /// Which.
        operator_id: Label,
    },
    /// A station.
    #[schemars(title = "StationSubject")]
    Station {
        /// Which.
        station_id: StationId,
    },
    /// A pile.
    #[schemars(title = "PileSubject")]
    Pile {
        /// Which.
        pile_id: PileId,
    },
    /// A connector of a pile.
    #[schemars(title = "ConnectorSubject")]
    Connector {
        /// Of which pile.
        pile_id: PileId,
        /// Which.
        connector_id: ConnectorId,
    },
}

/// How narrow a subject is, the widest first. The narrowest wins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Level {
    /// Everything.
    Platform,
    /// All stations of an operator.
    Operator,
    /// A station.
    Station,
    /// A pile.
    Pile,
    /// A connector.
    Connector,
}

impl Level {
    /// The word for it in the API and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Platform => "platform",
            Self::Operator => "operator",
            Self::Station => "station",
            Self::Pile => "pile",
            Self::Connector => "connector",
        }
    }
}

/// Where a price is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The operator of the station, if it has one.
    pub operator_id: Option<Label>,
    /// The station.
    pub station_id: StationId,
    /// The pile; `None` when the price of the station as a whole is asked for.
    pub pile_id: Option<PileId>,
    /// The connector of the pile; `None` when the price of the pile as a whole is asked for.
    pub connector_id: Option<ConnectorId>,
}

/// Two bindings of one subject that share some time, so that neither is narrower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Clash {
    /// One of them.
    pub one: BindingId,
    /// The other one.
    pub other: BindingId,
    /// Since when both hold.
    pub from: DateTime<Utc>,
    /// Until when both hold; `None` if no end is known.
    pub until: Option<DateTime<Utc>>,
}

impl Subject {
    /// How narrow it is.
    #[must_use]
    pub const fn level(&self) -> Level {
        match self {
            Self::Platform => Level::Platform,
            Self::Operator { .. } => Level::Operator,
            Self::Station { .. } => Level::Station,
            Self::Pile { .. } => Level::Pile,
            Self::Connector { .. } => Level::Connector,
        }
    }

    /// Whether a place is of it.
    #[must_use]
    pub fn includes(&self, place: &Place) -> bool {
        match self {
            Self::Platform => true,
            Self::Operator { operator_id } => place.operator_id.as_ref() == Some(operator_id),
            Self::Station { station_id } => place.station_id == *station_id,
            Self::Pile { pile_id } => place.pile_id == Some(*pile_id),
            Self::Connector { pile_id, connector_id } => {
                place.pile_id == Some(*pile_id) && place.connector_id == Some(*connector_id)
            }
        }
    }
}

impl Binding {
    /// Whether it is over at an instant.
    #[must_use]
    pub fn is_over(&self, at: DateTime<Utc>) -> bool {
        self.effective_until.is_some_and(|until| until <= at)
    }

    /// Since when and until when both hold, if they ever do.
    fn shared_time(&self, other: &Self) -> Option<(DateTime<Utc>, Option<DateTime<Utc>>)> {
        let from = self.effective_from.max(other.effective_from);
        let until = [self.effective_until, other.effective_until].into_iter().flatten().min();
        until.is_none_or(|until| from < until).then_some((from, until))
    }
}

/// Every two of `bindings` that have one subject and share some time. A binding without any time clashes with none.
#[must_use]
pub fn clashes(bindings: &[Binding]) -> Vec<Clash> {
    let pairs = bindings.iter().enumerate().flat_map(|(index, one)| {
        let others = bindings.iter().skip(index + 1);
        others.filter(|other| one.subject == other.subject).map(move |other| (one, other))
    });
    let clash = |(one, other): (&Binding, &Binding)| {
        let (from, until) = one.shared_time(other)?;
        Some(Clash { one: one.id, other: other.id, from, until })
    };
    pairs.filter_map(clash).collect()
}
