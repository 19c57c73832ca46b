//! Sums over sessions in responses.

use chrono::NaiveDate;
use domain::ids::StationId;
use domain::tariffs::{Energy, Revenue};
use schemars::JsonSchema;
use serde::Serialize;
use storage::sessions::revenue::{PeriodRevenue, TotalEnergy};

/// What the sessions of a day or a month came to by their latest receipts, in one currency.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "PeriodRevenue")]
pub struct RevenueView<'a> {
    /// The first day of the period. A session belongs to the day on which it ended, by the clock of its
    /// price list; without a price, by UTC.
    starts_on: NaiveDate,
    /// The operator of the stations when the sessions began; null for stations without one, and in a total.
    operator_id: Option<&'a str>,
    /// The station; null unless grouped or filtered by station.
    station_id: Option<StationId>,
    /// The number of sessions.
    sessions: i64,
    /// Their energy, in Wh; sessions with unknown energy add nothing.
    #[schemars(with = "f64", range(min = 0))]
    energy_wh: Energy,
    /// What they came to; null for sessions without a price, which have an item of their own.
    revenue: Option<&'a Revenue>,
}

impl<'a> RevenueView<'a> {
    pub fn of(row: &'a PeriodRevenue) -> Self {
        Self {
            starts_on: row.position.starts_on,
            operator_id: row.operator_id(),
            station_id: row.station_id(),
            sessions: row.sessions,
            energy_wh: row.energy_wh,
            revenue: row.revenue.as_ref(),
        }
    }
}

/// The energy of sessions.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "TotalEnergy")]
pub struct EnergyView {
    /// The number of sessions.
    sessions: i64,
    /// Their energy, in Wh; sessions with unknown energy add nothing.
    #[schemars(with = "f64", range(min = 0))]
    energy_wh: Energy,
}

impl From<TotalEnergy> for EnergyView {
    fn from(TotalEnergy { sessions, energy_wh }: TotalEnergy) -> Self {
        Self { sessions, energy_wh }
    }
}
