//! Bindings: the subject that a tariff prices, and for how long.

use crate::assets::Placement;
use crate::ids::{BindingId, ConnectorId, PileId, StationId, TariffId};
use crate::text::Label;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The assignment of a tariff to a subject for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Binding {
    /// The binding id.
    pub id: BindingId,
    /// The subject that is priced.
    pub subject: Subject,
    /// The tariff.
    pub tariff_id: TariffId,
    /// Start of the binding.
    pub effective_from: DateTime<Utc>,
    /// End of the binding, exclusive; `None` if it is open.
    pub effective_until: Option<DateTime<Utc>>,
}

/// The subjects of bindings.
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
        /// The operator.
        operator_id: Label,
    },
    /// A station.
    #[schemars(title = "StationSubject")]
    Station {
        /// The station.
        station_id: StationId,
    },
    /// A pile.
    #[schemars(title = "PileSubject")]
    Pile {
        /// The pile.
        pile_id: PileId,
    },
    /// A connector of a pile.
    #[schemars(title = "ConnectorSubject")]
    Connector {
        /// The pile.
        pile_id: PileId,
        /// The connector.
        connector_id: ConnectorId,
    },
}

/// How narrow a subject is, the widest first. The narrowest level applies.
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
    /// The name in the API and in storage.
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

/// The place for which a price is requested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedPlace {
    /// The operator of the station; `None` if not stated.
    pub operator_id: Option<Label>,
    /// The station.
    pub station_id: StationId,
    /// The pile; `None` for the price of the station as a whole.
    pub pile_id: Option<PileId>,
    /// The connector of the pile; `None` for the price of the pile as a whole.
    pub connector_id: Option<ConnectorId>,
}

impl PricedPlace {
    /// A connector of the pile of `placement`.
    #[must_use]
    pub fn of_connector(placement: &Placement, connector_id: ConnectorId) -> Self {
        Self {
            operator_id: placement.operator_id.clone(),
            station_id: placement.station_id,
            pile_id: Some(placement.pile_id),
            connector_id: Some(connector_id),
        }
    }
}

/// Two bindings of one subject that overlap in time, so that neither is narrower.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BindingOverlap {
    /// The first binding.
    pub one: BindingId,
    /// The second binding.
    pub other: BindingId,
    /// Start of the overlap.
    pub from: DateTime<Utc>,
    /// End of the overlap; `None` if it is open.
    pub until: Option<DateTime<Utc>>,
}

impl Subject {
    /// The level of the subject.
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

    /// Whether the subject includes `place`.
    #[must_use]
    pub fn includes(&self, place: &PricedPlace) -> bool {
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
    /// Whether the binding has ended at `at`.
    #[must_use]
    pub fn is_over(&self, at: DateTime<Utc>) -> bool {
        self.effective_until.is_some_and(|until| until <= at)
    }

    /// Start and end of the overlap, if the bindings overlap.
    fn shared_time(&self, other: &Self) -> Option<(DateTime<Utc>, Option<DateTime<Utc>>)> {
        let from = self.effective_from.max(other.effective_from);
        let until = [self.effective_until, other.effective_until].into_iter().flatten().min();
        until.is_none_or(|until| from < until).then_some((from, until))
    }
}

/// All pairs of `bindings` with one subject that overlap in time. A binding of no duration overlaps
/// none.
#[must_use]
pub fn clashes(bindings: &[Binding]) -> Vec<BindingOverlap> {
    let pairs = bindings.iter().enumerate().flat_map(|(index, one)| {
        let others = bindings.iter().skip(index + 1);
        others.filter(|other| one.subject == other.subject).map(move |other| (one, other))
    });
    let clash = |(one, other): (&Binding, &Binding)| {
        let (from, until) = one.shared_time(other)?;
        Some(BindingOverlap { one: one.id, other: other.id, from, until })
    };
    pairs.filter_map(clash).collect()
}
