//! The bands of a price list as a sequence in time.

use super::band::{BandKind, Rate};
use super::currency::Currency;
use super::price_list::{FoundBand, PriceList, minute_of_day};
use super::terms::Terms;
use chrono::{DateTime, FixedOffset, Utc};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::Serialize;

/// A period with one price, as shown to drivers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TimetableRow {
    /// The start, in local time of the zone.
    pub from: DateTime<FixedOffset>,
    /// The end, exclusive, in local time of the zone.
    pub to: DateTime<FixedOffset>,
    /// The kind of band.
    pub kind: BandKind,
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
}

/// The prices of a place for a period: rows and unpriced times together cover each instant of it
/// once.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "TimetableRows")]
pub struct Timetable {
    /// The rows in order. Each has another price or kind than the one before it, or follows an
    /// unpriced time.
    pub rows: Vec<TimetableRow>,
    /// The times without an applicable tariff, in order.
    pub unpriced: Vec<UnpricedTime>,
}

/// A time without an applicable tariff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnpricedTime {
    /// The start.
    pub from: DateTime<Utc>,
    /// The end, exclusive.
    pub to: DateTime<Utc>,
}

/// A period within one band.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stay<'list> {
    pub from: DateTime<Utc>,
    pub to: DateTime<Utc>,
    pub found: FoundBand<'list>,
}

/// The periods within bands between two instants: they follow one another without gaps, and none is
/// empty.
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

impl Timetable {
    /// Adds a row, or extends the last one if nothing changes for the driver.
    fn add(&mut self, row: TimetableRow) {
        match self.rows.last_mut() {
            Some(last)
                if last.to == row.from
                    && (last.kind, last.rate, &last.terms, last.currency)
                        == (row.kind, row.rate, &row.terms, row.currency) =>
            {
                last.to = row.to;
            }
            _ => self.rows.push(row),
        }
    }

    /// Adds the prices of a version for a period.
    pub(super) fn add_prices(
        &mut self,
        list: &PriceList,
        currency: Currency,
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) {
        for stay in Walk::new(list, from, to) {
            self.add(TimetableRow {
                from: list.zone().local(stay.from),
                to: list.zone().local(stay.to),
                kind: stay.found.band.kind,
                rate: stay.found.band.rate,
                price_per_kwh: stay.found.band.rate.per_kwh(),
                terms: Terms::of(list, &stay.found),
                currency,
            });
        }
    }

    /// Adds a time without an applicable tariff.
    pub(super) fn add_unpriced(&mut self, from: DateTime<Utc>, to: DateTime<Utc>) {
        match self.unpriced.last_mut() {
            Some(last) if last.to == from => last.to = to,
            _ => self.unpriced.push(UnpricedTime { from, to }),
        }
    }
}
