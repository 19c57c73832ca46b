//! What sessions came to: sums over receipts, by kind of band.

use super::{BandKind, Currency, Energy, Money};
use schemars::JsonSchema;
use serde::Serialize;

/// The energy of one kind of band, and its cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BandRevenue {
    /// The kind of band.
    pub kind: BandKind,
    /// The energy, in Wh.
    pub energy_wh: Energy,
    /// The cost of the electricity (电费).
    pub electricity: Money,
    /// The cost of the service (服务费).
    pub service: Money,
}

/// The fees other than those for energy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fees {
    /// The session fees.
    pub session_fee: Money,
    /// The fees for the time of charging.
    pub charging_time: Money,
    /// The occupancy fees.
    pub occupancy: Money,
    /// The taxes that are shown apart.
    pub tax: Money,
}

/// What sessions with a price came to, in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Revenue {
    /// The currency of all amounts.
    pub currency: Currency,
    /// The energy by kind of band, the most expensive kind first; kinds without energy are left out.
    pub bands: Vec<BandRevenue>,
    /// The electricity of all bands.
    pub electricity: Money,
    /// The service of all bands.
    pub service: Money,
    /// The session fees.
    pub session_fee: Money,
    /// The fees for the time of charging.
    pub charging_time: Money,
    /// The occupancy fees.
    pub occupancy: Money,
    /// The sum of all of these, without the tax that is shown apart.
    pub total: Money,
    /// The taxes that are shown apart.
    pub tax: Money,
    /// `total` and `tax` together.
    pub total_with_tax: Money,
}

impl Revenue {
    /// The sums of `bands` and `fees`, whose amounts are all in `currency`.
    #[must_use]
    pub fn of(currency: Currency, bands: Vec<BandRevenue>, fees: Fees) -> Self {
        let sum = |amounts: &[Money]| Money::sum(currency, amounts.iter().copied());
        let electricity = Money::sum(currency, bands.iter().map(|band| band.electricity));
        let service = Money::sum(currency, bands.iter().map(|band| band.service));
        let Fees { session_fee, charging_time, occupancy, tax } = fees;
        let total = sum(&[electricity, service, session_fee, charging_time, occupancy]);
        let bands = bands.into_iter().filter(|band| band.energy_wh != Energy::ZERO).collect();
        Self {
            currency,
            bands,
            electricity,
            service,
            session_fee,
            charging_time,
            occupancy,
            total,
            tax,
            total_with_tax: sum(&[total, tax]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::Decimal;

    #[test]
    fn totals_are_the_sums_of_all_parts() {
        let cny = Currency::parse("CNY").unwrap();
        let fen = |fen| Money::rounded(Decimal::new(fen, 2), cny);
        let wh = |wh| Energy::from_wh(Decimal::from(wh)).unwrap();
        let band = |kind, energy, electricity, service| BandRevenue {
            kind,
            energy_wh: wh(energy),
            electricity: fen(electricity),
            service: fen(service),
        };
        let bands = vec![
            band(BandKind::Sharp, 0, 0, 0),
            band(BandKind::Peak, 1_000, 103, 80),
            band(BandKind::Valley, 500, 16, 40),
        ];
        let fees = Fees { session_fee: fen(100), charging_time: fen(5), occupancy: fen(30), tax: fen(22) };
        let revenue = Revenue::of(cny, bands, fees);
        assert_eq!(
            revenue.bands.iter().map(|band| band.kind).collect::<Vec<_>>(),
            [BandKind::Peak, BandKind::Valley]
        );
        assert_eq!((revenue.electricity, revenue.service), (fen(119), fen(120)));
        assert_eq!((revenue.total, revenue.total_with_tax), (fen(374), fen(396)));
    }
}
