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

/// What a place costs through some time: rows and times without a price together have all of it, each instant once.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "TimetableRows")]
pub struct Timetable {
    /// In order. Each has another price or name than the one before it, or comes after a time without a price.
    pub rows: Vec<TimetableRow>,
    /// The times in which no tariff applies, in order.
    pub unpriced: Vec<UnpricedTime>,
}

/// A time in which no tariff applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct UnpricedTime {
    /// When it begins.
    pub from: DateTime<Utc>,
    /// When it ends, that instant not included.
    pub to: DateTime<Utc>,
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

impl Timetable {
    /// Adds a row, or lets the last one go on where nothing changes for the driver.
    fn add(&mut self, row: TimetableRow) {
        match self.rows.last_mut() {
            Some(last)
                if last.to == row.from
                    && (last.kind, last.rate, last.currency) == (row.kind, row.rate, row.currency) =>
            {
                last.to = row.to;
            }
            _ => self.rows.push(row),
        }
    }

    /// Adds what a version costs through some time.
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
                currency,
            });
        }
    }

    /// Adds a time in which no tariff applies.
    pub(super) fn add_unpriced(&mut self, from: DateTime<Utc>, to: DateTime<Utc>) {
        match self.unpriced.last_mut() {
            Some(last) if last.to == from => last.to = to,
            _ => self.unpriced.push(UnpricedTime { from, to }),
        }
    }
}
