//! The versions that a price rests on, and the bindings by which they applied.

use crate::ids::{BindingId, TariffId};
use crate::tariffs::binding::{Level, PricedPlace};
use crate::tariffs::book::{PriceBook, Unpriced, VersionPeriod};
use crate::tariffs::usage::Usage;
use crate::tariffs::{Applied, ChangeRule};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

/// A version of a tariff that priced a part of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AppliedTariff {
    /// Beginning of the part, RFC 3339 in UTC.
    pub from: DateTime<Utc>,
    /// End of the part, exclusive, RFC 3339 in UTC. It equals `from` for the version that prices
    /// only the occupancy after the charge.
    pub to: DateTime<Utc>,
    /// The binding by which the tariff applied.
    pub binding_id: BindingId,
    /// The level of the binding's subject.
    pub level: Level,
    /// The tariff.
    pub tariff_id: TariffId,
    /// The number of the version.
    pub version: u32,
}

impl AppliedTariff {
    fn of(VersionPeriod { from, to, applied }: &VersionPeriod<'_>) -> Self {
        let Applied { binding, tariff, version } = applied;
        Self {
            from: *from,
            to: *to,
            binding_id: binding.id,
            level: binding.subject.level(),
            tariff_id: tariff.id,
            version: version.number,
        }
    }

    /// Whether the same version applied by the same binding.
    fn is_like(&self, other: &Self) -> bool {
        (self.binding_id, self.tariff_id, self.version) == (other.binding_id, other.tariff_id, other.version)
    }
}

impl PriceBook {
    /// The versions and bindings that price `usage` at `place`, in order of time; adjacent parts
    /// with the same version and binding are one.
    ///
    /// # Errors
    /// As for [`PriceBook::quote`].
    pub(super) fn applied(&self, place: &PricedPlace, usage: &Usage) -> Result<Vec<AppliedTariff>, Unpriced> {
        let (start, end) = (usage.started_at(), usage.ended_at());
        let at_start = self.reign(place, start, end)?;
        if at_start.applied.tariff.details.change_rule == ChangeRule::FrozenAtStart || start == end {
            return Ok(vec![AppliedTariff::of(&at_start)]);
        }
        let mut periods = self.version_periods(place, start, end)?;
        if usage.unplugged_at().is_some_and(|unplugged| end < unplugged) {
            periods.push(self.reign(place, end, end)?);
        }
        let mut applied: Vec<AppliedTariff> = Vec::with_capacity(periods.len());
        for part in periods.iter().map(AppliedTariff::of) {
            match applied.last_mut() {
                Some(last) if last.is_like(&part) => last.to = part.to,
                _ => applied.push(part),
            }
        }
        Ok(applied)
    }
}
