//! Quotes: the cost of a session, item by item.

mod charging_time_items;
mod energy_items;
mod occupancy_item;
mod totals;

pub use charging_time_items::ChargingTimeItem;
pub use energy_items::EnergyItem;
pub use occupancy_item::OccupancyItem;
pub use totals::{TaxItem, Totals};

use super::binding::PricedPlace;
use super::book::{PriceBook, Unpriced};
use super::currency::Currency;
use super::energy::Energy;
use super::money::Money;
use super::usage::Usage;
use super::{ChangeRule, Tariff};
use charging_time_items::charging_time_items;
use energy_items::energy_items;
use occupancy_item::occupancy_item;
use schemars::JsonSchema;
use serde::Serialize;
use totals::Amounts;

/// The cost of a session.
///
/// Energy and prices are exact. Electricity and service of each item, the time of charging, the
/// session fee and occupancy are rounded half up to the minor unit of the currency. Totals are sums
/// of the shown amounts. Only tax is rounded after that: once for each rate, on the sum of the
/// amounts with that rate.
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
    /// The time of charging, one item per version that has a fee for it, in order; empty if there is
    /// none.
    pub charging_time: Vec<ChargingTimeItem>,
    /// The session fee; `None` if there is none.
    pub session_fee: Option<Money>,
    /// The occupancy fee; `None` if there is none, or if the end of occupancy is unknown.
    pub occupancy: Option<OccupancyItem>,
    /// The total energy, in Wh.
    pub energy_wh: Energy,
    /// The tax, one item per rate in ascending order; empty if no version of the session names a
    /// tax rate. The session fee has the rate of the version at the start.
    pub taxes: Vec<TaxItem>,
    /// The sums of all parts.
    pub totals: Totals,
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
        let items = energy_items(currency, &version_periods, usage);
        let charging_time = charging_time_items(currency, &version_periods, usage);
        let list_at_start = &at_start.applied.version.price_list;
        let session_fee = list_at_start.session_fee().map(|fee| Money::rounded(fee.value(), currency));
        let occupancy = held_until.and_then(|until| occupancy_item(currency, &at_end, until - end));
        let amounts = Amounts {
            currency,
            items: &items,
            charging_time: &charging_time,
            session_fee,
            session_fee_tax: list_at_start.tax_percent(),
            occupancy: occupancy.as_ref(),
        };
        let taxes = amounts.taxes();
        let totals = amounts.totals(&taxes);
        let energy_wh = usage.energy();
        Ok(Quote {
            currency,
            change_rule,
            items,
            charging_time,
            session_fee,
            occupancy,
            energy_wh,
            taxes,
            totals,
        })
    }
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
