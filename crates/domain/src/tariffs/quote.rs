//! Quotes: the cost of a session, item by item.

use super::band::{BandKind, Rate};
use super::binding::PricedPlace;
use super::book::{PriceBook, Unpriced, VersionPeriod};
use super::currency::Currency;
use super::energy::Energy;
use super::money::{Money, Price};
use super::price_list::OccupancyFee;
use super::timetable::Walk;
use super::usage::Usage;
use super::{ChangeRule, Tariff};
use crate::ids::TariffId;
use chrono::{DateTime, FixedOffset, TimeDelta};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

/// The cost of a session.
///
/// Energy and prices are exact. Electricity and service of each item, the session fee and occupancy
/// are rounded half up to the minor unit of the currency. Nothing is rounded after that, so totals
/// are sums of the shown amounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Quote {
    /// The currency of all amounts.
    pub currency: Currency,
    /// The rule that was applied to price changes during the session.
    pub change_rule: ChangeRule,
    /// The energy, one item per period with one price, in order and without gaps; empty if the
    /// session takes no time.
    pub items: Vec<EnergyItem>,
    /// The session fee; `None` if there is none.
    pub session_fee: Option<Money>,
    /// The occupancy fee; `None` if there is none, or if the end of occupancy is unknown.
    pub occupancy: Option<OccupancyItem>,
    /// The total energy, in Wh.
    pub energy_wh: Energy,
    /// The sums of all parts.
    pub totals: Totals,
}

/// Energy at one price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EnergyItem {
    /// The start, in local time of the zone.
    pub from: DateTime<FixedOffset>,
    /// The end, exclusive, in local time of the zone.
    pub to: DateTime<FixedOffset>,
    /// The tariff that applied.
    pub tariff_id: TariffId,
    /// The number of the version that applied.
    pub version: u32,
    /// The kind of band.
    pub kind: BandKind,
    /// The price of a kWh, in parts.
    #[serde(flatten)]
    pub rate: Rate,
    /// The energy, in Wh.
    pub energy_wh: Energy,
    /// The cost of the electricity, rounded.
    pub electricity: Money,
    /// The cost of the service, rounded.
    pub service: Money,
}

/// The cost of staying plugged in after the charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OccupancyItem {
    /// The tariff that applied.
    pub tariff_id: TariffId,
    /// The number of the version that applied.
    pub version: u32,
    /// The price per minute.
    pub price_per_minute: Price,
    /// The free minutes.
    pub grace_minutes: u16,
    /// The charged minutes after the free ones, including a started last minute.
    pub charged_minutes: i64,
    /// Whether the cap reduced the amount.
    pub capped: bool,
    /// The cost of all minutes, rounded.
    pub amount: Money,
}

/// The sums of a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// The electricity of all items.
    pub electricity: Money,
    /// The service of all items.
    pub service: Money,
    /// The session fee.
    pub session_fee: Money,
    /// The occupancy fee.
    pub occupancy: Money,
    /// The sum of all of these.
    pub total: Money,
}

impl PriceBook {
    /// The cost of a session at `place` with this `usage`.
    ///
    /// # Errors
    /// No tariff applies to a part of the session, the currency changes, or the session is outside
    /// the priced years or too long.
    pub fn quote(&self, place: &PricedPlace, usage: &Usage) -> Result<Quote, Unpriced> {
        let (start, end) = (usage.started_at(), usage.ended_at());
        let at_start = self.reign(place, start, end)?;
        let change_rule = at_start.applied.tariff.details.change_rule;
        let version_periods = match change_rule {
            ChangeRule::FrozenAtStart => vec![at_start],
            ChangeRule::ByConsumption => self.version_periods(place, start, end)?,
        };
        let held_until = usage.unplugged_at().filter(|unplugged| end < *unplugged);
        let at_end = match change_rule {
            ChangeRule::ByConsumption if held_until.is_some() => self.reign(place, end, end)?,
            _ => at_start,
        };
        let currency = at_start.applied.tariff.details.currency;
        one_currency(currency, version_periods.iter().chain([&at_end]).map(|reign| reign.applied.tariff))?;
        let items = price(currency, stretches(&version_periods), usage);
        let session_fee = at_start.applied.version.price_list.session_fee();
        let session_fee = session_fee.map(|fee| Money::rounded(fee.value(), currency));
        let occupancy = held_until.and_then(|until| occupancy(currency, &at_end, until - end));
        let totals = Totals::of(currency, &items, session_fee, occupancy.as_ref());
        Ok(Quote { currency, change_rule, items, session_fee, occupancy, energy_wh: usage.energy(), totals })
    }
}

