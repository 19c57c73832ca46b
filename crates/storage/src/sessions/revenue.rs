//! What sessions came to, by day and by month. A trigger adds each receipt to the sums in its own
//! transaction, and subtracts the receipt that it replaces; so a request reads rows of the periods that
//! it asks for, and no receipts.

mod row;

use crate::database::pruning::{Pruned, Slice};
use crate::{Connection, StorageError};
use chrono::NaiveDate;
use diesel::pg::Pg;
use diesel::sql_types::{Array, Date, Int8, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::assets::OperatorBound;
use domain::ids::StationId;
use domain::tariffs::{Energy, Revenue};
use domain::text::Label;
use row::{EnergyRow, Row};
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

/// What one row is for, in addition to its period and currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RevenueGrouping {
    /// All sessions.
    #[default]
    Total,
    /// The sessions of an operator, or those without one.
    Operator,
    /// The sessions at a station, by its operator at that time; those without a station are left out.
    Station,
}

impl RevenueGrouping {
    /// All groupings.
    pub const ALL: [Self; 3] = [Self::Total, Self::Operator, Self::Station];

    /// The name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Operator => "operator",
            Self::Station => "station",
        }
    }
}

/// Selects rows; all conditions must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevenueFilter {
    /// The length of the periods.
    pub unit: PeriodUnit,
    /// A day of the first period.
    pub from: NaiveDate,
    /// The day before which periods begin.
    pub until: NaiveDate,
    /// What each row is for.
    pub grouping: RevenueGrouping,
    /// Only sessions at this station.
    pub station_id: Option<StationId>,
    /// Only sessions of this operator.
    pub operator_id: Option<Label>,
}

impl RevenueFilter {
    /// The station whose rows are read; the nil station has the sums over stations.
    fn place(&self) -> Uuid {
        self.station_id.map_or(Uuid::nil(), |station| station.0)
    }
}

/// The position of a row in the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevenuePosition {
    /// The first day of its period.
    pub starts_on: NaiveDate,
    /// Its operator; empty for sessions without one, and in a total.
    pub operator_id: String,
    /// Its station; nil unless it is for a station.
    pub station_id: Uuid,
    /// Its currency; empty for sessions without a price.
    pub currency: String,
}

/// What the sessions of a period came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeriodRevenue {
    /// The position in the list.
    pub position: RevenuePosition,
    /// The number of sessions.
    pub sessions: i64,
    /// Their energy.
    pub energy_wh: Energy,
    /// What they came to; `None` for sessions without a price.
    pub revenue: Option<Revenue>,
}

impl PeriodRevenue {
    /// The operator of the sessions, `None` for those without one, and in a total.
    #[must_use]
    pub fn operator_id(&self) -> Option<&str> {
        Some(self.position.operator_id.as_str()).filter(|id| !id.is_empty())
    }

    /// The station of the sessions, `None` unless the row is for a station.
    #[must_use]
    pub fn station_id(&self) -> Option<StationId> {
        Some(StationId(self.position.station_id)).filter(|id| !id.0.is_nil())
    }
}

/// The rows of the unit `$1` from `$2` to `$3` within the operators `$4`.
macro_rules! selected {
    () => {
        "from revenue
         where unit = $1 and starts_on >= date_trunc($1, $2::timestamp)::date and starts_on < $3
           and ($4::text[] is null or operator_id = any($4)) and sessions > 0"
    };
}

