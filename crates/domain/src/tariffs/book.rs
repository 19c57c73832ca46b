//! Tariffs and what they are bound to: which one applies where and when, and what charging costs by it.

use super::band::{BandKind, Rate};
use super::binding::{Binding, Level, Place};
use super::currency::Currency;
use super::timetable::Timetable;
use super::zone::Zone;
use super::{Tariff, TariffStatus, TariffVersion};
use crate::ids::{BindingId, TariffId};
use chrono::{DateTime, Datelike, Days, FixedOffset, NaiveDate, TimeDelta, Utc};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeSet;
use std::ops::RangeInclusive;

/// Tariffs, and what they are bound to: all that may say what a place costs.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PriceBook {
    /// Bindings, in any order.
    pub bindings: Vec<Binding>,
    /// The tariffs that are bound.
    pub tariffs: Vec<Tariff>,
}

/// What applies, and what does not and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolution<'book> {
    /// What applies; `None` when nothing does.
    pub applied: Option<Applied<'book>>,
    /// Every binding that the place is of, the narrowest first.
    pub considered: Vec<Considered>,
}

/// What applies.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Applied<'book> {
    /// By which binding.
    pub binding: &'book Binding,
    /// The tariff.
    pub tariff: &'book Tariff,
    /// The version of it that is in force.
    pub version: &'book TariffVersion,
}

/// A binding that the place is of, and what became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Considered {
    /// The binding.
    pub binding_id: BindingId,
    /// How narrow its subject is.
    pub level: Level,
    /// The tariff that it binds.
    pub tariff_id: TariffId,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// Why a binding applies, or does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Outcome {
    /// It applies: of those that could, it has the narrowest subject.
    Applies,
    /// It has not begun.
    NotYet,
    /// It is over.
    Over,
    /// Its tariff is not known.
    TariffUnknown,
    /// Its tariff is a draft.
    TariffNotActive,
    /// No version of its tariff is in force yet.
    NoVersionInForce,
    /// It could apply, but another one does, whose subject is narrower. (Of two with one subject, which clash, the one that began later applies, and of two that began together the one with the greater id.)
    Overridden {
        /// The one that applies.
        by: BindingId,
    },
}

/// The price at an instant, and why it is that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PriceAt {
    /// The instant, as the clock of the zone shows it.
    pub at: DateTime<FixedOffset>,
    /// What a kWh costs, in parts.
    #[serde(flatten)]
    pub rate: Rate,
    /// What a kWh costs, all together.
    #[schemars(with = "super::money::DecimalText")]
    pub price_per_kwh: Decimal,
    /// What prices are in.
    pub currency: Currency,
    /// What the time is called.
    pub kind: BandKind,
    /// The tariff that applies.
    pub tariff_id: TariffId,
    /// The number of its version that is in force.
    pub version: u32,
    /// Which schedule of the version has the date, counted from 0.
    pub schedule: usize,
    /// Which band of the schedule has the minute, counted from 0.
    pub band: usize,
    /// What is bound here, and what became of it.
    pub considered: Vec<Considered>,
}

/// Why there is no price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unpriced {
    /// Nothing that is bound to the place applies.
    #[error("no tariff applies at {at:?}")]
    NoTariff {
        /// When.
        at: DateTime<Utc>,
        /// What is bound there, and why it does not apply.
        considered: Vec<Considered>,
    },
    /// Too far away, or too long.
    #[error("prices are told for times from 1970 to 2099, for at most {days} days at once", days = PriceBook::MAX_DAYS)]
    OutOfReach,
    /// The currency changes.
    #[error("prices are in {one} and later in {other}")]
    MixedCurrencies {
        /// One currency.
        one: Currency,
        /// Another one.
        other: Currency,
    },
}

/// A time in which one version applies.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reign<'book> {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub applied: Applied<'book>,
}

impl PriceBook {
    /// The longest time that prices are told for at once, in days.
    pub const MAX_DAYS: i64 = 31;
    /// The years for which prices are told: those for which the rules of zones are worked out.
    pub const YEARS: RangeInclusive<i32> = 1970..=2099;

    /// Which tariff applies at a place, at an instant, and why.
    #[must_use]
    pub fn resolve(&self, place: &Place, at: DateTime<Utc>) -> Resolution<'_> {
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

