//! The bands of a price list as they follow one another in real time.

use super::band::{BandKind, Rate};
use super::currency::Currency;
use super::price_list::{FoundBand, PriceList, minute_of_day};
use chrono::{DateTime, FixedOffset, Utc};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

/// A time with one price, as a driver is shown it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TimetableRow {
    /// When it begins, as the clock of the zone shows it.
    pub from: DateTime<FixedOffset>,
    /// When it ends, that instant not included.
    pub to: DateTime<FixedOffset>,
    /// What it is called.
    pub kind: BandKind,
    /// What a kWh costs, in parts.
    #[serde(flatten)]
    pub rate: Rate,
    /// What a kWh costs, all together.
    #[schemars(with = "super::money::DecimalText")]
    pub price_per_kwh: Decimal,
    /// What prices are in.
    pub currency: Currency,
}

/// A time in which one band goes on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stay<'list> {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub found: FoundBand<'list>,
}

/// The stays in bands from one instant to another: they follow one another without a gap, and none is empty.
pub(super) struct Walk<'list> {
    list: &'list PriceList,
    at: DateTime<Utc>,
    end: DateTime<Utc>,
}

impl<'list> Walk<'list> {
    pub(super) const fn new(list: &'list PriceList, from: DateTime<Utc>, to: DateTime<Utc>) -> Self {
        Self { list, at: from, end: to }
    }
}

impl<'list> Iterator for Walk<'list> {
    type Item = Stay<'list>;

    fn next(&mut self) -> Option<Stay<'list>> {
        if self.at >= self.end {
            return None;
        }
        let shown = self.list.zone().local(self.at).naive_local();
        let found = self.list.band_at(shown);
        let until = found.goes_on_until(minute_of_day(shown));
        let from = self.at;
        self.at = self.list.zone().until(from, until).min(self.end);
        Some(Stay { from, to: self.at, found })
    }
}

/// Adds a row, or lets the last one go on where nothing changes for the driver.
pub(super) fn add(rows: &mut Vec<TimetableRow>, row: TimetableRow) {
    match rows.last_mut() {
        Some(last) if (last.kind, last.rate, last.currency) == (row.kind, row.rate, row.currency) => {
            last.to = row.to;
        }
        _ => rows.push(row),
    }
}
