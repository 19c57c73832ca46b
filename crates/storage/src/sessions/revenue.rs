//! What sessions came to, by day and by month. A trigger adds each receipt to the sums in its own
//! transaction, and subtracts the receipt that it replaces; so a request reads rows of the periods that
//! it asks for, and no receipts.

use crate::database::pruning::{Pruned, Slice};
use crate::{Connection, StorageError};
use chrono::NaiveDate;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::{Array, Date, Int8, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::assets::OperatorBound;
use domain::ids::StationId;
use domain::tariffs::{BandKind, BandRevenue, Currency, Energy, Fees, Money, Revenue};
use domain::text::Label;
use uuid::Uuid;

/// The length of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PeriodUnit {
    /// A day.
    #[default]
    Day,
    /// A month of the calendar.
    Month,
}

impl PeriodUnit {
    /// All units.
    pub const ALL: [Self; 2] = [Self::Day, Self::Month];

    /// The name in the API and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }
}

/// What one row is about, in addition to its period and currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RevenueOf {
    /// An operator: all of its stations, and sessions without a station.
    #[default]
    Operators,
    /// Each station, by its operator at the time of the sessions.
    Stations,
    /// This station.
    Station(StationId),
}

/// Selects rows; all conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevenueFilter {
    /// The length of the periods.
    pub unit: PeriodUnit,
    /// The first day; the first period contains it.
    pub from: NaiveDate,
    /// The day before which periods begin.
    pub until: NaiveDate,
    /// What the rows are about.
    pub of: RevenueOf,
    /// Only sessions of this operator.
    pub operator_id: Option<Label>,
}

/// The position of a row in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevenuePosition {
    /// The first day of its period.
    pub starts_on: NaiveDate,
    /// Its operator; empty for none.
    pub operator_id: String,
    /// Its station; nil for the sum over stations.
    pub station_id: Uuid,
    /// Its currency; empty for sessions without a price.
    pub currency: String,
}

/// What the sessions of a period came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodRevenue {
    /// Where the row is in the list.
    pub position: RevenuePosition,
    /// The number of sessions.
    pub sessions: i64,
    /// Their energy.
    pub energy_wh: Energy,
    /// What they came to; `None` for sessions without a price.
    pub revenue: Option<Revenue>,
}

impl PeriodRevenue {
    /// The operator of the sessions, `None` for those without one.
    #[must_use]
    pub fn operator_id(&self) -> Option<&str> {
        Some(self.position.operator_id.as_str()).filter(|id| !id.is_empty())
    }

    /// The station, `None` for the sum over stations.
    #[must_use]
    pub fn station_id(&self) -> Option<StationId> {
        Some(StationId(self.position.station_id)).filter(|id| !id.0.is_nil())
    }
}

#[derive(QueryableByName)]
struct Row {
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
    /// Energy, electricity and service of each kind of band, in the order of [`BandKind::ALL`].
    #[diesel(sql_type = Array<Text>)]
    bands: Vec<String>,
    /// Session fee, charging time, occupancy and tax.
    #[diesel(sql_type = Array<Text>)]
    fees: Vec<String>,
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
        let energy_wh = Energy::parse(&energy_wh).map_err(broken)?;
        let position = RevenuePosition { starts_on, operator_id, station_id, currency };
        Ok(Self { position, sessions, energy_wh, revenue })
    }
}

fn revenue(currency: Currency, bands: &[String], fees: &[String]) -> Result<Revenue, StorageError> {
    let money =
        |text: &String| Money::parse(text, currency).ok_or_else(|| broken(format!("amount {text:?}")));
    let bands = BandKind::ALL.into_iter().zip(bands.chunks(3)).map(|(kind, parts)| {
        let [energy, electricity, service] = parts else { return Err(broken("parts of a band")) };
        let energy_wh = Energy::parse(energy).map_err(broken)?;
        Ok(BandRevenue { kind, energy_wh, electricity: money(electricity)?, service: money(service)? })
    });
    let [session_fee, charging_time, occupancy, tax] = fees else { return Err(broken("fees")) };
    let fees = Fees {
        session_fee: money(session_fee)?,
        charging_time: money(charging_time)?,
        occupancy: money(occupancy)?,
        tax: money(tax)?,
    };
    Ok(Revenue::of(currency, bands.collect::<Result<_, _>>()?, fees))
}

