//! Tariffs and their bindings: which tariff applies where and when, and what charging costs.

use super::band::{BandKind, Rate};
use super::binding::{Binding, PricedPlace};
use super::considered::{Considered, Outcome};
use super::currency::Currency;
use super::terms::Terms;
use super::timetable::Timetable;
use super::zone::Zone;
use super::{Tariff, TariffStatus, TariffVersion};
use crate::ids::TariffId;
use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// The tariffs and bindings that may determine the price of a place.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PriceBook {
    /// The bindings, in any order.
    pub bindings: Vec<Binding>,
    /// The bound tariffs.
    pub tariffs: Vec<Tariff>,
}

/// The applicable tariff, and the reasons why other bindings do not apply.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolution<'book> {
    /// The applicable tariff; `None` if there is none.
    pub applied: Option<Applied<'book>>,
    /// The bindings of subjects that include the place, the narrowest first: all that are in force,
    /// and those before and after that the price book contains.
    pub considered: Vec<Considered>,
}

/// The applicable tariff.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Applied<'book> {
    /// The binding that applies.
    pub binding: &'book Binding,
    /// The bound tariff.
    pub tariff: &'book Tariff,
    /// The version in force.
    pub version: &'book TariffVersion,
}

/// The price at an instant, and how it was determined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PriceAt {
    /// The instant, in local time of the zone.
    pub at: DateTime<FixedOffset>,
    /// The price of a kWh, in parts.
    #[serde(flatten)]
    pub rate: Rate,
    /// The total price of a kWh; with tiers, of the energy up to the first threshold.
    #[schemars(with = "super::money::DecimalText")]
    pub price_per_kwh: Decimal,
    /// The terms beyond the price of the first kWh.
    #[serde(flatten)]
    pub terms: Terms,
    /// The currency of the prices.
    pub currency: Currency,
    /// The kind of band.
    pub kind: BandKind,
    /// The tariff that applies.
    pub tariff_id: TariffId,
    /// The number of the version in force.
    pub version: u32,
    /// The index of the schedule that applies on the date.
    pub schedule: usize,
    /// The index of the schedule's band that contains the minute.
    pub band: usize,
    /// The bindings of the place, each with its outcome.
    pub considered: Vec<Considered>,
}

/// Why there is no price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unpriced {
    /// No tariff that is bound to the place applies.
    #[error("no tariff applies at {at:?}")]
    NoTariff {
        /// The instant.
        at: DateTime<Utc>,
        /// The bindings of the place, and why they do not apply.
        considered: Vec<Considered>,
    },
    /// The requested time is outside the priced years or too long.
    #[error("the requested time must be within 1970 to 2099 and span at most {days} days", days = PriceBook::MAX_DAYS)]
    OutOfReach,
    /// The currency changes within the requested time.
    #[error("prices are in {one} and later in {other}")]
    MixedCurrencies {
        /// The first currency.
        one: Currency,
        /// The other currency.
        other: Currency,
    },
}

/// A period in which one version applies.
#[derive(Debug, Clone, Copy)]
pub(super) struct VersionPeriod<'book> {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub applied: Applied<'book>,
}

impl PriceBook {
    /// The maximum length of a priced period, in days.
    pub const MAX_DAYS: i64 = 31;
    /// The priced years: those for which the rules of time zones are available.
    pub const YEARS: RangeInclusive<i32> = 1970..=2099;

