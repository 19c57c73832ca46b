//! The bodies of changes of tariffs and of what they are bound to.

use crate::ids::{BindingId, TariffId};
use crate::tariffs::{Binding, Subject};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What was done to a tariff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum TariffAction {
    /// It was made.
    Created,
    /// What is said of it was edited.
    Updated,
    /// A version of it was published, for now or for later.
    Published,
    /// The instant came since which a published version is in force.
    Activated,
    /// It was taken out of sight.
    Retired,
}

impl TariffAction {
    /// Every action.
    pub const ALL: [Self; 5] =
        [Self::Created, Self::Updated, Self::Published, Self::Activated, Self::Retired];
}

/// A tariff was made, edited or retired, or a version of it was published or came into force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TariffChanged {
    /// The tariff.
    pub tariff_id: TariffId,
    /// What was done.
    pub action: TariffAction,
    /// How often it was edited by then: 1 when it was made, one more with each edit. Versions of its prices do not count.
    pub version: i64,
    /// The version of its prices; `None` when it is about none.
    pub prices: Option<PricesChanged>,
}

/// A version of a tariff's prices, of which there is news.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PricesChanged {
    /// Its number.
    pub number: u32,
    /// Since when it is in force.
    pub effective_from: DateTime<Utc>,
}

/// What was done to a binding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum BindingAction {
    /// It was made.
    Made,
    /// It was given an end, or an earlier one.
    Ended,
}

impl BindingAction {
    /// Every action.
    pub const ALL: [Self; 2] = [Self::Made, Self::Ended];
}

/// A binding of a tariff, whole, as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TariffBindingChanged {
    /// The binding.
    pub binding_id: BindingId,
    /// What was done.
    pub action: BindingAction,
    /// The tariff.
    pub tariff_id: TariffId,
    /// What is priced by it.
    pub subject: Subject,
    /// Since when.
    pub effective_from: DateTime<Utc>,
    /// Until when; `None` if no end is known.
    pub effective_until: Option<DateTime<Utc>>,
}

impl TariffBindingChanged {
    /// A binding as it is since `action`.
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