/// The rows of the unit `$1` from `$2` to `$3`, after the position `$5` to `$8`. A page reads at most
/// `$9` rows of each period, along an index.
macro_rules! rows_of {
    ($place:literal) => {
        concat!(
            "select own.starts_on, own.operator_id, own.station_id, own.currency, own.sessions, own.energy_wh::text,
                    array[own.sharp_wh, own.sharp_electricity, own.sharp_service,
                          own.peak_wh, own.peak_electricity, own.peak_service,
                          own.flat_wh, own.flat_electricity, own.flat_service,
                          own.valley_wh, own.valley_electricity, own.valley_service]::text[] as bands,
                    array[own.session_fee, own.charging_time, own.occupancy, own.tax]::text[] as fees
             from generate_series(date_trunc($1, $2::timestamp), $3::timestamp - interval '1 day', ('1 ' || $1)::interval)
                  as period
             cross join lateral (
               select * from revenue
               where unit = $1 and starts_on = period::date and ",
            $place,
            "    and ($4::text[] is null or operator_id = any($4))
                 and ($5::date is null or starts_on < $5
                      or (operator_id, station_id, currency) > ($6::text collate \"C\", $7, $8::text collate \"C\"))
                 and sessions > 0
               order by operator_id, station_id, currency limit $9
             ) as own
             where $5::date is null or period::date <= $5
             order by own.starts_on desc, own.operator_id, own.station_id, own.currency limit $9"
        )
    };
}

/// Up to `limit` rows within `bound` that `filter` selects: the latest period first, and in each by
/// operator, station and currency; with `after`, only those after that position.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn list(
    connection: &mut Connection,
    bound: &OperatorBound,
    filter: &RevenueFilter,
    after: Option<RevenuePosition>,
    limit: i64,
) -> Result<Vec<PeriodRevenue>, StorageError> {
    let (text, station) = match filter.of {
        RevenueOf::Operators => (rows_of!("station_id = '00000000-0000-0000-0000-000000000000'"), None),
        RevenueOf::Stations => (rows_of!("station_id <> '00000000-0000-0000-0000-000000000000'"), None),
        RevenueOf::Station(id) => (rows_of!("station_id = $10"), Some(id.0)),
    };
    let (day, operator, place, currency) = match after {
        Some(RevenuePosition { starts_on, operator_id, station_id, currency }) => {
            (Some(starts_on), Some(operator_id), Some(station_id), Some(currency))
        }
        None => (None, None, None, None),
    };
    let mut query = diesel::sql_query(text)
        .into_boxed::<Pg>()
        .bind::<Text, _>(filter.unit.as_str())
        .bind::<Date, _>(filter.from)
        .bind::<Date, _>(filter.until)
        .bind::<Nullable<Array<Text>>, _>(operators(bound, filter.operator_id.as_ref()))
        .bind::<Nullable<Date>, _>(day)
        .bind::<Nullable<Text>, _>(operator)
        .bind::<Nullable<SqlUuid>, _>(place)
        .bind::<Nullable<Text>, _>(currency)
        .bind::<Int8, _>(limit);
    if let Some(station) = station {
        query = query.bind::<SqlUuid, _>(station);
    }
    let rows: Vec<Row> = query.load(connection).await?;
    rows.into_iter().map(PeriodRevenue::try_from).collect()
}

/// The operators whose sessions are counted; `None` for all, and for sessions without an operator.
fn operators(bound: &OperatorBound, wanted: Option<&Label>) -> Option<Vec<String>> {
    let Some(wanted) = wanted else { return bound.ids().map(<[String]>::to_vec) };
    Some(match bound.reaches(Some(wanted.as_str())) {
        true => vec![wanted.as_str().to_owned()],
        false => Vec::new(),
    })
}

/// Deletes sums of periods that began before the age of `slice`.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn prune(connection: &mut Connection, slice: Slice) -> Result<Pruned, StorageError> {
    let statement = "
        with old as materialized (
          select ctid, starts_on from revenue
          where starts_on < (now() - make_interval(secs => $1))::date
            and starts_on >= coalesce($2, '-infinity')::date
          order by starts_on limit $3 for update skip locked),
        gone as (delete from revenue using old where revenue.ctid = old.ctid returning 1)
        select (select count(*) from gone) as rows, count(*) as examined, max(starts_on)::timestamptz as up_to from old";
    slice.run(connection, statement).await
}
