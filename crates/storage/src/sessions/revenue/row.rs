//! A row of sums.

use super::{PeriodRevenue, RevenuePosition, TotalEnergy};
use crate::StorageError;
use chrono::NaiveDate;
use diesel::QueryableByName;
use diesel::sql_types::{Array, Date, Int8, Text, Uuid as SqlUuid};
use domain::tariffs::{BandRevenue, Currency, Energy, Fees, Money, Revenue, RevenueByBand};
use uuid::Uuid;

#[derive(QueryableByName)]
pub struct Row {
    #[diesel(sql_type = Date)]
    starts_on: NaiveDate,
    #[diesel(sql_type = Text)]
    operator_id: String,
    #[diesel(sql_type = SqlUuid)]
    station_id: Uuid,
    #[diesel(sql_type = Text)]
    currency: String,
    #[diesel(sql_type = Int8)]
    sessions: i64,
    #[diesel(sql_type = Text)]
    energy_wh: String,
    /// Energy, electricity and service of each kind of band, the most expensive kind first.
    #[diesel(sql_type = Array<Text>)]
    bands: Vec<String>,
    /// Session fee, charging time, occupancy and tax.
    #[diesel(sql_type = Array<Text>)]
    fees: Vec<String>,
}

#[derive(QueryableByName)]
pub struct EnergyRow {
    #[diesel(sql_type = Int8)]
    sessions: i64,
    #[diesel(sql_type = Text)]
    energy_wh: String,
}

impl TryFrom<EnergyRow> for TotalEnergy {
    type Error = StorageError;

    fn try_from(row: EnergyRow) -> Result<Self, StorageError> {
        let energy_wh = Energy::parse_sum(&row.energy_wh).map_err(broken)?;
        Ok(Self { sessions: row.sessions, energy_wh })
    }
}

fn broken(what: impl ToString) -> StorageError {
    StorageError::inconsistent("revenue", what)
}

impl TryFrom<Row> for PeriodRevenue {
    type Error = StorageError;

    fn try_from(row: Row) -> Result<Self, StorageError> {
        let Row { starts_on, operator_id, station_id, currency, sessions, energy_wh, bands, fees } = row;
        let revenue = match currency.as_str() {
            "" => None,
            code => Some(revenue(Currency::parse(code).map_err(broken)?, &bands, &fees)?),
        };
        let energy_wh = Energy::parse_sum(&energy_wh).map_err(broken)?;
        let position = RevenuePosition { starts_on, operator_id, station_id, currency };
        Ok(Self { position, sessions, energy_wh, revenue })
    }
}

fn revenue(currency: Currency, bands: &[String], fees: &[String]) -> Result<Revenue, StorageError> {
    let money =
        |text: &String| Money::parse(text, currency).ok_or_else(|| broken(format!("amount {text:?}")));
    let band = |parts: &[String]| {
        let [energy, electricity, service] = parts else { return Err(broken("parts of a band")) };
        let energy_wh = Energy::parse_sum(energy).map_err(broken)?;
        Ok(BandRevenue { energy_wh, electricity: money(electricity)?, service: money(service)? })
    };
    let bands: Vec<BandRevenue> = bands.chunks(3).map(band).collect::<Result<_, _>>()?;
    let Ok([sharp, peak, flat, valley]) = <[BandRevenue; 4]>::try_from(bands) else {
        return Err(broken("number of bands"));
    };
    let [session_fee, charging_time, occupancy, tax] = fees else { return Err(broken("fees")) };
    let fees = Fees {
        session_fee: money(session_fee)?,
        charging_time: money(charging_time)?,
        occupancy: money(occupancy)?,
        tax: money(tax)?,
    };
    Ok(Revenue::of(currency, RevenueByBand { sharp, peak, flat, valley }, fees))
}