/// Up to `$9` of `$rows` before the position `$5` to `$8`. The comparison has the columns of the index
/// `revenue_of_stations`, along which a page of stations is read.
macro_rules! page_of {
    ($($rows:expr),+) => {
        concat!(
            "select starts_on, operator_id, station_id, currency, sessions, energy_wh::text as energy_wh,
                    array[sharp_wh, sharp_electricity, sharp_service, peak_wh, peak_electricity, peak_service,
                          flat_wh, flat_electricity, flat_service, valley_wh, valley_electricity, valley_service
                         ]::text[] as bands,
                    array[session_fee, charging_time, occupancy, tax]::text[] as fees
             from (", $($rows),+, ") as listed
             where (starts_on, unit, operator_id, station_id, currency)
                   < (coalesce($5::date, 'infinity'), $1, $6::text collate \"C\", $7::uuid, $8::text collate \"C\")
             order by starts_on desc, operator_id desc, station_id desc, currency desc limit $9"
        )
    };
}

const TOTALS: &str = page_of!(
    "select unit, starts_on, ''::text collate \"C\" as operator_id,
            '00000000-0000-0000-0000-000000000000'::uuid as station_id, currency,
            sum(sessions)::bigint as sessions, sum(energy_wh) as energy_wh,
            sum(sharp_wh) as sharp_wh, sum(sharp_electricity) as sharp_electricity, sum(sharp_service) as sharp_service,
            sum(peak_wh) as peak_wh, sum(peak_electricity) as peak_electricity, sum(peak_service) as peak_service,
            sum(flat_wh) as flat_wh, sum(flat_electricity) as flat_electricity, sum(flat_service) as flat_service,
            sum(valley_wh) as valley_wh, sum(valley_electricity) as valley_electricity,
            sum(valley_service) as valley_service, sum(session_fee) as session_fee,
            sum(charging_time) as charging_time, sum(occupancy) as occupancy, sum(tax) as tax ",
    selected!(),
    " and station_id = $10 group by unit, starts_on, currency"
);
const OF_ONE_PLACE: &str = page_of!("select * ", selected!(), " and station_id = $10");
const OF_STATIONS: &str =
    page_of!("select * ", selected!(), " and station_id <> '00000000-0000-0000-0000-000000000000'");

/// Up to `limit` rows within `bound` that `filter` selects, the latest period first; in each, in
/// descending order of operator, station and currency. With `after`, only those after that position.
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
    let place = filter.place();
    let (text, place) = match (filter.grouping, filter.station_id) {
        (RevenueGrouping::Total, _) => (TOTALS, Some(place)),
        (RevenueGrouping::Station, None) => (OF_STATIONS, None),
        (RevenueGrouping::Operator | RevenueGrouping::Station, _) => (OF_ONE_PLACE, Some(place)),
    };
    let (day, operator, station, currency) = match after {
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
        .bind::<Nullable<SqlUuid>, _>(station)
        .bind::<Nullable<Text>, _>(currency)
        .bind::<Int8, _>(limit);
    if let Some(place) = place {
        query = query.bind::<SqlUuid, _>(place);
    }
    let rows: Vec<Row> = query.load(connection).await?;
    rows.into_iter().map(PeriodRevenue::try_from).collect()
}

/// The energy of sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotalEnergy {
    /// The number of sessions.
    pub sessions: i64,
    /// Their energy.
    pub energy_wh: Energy,
}

const ENERGY: &str = concat!(
    "select coalesce(sum(sessions), 0)::bigint as sessions, coalesce(sum(energy_wh), 0)::text as energy_wh ",
    selected!(),
    " and station_id = $5"
);

/// The energy of the sessions within `bound` that `filter` selects, over all its periods. Its grouping
/// changes nothing.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn total_energy(
    connection: &mut Connection,
    bound: &OperatorBound,
    filter: &RevenueFilter,
) -> Result<TotalEnergy, StorageError> {
    let row: EnergyRow = diesel::sql_query(ENERGY)
        .bind::<Text, _>(filter.unit.as_str())
        .bind::<Date, _>(filter.from)
        .bind::<Date, _>(filter.until)
        .bind::<Nullable<Array<Text>>, _>(operators(bound, filter.operator_id.as_ref()))
        .bind::<SqlUuid, _>(filter.place())
        .get_result(connection)
        .await?;
    row.try_into()
}

/// The operators whose sessions are counted; `None` for all, and for sessions without an operator.
fn operators(bound: &OperatorBound, wanted: Option<&Label>) -> Option<Vec<String>> {
    let Some(wanted) = wanted else { return bound.ids().map(<[String]>::to_vec) };
    let reached = bound.reaches(Some(wanted.as_str()));
    Some(if reached { vec![wanted.as_str().to_owned()] } else { Vec::new() })
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
