//! What sessions would have earned under another version of the prices.

use super::binding::{Binding, PricedPlace, Subject};
use super::book::PriceBook;
use super::currency::Currency;
use super::energy::Energy;
use super::money::Money;
use super::price_list::PriceList;
use super::quote::Totals;
use super::usage::Usage;
use super::{Tariff, TariffDetails, TariffStatus, TariffVersion};
use crate::ids::{BindingId, StationId, TariffId};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

/// What a session came to, by its latest receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricedSession {
    /// The readings and the occupancy that the receipt rests on.
    pub usage: Usage,
    /// The sums of the receipt.
    pub totals: Totals,
}

/// What sessions earned, and what they would have earned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WhatIf {
    /// The number of compared sessions.
    pub sessions: usize,
    /// The energy of the compared sessions, in Wh.
    pub energy_wh: Energy,
    /// What they earned, by their latest receipts.
    pub earned: Earnings,
    /// What they would have earned.
    pub would_earn: Earnings,
    /// The number of sessions that are not compared, because they have no price or no receipt yet.
    pub unpriced: usize,
    /// The number of sessions that are not compared, because they have prices in another currency.
    pub other_currency: usize,
}

/// The sums of sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Earnings {
    /// The electricity.
    pub electricity: Money,
    /// The service.
    pub service: Money,
    /// The fees for the time of charging.
    pub charging_time: Money,
    /// The session fees.
    pub session_fee: Money,
    /// The occupancy fees.
    pub occupancy: Money,
    /// The taxes that are shown apart; zero if none are.
    pub tax: Money,
    /// The sum of all of these.
    pub total: Money,
}

impl Earnings {
    fn zero(currency: Currency) -> Self {
        let zero = Money::zero(currency);
        Self {
            electricity: zero,
            service: zero,
            charging_time: zero,
            session_fee: zero,
            occupancy: zero,
            tax: zero,
            total: zero,
        }
    }

    fn plus(self, totals: &Totals) -> Self {
        let sum = |one: Money, other: Money| Money::sum(one.currency(), [one, other]);
        Self {
            electricity: sum(self.electricity, totals.electricity),
            service: sum(self.service, totals.service),
            charging_time: sum(self.charging_time, totals.charging_time),
            session_fee: sum(self.session_fee, totals.session_fee),
            occupancy: sum(self.occupancy, totals.occupancy),
            tax: totals.tax.map_or(self.tax, |tax| sum(self.tax, tax)),
            total: sum(self.total, totals.to_pay()),
        }
    }
}

/// A comparison in progress.
#[derive(Debug, Clone, PartialEq)]
pub struct Comparison {
    book: PriceBook,
    place: PricedPlace,
    currency: Currency,
    outcome: WhatIf,
}

impl Comparison {
    /// Compares with `price_list` of the tariff `id`, as if it had always been in force at `station`.
    #[must_use]
    pub fn new(id: TariffId, details: TariffDetails, price_list: PriceList, station: StationId) -> Self {
        let (always, currency) = (DateTime::<Utc>::MIN_UTC, details.currency);
        let versions = vec![TariffVersion { number: 1, effective_from: always, price_list }];
        let details = TariffDetails { status: TariffStatus::Active, ..details };
        let binding = Binding {
            id: BindingId(Uuid::nil()),
            subject: Subject::Platform,
            tariff_id: id,
            effective_from: always,
            effective_until: None,
        };
        let none = Earnings::zero(currency);
        Self {
            book: PriceBook { bindings: vec![binding], tariffs: vec![Tariff { id, details, versions }] },
            place: PricedPlace { operator_id: None, station_id: station, pile_id: None, connector_id: None },
            currency,
            outcome: WhatIf {
                sessions: 0,
                energy_wh: Energy::ZERO,
                earned: none,
                would_earn: none,
                unpriced: 0,
                other_currency: 0,
            },
        }
    }

    /// Adds a session; `None` if it has no price.
    pub fn add(&mut self, session: Option<&PricedSession>) {
        let outcome = &mut self.outcome;
        let Some(PricedSession { usage, totals }) = session else {
            outcome.unpriced += 1;
            return;
        };
        if totals.total.currency() != self.currency {
            outcome.other_currency += 1;
            return;
        }
        // A session outside the priced years or longer than a month has no price under any version.
        let Ok(quote) = self.book.quote(&self.place, usage) else {
            outcome.unpriced += 1;
            return;
        };
        outcome.sessions += 1;
        outcome.energy_wh = outcome.energy_wh.plus(usage.energy());
        outcome.earned = outcome.earned.plus(totals);
        outcome.would_earn = outcome.would_earn.plus(&quote.totals);
    }

    /// The outcome.
    #[must_use]
    pub fn finish(self) -> WhatIf {
        self.outcome
    }
}

#[cfg(test)]
mod tests;