    /// The tariff that applies at `place` at the instant `at`, and why.
    #[must_use]
    pub fn resolve(&self, place: &PricedPlace, at: DateTime<Utc>) -> Resolution<'_> {
        let mut here: Vec<_> =
            self.bindings.iter().filter(|binding| binding.subject.includes(place)).collect();
        here.sort_by_key(|binding| (binding.subject.level(), binding.effective_from, binding.id));
        here.reverse();
        let mut applied: Option<Applied<'_>> = None;
        let mut considered = Vec::with_capacity(here.len());
        for binding in here {
            let outcome = match (self.candidate(binding, at), &applied) {
                (Err(outcome), _) => outcome,
                (Ok(_), Some(winner)) => Outcome::Overridden { by: winner.binding.id },
                (Ok(winner), None) => {
                    applied = Some(winner);
                    Outcome::Applies
                }
            };
            let (binding_id, level, tariff_id) = (binding.id, binding.subject.level(), binding.tariff_id);
            considered.push(Considered { binding_id, level, tariff_id, outcome });
        }
        Resolution { applied, considered }
    }

    /// The price at `place` at the instant `at`, and how it was determined.
    ///
    /// # Errors
    /// No tariff applies, or the instant is outside the priced years.
    pub fn price_at(&self, place: &PricedPlace, at: DateTime<Utc>) -> Result<PriceAt, Unpriced> {
        reachable(at, at)?;
        let Resolution { applied, considered } = self.resolve(place, at);
        let Some(Applied { tariff, version, .. }) = applied else {
            return Err(Unpriced::NoTariff { at, considered });
        };
        let shown = version.price_list.zone().local(at);
        let found = version.price_list.band_at(shown.naive_local());
        Ok(PriceAt {
            at: shown,
            rate: found.band.rate,
            price_per_kwh: found.band.rate.per_kwh(),
            terms: Terms::of(&version.price_list, &found),
            currency: tariff.details.currency,
            kind: found.band.kind,
            tariff_id: tariff.id,
            version: version.number,
            schedule: found.schedule,
            band: found.index,
            considered,
        })
    }

    /// The prices of a place for a period, as shown to drivers.
    ///
    /// # Errors
    /// No tariff applies at any instant of the period, or the period is outside the priced years or
    /// too long.
    pub fn timetable(
        &self,
        place: &PricedPlace,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Timetable, Unpriced> {
        reachable(from, to)?;
        let mut timetable = Timetable::default();
        let mut without = None;
        for (from, to) in self.spans(place, from, to) {
            match self.reign(place, from, to) {
                Ok(VersionPeriod { applied: Applied { tariff, version, .. }, .. }) => {
                    timetable.add_prices(&version.price_list, tariff.details.currency, from, to);
                }
                Err(unpriced) => {
                    timetable.add_unpriced(from, to);
                    without.get_or_insert(unpriced);
                }
            }
        }
        match without {
            Some(unpriced) if timetable.rows.is_empty() => Err(unpriced),
            _ => Ok(timetable),
        }
    }

    /// The prices of a place for some dates, 1 for a day and 7 for a week: [`Self::timetable`] from
    /// the beginning of the first date in `zone` to the end of the last one.
    ///
    /// # Errors
    /// As for [`Self::timetable`].
    pub fn timetable_of_days(
        &self,
        place: &PricedPlace,
        zone: Zone,
        first: NaiveDate,
        days: u64,
    ) -> Result<Timetable, Unpriced> {
        let end = first.checked_add_days(Days::new(days)).ok_or(Unpriced::OutOfReach)?;
        if !Self::YEARS.contains(&first.year()) || !Self::YEARS.contains(&end.year()) {
            return Err(Unpriced::OutOfReach);
        }
        self.timetable(place, zone.day_start(first), zone.day_start(end))
    }

    /// The zone of the tariff that applies at `place` at the instant `at`; if none applies, of the
    /// next tariff that does before `until`.
    ///
    /// # Errors
    /// No tariff applies between the two instants.
    pub fn zone(
        &self,
        place: &PricedPlace,
        at: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Zone, Unpriced> {
        let applied = self.spans(place, at, until).find_map(|(from, _)| self.resolve(place, from).applied);
        let none = || Unpriced::NoTariff { at, considered: self.resolve(place, at).considered };
        applied.map(|applied| applied.version.price_list.zone()).ok_or_else(none)
    }

    /// The versions that apply at a place between two instants, in order and without gaps.
    pub(super) fn version_periods(
        &self,
        place: &PricedPlace,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<VersionPeriod<'_>>, Unpriced> {
        reachable(from, to)?;
        self.spans(place, from, to).map(|(from, to)| self.reign(place, from, to)).collect()
    }

    /// The periods between two instants within which nothing changes at a place, in order.
    fn spans(
        &self,
        place: &PricedPlace,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>)> + use<> {
        let changes = self.changes(place);
        let within = changes.into_iter().filter(|change| from < *change && *change < to);
        let starts: Vec<_> = std::iter::once(from).filter(|_| from < to).chain(within).collect();
        let ends: Vec<_> = starts.iter().skip(1).copied().chain([to]).collect();
        starts.into_iter().zip(ends)
    }

    /// The version that applies at a place at `from`, as a period until `to`.
    pub(super) fn reign(
        &self,
        place: &PricedPlace,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<VersionPeriod<'_>, Unpriced> {
        reachable(from, to)?;
        let Resolution { applied, considered } = self.resolve(place, from);
        let applied = applied.ok_or(Unpriced::NoTariff { at: from, considered })?;
        Ok(VersionPeriod { from, to, applied })
    }

    /// All instants at which another version may begin to apply at a place.
    fn changes(&self, place: &PricedPlace) -> BTreeSet<DateTime<Utc>> {
        let mut changes = BTreeSet::new();
        for binding in self.bindings.iter().filter(|binding| binding.subject.includes(place)) {
            changes.insert(binding.effective_from);
            changes.extend(binding.effective_until);
            let versions = self.tariff(binding.tariff_id).into_iter().flat_map(|tariff| &tariff.versions);
            changes.extend(versions.map(|version| version.effective_from));
        }
        changes
    }

    /// The tariff that would apply by a binding if no other did, or the reason why none would.
    fn candidate<'book>(
        &'book self,
        binding: &'book Binding,
        at: DateTime<Utc>,
    ) -> Result<Applied<'book>, Outcome> {
        if let Some(effective_until) = binding.effective_until.filter(|until| *until <= at) {
            return Err(Outcome::Over { effective_until });
        }
        if at < binding.effective_from {
            return Err(Outcome::NotYet { effective_from: binding.effective_from });
        }
        let tariff = self.tariff(binding.tariff_id).ok_or(Outcome::TariffUnknown)?;
        if tariff.details.status != TariffStatus::Active {
            return Err(Outcome::TariffNotActive);
        }
        let version = tariff.version_at(at).ok_or(Outcome::NoVersionInForce)?;
        Ok(Applied { binding, tariff, version })
    }

    fn tariff(&self, id: TariffId) -> Option<&Tariff> {
        self.tariffs.iter().find(|tariff| tariff.id == id)
    }
}

/// Checks that prices are available between two instants.
fn reachable(from: DateTime<Utc>, to: DateTime<Utc>) -> Result<(), Unpriced> {
    let known = [from, to].iter().all(|at| PriceBook::YEARS.contains(&at.year()));
    // One hour more, for clocks that are set back within the longest period.
    let short = to - from <= TimeDelta::days(PriceBook::MAX_DAYS) + TimeDelta::hours(1);
    (known && short).then_some(()).ok_or(Unpriced::OutOfReach)
}
