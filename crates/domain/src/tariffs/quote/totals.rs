//! The sums of a quote, and its tax.

use super::{ChargingTimeItem, EnergyItem, OccupancyItem};
use crate::tariffs::currency::Currency;
use crate::tariffs::money::Money;
use crate::tariffs::tax::TaxPercent;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The tax at one rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TaxItem {
    /// The rate, in percent.
    pub percent: TaxPercent,
    /// The sum of the amounts with this rate, without tax.
    pub net: Money,
    /// The tax on that sum, rounded.
    pub tax: Money,
}

/// The sums of a quote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// The electricity of all items.
    pub electricity: Money,
    /// The service of all items.
    pub service: Money,
    /// The fee for the time of charging.
    pub charging_time: Money,
    /// The session fee.
    pub session_fee: Money,
    /// The occupancy fee.
    pub occupancy: Money,
    /// The sum of all of these, without the tax that is shown apart.
    pub total: Money,
    /// The sum of the taxes; null if no version of the session names a tax rate.
    pub tax: Option<Money>,
    /// `total` and `tax` together; null if `tax` is.
    pub total_with_tax: Option<Money>,
}

impl Totals {
    /// The sum to pay: with tax if a version of the session names a tax rate.
    #[must_use]
    pub fn to_pay(&self) -> Money {
        self.total_with_tax.unwrap_or(self.total)
    }
}

/// All amounts of a quote, and the tax rate of the session fee.
pub(super) struct Amounts<'quote> {
    pub currency: Currency,
    pub items: &'quote [EnergyItem],
    pub charging_time: &'quote [ChargingTimeItem],
    pub session_fee: Option<Money>,
    pub session_fee_tax: Option<TaxPercent>,
    pub occupancy: Option<&'quote OccupancyItem>,
}

impl Amounts<'_> {
    /// The tax of each rate, in ascending order of rates.
    pub fn taxes(&self) -> Vec<TaxItem> {
        let energy = self
            .items
            .iter()
            .flat_map(|item| [item.electricity, item.service].map(|money| (item.tax_percent, money)));
        let charging_time = self.charging_time.iter().map(|item| (item.tax_percent, item.amount));
        let session_fee = self.session_fee.map(|fee| (self.session_fee_tax, fee));
        let occupancy = self.occupancy.map(|item| (item.tax_percent, item.amount));
        let mut sums: BTreeMap<TaxPercent, Decimal> = BTreeMap::new();
        for (percent, money) in energy.chain(charging_time).chain(session_fee).chain(occupancy) {
            if let Some(percent) = percent {
                *sums.entry(percent).or_default() += money.amount();
            }
        }
        let item = |(percent, net): (TaxPercent, Decimal)| TaxItem {
            percent,
            net: Money::rounded(net, self.currency),
            tax: Money::rounded(percent.of(net), self.currency),
        };
        sums.into_iter().map(item).collect()
    }

    /// The sums, with `taxes`, which are those of these amounts.
    pub fn totals(&self, taxes: &[TaxItem]) -> Totals {
        let sum = |amounts: &mut dyn Iterator<Item = Money>| Money::sum(self.currency, amounts);
        let electricity = sum(&mut self.items.iter().map(|item| item.electricity));
        let service = sum(&mut self.items.iter().map(|item| item.service));
        let charging_time = sum(&mut self.charging_time.iter().map(|item| item.amount));
        let session_fee = sum(&mut self.session_fee.into_iter());
        let occupancy = sum(&mut self.occupancy.into_iter().map(|item| item.amount));
        let parts = [electricity, service, charging_time, session_fee, occupancy];
        let total = sum(&mut parts.into_iter());
        let tax = (!taxes.is_empty()).then(|| sum(&mut taxes.iter().map(|item| item.tax)));
        let total_with_tax = tax.map(|tax| sum(&mut [total, tax].into_iter()));
        Totals { electricity, service, charging_time, session_fee, occupancy, total, tax, total_with_tax }
    }
}