/// A period with one price.
struct Stretch {
    from: DateTime<FixedOffset>,
    to: DateTime<FixedOffset>,
    tariff_id: TariffId,
    version: u32,
    kind: BandKind,
    rate: Rate,
}

impl Stretch {
    /// Whether both periods look the same to a driver, apart from their times.
    fn is_like(&self, other: &Self) -> bool {
        (self.tariff_id, self.version, self.kind, self.rate)
            == (other.tariff_id, other.version, other.kind, other.rate)
    }
}

/// The periods with one price, in order, each as long as possible.
fn stretches(version_periods: &[VersionPeriod<'_>]) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = vec![];
    for VersionPeriod { from, to, applied } in version_periods {
        let list = &applied.version.price_list;
        for stay in Walk::new(list, *from, *to) {
            let stretch = Stretch {
                from: list.zone().local(stay.from),
                to: list.zone().local(stay.to),
                tariff_id: applied.tariff.id,
                version: applied.version.number,
                kind: stay.found.band.kind,
                rate: stay.found.band.rate,
            };
            match stretches.last_mut() {
                Some(last) if last.is_like(&stretch) => last.to = stretch.to,
                _ => stretches.push(stretch),
            }
        }
    }
    stretches
}

fn price(currency: Currency, stretches: Vec<Stretch>, usage: &Usage) -> Vec<EnergyItem> {
    let mut drawn_before = Energy::ZERO;
    let item = |stretch: Stretch| {
        // The energies are differences of one curve, so they add up to the total energy regardless
        // of rounding.
        let drawn = usage.energy_until(stretch.to.to_utc());
        let energy_wh = drawn.beyond(drawn_before);
        drawn_before = drawn;
        let cost = |price: Price| Money::rounded(energy_wh.kwh() * price.value(), currency);
        EnergyItem {
            from: stretch.from,
            to: stretch.to,
            tariff_id: stretch.tariff_id,
            version: stretch.version,
            kind: stretch.kind,
            rate: stretch.rate,
            energy_wh,
            electricity: cost(stretch.rate.electricity_price),
            service: cost(stretch.rate.service_fee),
        }
    };
    stretches.into_iter().map(item).collect()
}

/// The cost of occupying a connector for `held` after the charge.
fn occupancy(currency: Currency, reign: &VersionPeriod<'_>, held: TimeDelta) -> Option<OccupancyItem> {
    let OccupancyFee { price_per_minute, grace_minutes, cap } =
        *reign.applied.version.price_list.occupancy()?;
    let charged = held - TimeDelta::minutes(grace_minutes.into());
    let begun = i64::from(charged > TimeDelta::minutes(charged.num_minutes()));
    let charged_minutes = (charged.num_minutes() + begun).max(0);
    let uncapped = price_per_minute.value() * Decimal::from(charged_minutes);
    let capped = cap.filter(|cap| cap.value() < uncapped);
    Some(OccupancyItem {
        tariff_id: reign.applied.tariff.id,
        version: reign.applied.version.number,
        price_per_minute,
        grace_minutes,
        charged_minutes,
        capped: capped.is_some(),
        amount: Money::rounded(capped.map_or(uncapped, Price::value), currency),
    })
}

fn one_currency<'book>(
    one: Currency,
    tariffs: impl IntoIterator<Item = &'book Tariff>,
) -> Result<(), Unpriced> {
    let mut currencies = tariffs.into_iter().map(|tariff| tariff.details.currency);
    currencies
        .find(|other| *other != one)
        .map_or(Ok(()), |other| Err(Unpriced::MixedCurrencies { one, other }))
}

impl Totals {
    fn of(
        currency: Currency,
        items: &[EnergyItem],
        session_fee: Option<Money>,
        occupancy: Option<&OccupancyItem>,
    ) -> Self {
        let electricity = Money::sum(currency, items.iter().map(|item| item.electricity));
        let service = Money::sum(currency, items.iter().map(|item| item.service));
        let session_fee = session_fee.unwrap_or_else(|| Money::zero(currency));
        let occupancy = occupancy.map_or_else(|| Money::zero(currency), |item| item.amount);
        let total = Money::sum(currency, [electricity, service, session_fee, occupancy]);
        Self { electricity, service, session_fee, occupancy, total }
    }
}
