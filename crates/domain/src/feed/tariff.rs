//! The bodies of changes of tariffs and their bindings.

use crate::ids::{BindingId, TariffId};
use crate::tariffs::{Binding, Subject};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What was done to a tariff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TariffAction {
    /// The tariff was created.
    Created,
    /// Its details were edited.
    Updated,
    /// A version of it was published, in force immediately or later.
    Published,
    /// A published version came into force.
    Activated,
    /// The tariff was retired.
    Retired,
}

impl TariffAction {
    /// All actions.
    pub const ALL: [Self; 5] =
        [Self::Created, Self::Updated, Self::Published, Self::Activated, Self::Retired];
}

/// A tariff was created, edited or retired, or a version of it was published or came into force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TariffChanged {
    /// The tariff.
    pub tariff_id: TariffId,
    /// What was done.
    pub action: TariffAction,
    /// The revision of the tariff: 1 when created, one more with each edit. Versions of its prices
    /// do not count.
    pub version: i64,
    /// The version of its prices; `None` if the change concerns none.
    pub prices: Option<PricesChanged>,
}

/// The version of a tariff's prices that a change concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PricesChanged {
    /// The number of the version.
    pub number: u32,
    /// The instant since which the version is in force.
    pub effective_from: DateTime<Utc>,
}

/// What was done to a binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BindingAction {
    /// The binding was created.
    Made,
    /// The binding was given an end, or an earlier one.
    Ended,
}

impl BindingAction {
    /// All actions.
    pub const ALL: [Self; 2] = [Self::Made, Self::Ended];
}

/// The complete current state of a binding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TariffBindingChanged {
    /// The binding.
    pub binding_id: BindingId,
    /// What was done.
    pub action: BindingAction,
    /// The tariff.
    pub tariff_id: TariffId,
    /// The subject of the binding.
    pub subject: Subject,
    /// Start of the binding.
    pub effective_from: DateTime<Utc>,
    /// End of the binding, exclusive; `None` if it is open.
    pub effective_until: Option<DateTime<Utc>>,
}

impl TariffBindingChanged {
    /// The state of a binding after `action`.
    #[must_use]
    pub fn of(binding: &Binding, action: BindingAction) -> Self {
        Self {
            binding_id: binding.id,
            action,
            tariff_id: binding.tariff_id,
            subject: binding.subject.clone(),
            effective_from: binding.effective_from,
            effective_until: binding.effective_until,
        }
    }
}
