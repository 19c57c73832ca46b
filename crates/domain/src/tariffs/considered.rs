//! The bindings that were considered for a price, each with the reason why it applies or not.

use super::binding::Level;
use crate::ids::{BindingId, TariffId};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

/// A binding of a subject that includes the place, and its outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Considered {
    /// The binding.
    pub binding_id: BindingId,
    /// The level of its subject.
    pub level: Level,
    /// The bound tariff.
    pub tariff_id: TariffId,
    /// Why the binding applies or does not apply.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// Why a binding applies or does not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Outcome {
    /// The binding applies: of the candidates, it has the narrowest subject.
    Applies,
    /// The binding begins later.
    NotYet {
        /// When the binding begins, RFC 3339 in UTC.
        effective_from: DateTime<Utc>,
    },
    /// The binding has ended.
    Over {
        /// When the binding ended, RFC 3339 in UTC.
        effective_until: DateTime<Utc>,
    },
    /// The bound tariff is unknown.
    TariffUnknown,
    /// The bound tariff is a draft.
    TariffNotActive,
    /// No version of the bound tariff is in force yet.
    NoVersionInForce,
    /// The binding could apply, but one with a narrower subject does. (Of two overlapping bindings
    /// of one subject, the one that began later applies, and of two that began together, the one
    /// with the greater id.)
    Overridden {
        /// The binding that applies.
        by: BindingId,
    },
}