    /// The price at a place, at an instant, and why it is that.
    ///
    /// # Errors
    /// When no tariff applies, or the instant is too far away.
    pub fn price_at(&self, place: &Place, at: DateTime<Utc>) -> Result<PriceAt, Unpriced> {
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
            currency: tariff.details.currency,
            kind: found.band.kind,
            tariff_id: tariff.id,
            version: version.number,
            schedule: found.schedule,
            band: found.index,
            considered,
        })
    }

    /// What a place costs through some time, as a driver is shown it.
    ///
    /// # Errors
    /// When at no instant of it a tariff applies, or the time is too far away or too long.
    pub fn timetable(
        &self,
        place: &Place,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Timetable, Unpriced> {
        reachable(from, to)?;
        let mut timetable = Timetable::default();
        let mut without = None;
        for (from, to) in self.spans(place, from, to) {
            match self.reign(place, from, to) {
                Ok(Reign { applied: Applied { tariff, version, .. }, .. }) => {
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

    /// What a place costs on some dates, 1 for a day and 7 for a week: [`Self::timetable`] from the begin of the first date in
    /// `zone` to the end of the last one.
    ///
    /// # Errors
    /// As for [`Self::timetable`].
    pub fn timetable_of_days(
        &self,
        place: &Place,
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

    /// The zone of what applies at a place, at an instant; if nothing does, of what does next, before `until`.
    ///
    /// # Errors
    /// When no tariff applies from then on until then.
    pub fn zone(&self, place: &Place, at: DateTime<Utc>, until: DateTime<Utc>) -> Result<Zone, Unpriced> {
        let applied = self.spans(place, at, until).find_map(|(from, _)| self.resolve(place, from).applied);
        let none = || Unpriced::NoTariff { at, considered: self.resolve(place, at).considered };
        applied.map(|applied| applied.version.price_list.zone()).ok_or_else(none)
    }

    /// The versions that apply at a place from one instant to another, in order, without a gap.
    pub(super) fn reigns(
        &self,
        place: &Place,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Vec<Reign<'_>>, Unpriced> {
        reachable(from, to)?;
        self.spans(place, from, to).map(|(from, to)| self.reign(place, from, to)).collect()
    }

    /// The times from one instant to another within which nothing changes at a place, in order.
    fn spans(
        &self,
        place: &Place,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> impl Iterator<Item = (DateTime<Utc>, DateTime<Utc>)> + use<> {
        let changes = self.changes(place);
        let within = changes.into_iter().filter(|change| from < *change && *change < to);
        let starts: Vec<_> = std::iter::once(from).filter(|_| from < to).chain(within).collect();
        let ends: Vec<_> = starts.iter().skip(1).copied().chain([to]).collect();
        starts.into_iter().zip(ends)
    }

    /// The version that applies at a place, at `from`, and is said to until `to`.
    pub(super) fn reign(
        &self,
        place: &Place,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Result<Reign<'_>, Unpriced> {
        reachable(from, to)?;
        let Resolution { applied, considered } = self.resolve(place, from);
        let applied = applied.ok_or(Unpriced::NoTariff { at: from, considered })?;
        Ok(Reign { from, to, applied })
    }

    /// Every instant at which another version may begin to apply at a place.
    fn changes(&self, place: &Place) -> BTreeSet<DateTime<Utc>> {
        let mut changes = BTreeSet::new();
        for binding in self.bindings.iter().filter(|binding| binding.subject.includes(place)) {
            changes.insert(binding.effective_from);
            changes.extend(binding.effective_until);
            let versions = self.tariff(binding.tariff_id).into_iter().flat_map(|tariff| &tariff.versions);
            changes.extend(versions.map(|version| version.effective_from));
        }
        changes
    }

    /// What would apply by a binding if no other did, or why it would not.
    fn candidate<'book>(
        &'book self,
        binding: &'book Binding,
        at: DateTime<Utc>,
    ) -> Result<Applied<'book>, Outcome> {
        if binding.is_over(at) {
            return Err(Outcome::Over);
        }
        if at < binding.effective_from {
            return Err(Outcome::NotYet);
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

/// Whether prices are told from one instant to another.
fn reachable(from: DateTime<Utc>, to: DateTime<Utc>) -> Result<(), Unpriced> {
    let known = [from, to].iter().all(|at| PriceBook::YEARS.contains(&at.year()));
    // An hour more, for clocks that are set back within the longest time.
    let short = to - from <= TimeDelta::days(PriceBook::MAX_DAYS) + TimeDelta::hours(1);
    (known && short).then_some(()).ok_or(Unpriced::OutOfReach)
}
