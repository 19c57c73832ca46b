//! What sessions came to: sums over receipts, by kind of band.

use super::{Currency, Energy, Money};
use schemars::JsonSchema;
use serde::Serialize;

/// The energy of one kind of band, and its cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct BandRevenue {
    /// The energy, in Wh.
    #[schemars(with = "f64", range(min = 0))]
    pub energy_wh: Energy,
    /// The cost of the electricity (电费).
    pub electricity: Money,
    /// The cost of the service (服务费).
    pub service: Money,
}

/// The energy of each kind of band, and its cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RevenueByBand {
    /// 尖, the most expensive time.
    pub sharp: BandRevenue,
    /// 峰, expensive.
    pub peak: BandRevenue,
    /// 平, neither expensive nor cheap.
    pub flat: BandRevenue,
    /// 谷, cheap.
    pub valley: BandRevenue,
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Revenue {
    /// The currency of all amounts.
    pub currency: Currency,
    /// The energy and its cost by kind of band.
    pub bands: RevenueByBand,
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
    pub fn of(currency: Currency, bands: RevenueByBand, fees: Fees) -> Self {
        let sum = |amounts: &[Money]| Money::sum(currency, amounts.iter().copied());
        let RevenueByBand { sharp, peak, flat, valley } = bands;
        let electricity = sum(&[sharp, peak, flat, valley].map(|band| band.electricity));
        let service = sum(&[sharp, peak, flat, valley].map(|band| band.service));
        let Fees { session_fee, charging_time, occupancy, tax } = fees;
        let total = sum(&[electricity, service, session_fee, charging_time, occupancy]);
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
        let band = |wh, electricity, service| BandRevenue {
            energy_wh: Energy::from_wh(Decimal::from(wh)).unwrap(),
            electricity: fen(electricity),
            service: fen(service),
        };
        let bands = RevenueByBand {
            sharp: band(100, 20, 10),
            peak: band(1_000, 103, 80),
            flat: band(0, 0, 0),
            valley: band(500, 16, 40),
        };
        let fees = Fees { session_fee: fen(100), charging_time: fen(5), occupancy: fen(30), tax: fen(22) };
        let revenue = Revenue::of(cny, bands, fees);
        assert_eq!((revenue.electricity, revenue.service), (fen(139), fen(130)));
        assert_eq!((revenue.total, revenue.total_with_tax), (fen(404), fen(426)));
    }
}
