//! What connectors, piles, stations and operators come to over some days.

use crate::{Connection, StorageError};
use chrono::NaiveDate;
use diesel::QueryableByName;
use diesel::sql_types::{Array, Date, Int2, Int8, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::assets::OperatorBound;
use domain::ids::{ConnectorId, PileId, StationId};
use domain::reliability::Tally;
use domain::text::Label;
use uuid::Uuid;

/// What a total is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Grouping {
    /// Each connector of a pile.
    Connector,
    /// Each pile.
    Pile,
    /// Each station.
    #[default]
    Station,
    /// Each operator; time without an operator is in no group.
    Operator,
}

/// What one total is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GroupKey {
    /// A connector of a pile, of all devices that were in it.
    Connector(PileId, ConnectorId),
    /// A pile.
    Pile(PileId),
    /// A station.
    Station(StationId),
    /// An operator.
    Operator(Label),
}

/// Which days of which connectors are added up. All that are given must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    /// The first day.
    pub from: NaiveDate,
    /// The day after the last one.
    pub until: NaiveDate,
    /// Only time at this station.
    pub station_id: Option<StationId>,
    /// Only time in this pile.
    pub pile_id: Option<PileId>,
    /// Only this connector.
    pub connector_id: Option<ConnectorId>,
    /// Only time of this operator.
    pub operator_id: Option<Label>,
}

/// What a group comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// The group.
    pub key: GroupKey,
    /// The sum of all its days.
    pub tally: Tally,
    /// The first day that is in it.
    pub first_day: NaiveDate,
    /// The last day that is in it.
    pub last_day: NaiveDate,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = Nullable<SqlUuid>)]
    id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Int2>)]
    connector_id: Option<i16>,
    #[diesel(sql_type = Nullable<Text>)]
    operator_id: Option<String>,
    #[diesel(sql_type = Date)]
    first_day: NaiveDate,
    #[diesel(sql_type = Date)]
    last_day: NaiveDate,
    #[diesel(sql_type = Array<Int8>)]
    sums: Vec<i64>,
}

/// A statement that adds up the days of groups. The conditions after the filter begin the groups after
/// the last one of the page before.
macro_rules! totals {
    ($key:literal, $after:literal, $group:literal) => {
        concat!(
            "select ",
            $key,
            ", min(day) as first_day, max(day) as last_day,
               array[sum(up_s), sum(faulted_s), sum(unavailable_s), sum(offline_s), sum(unknown_s), sum(maintenance_s),
                     sum(grid_s), sum(vandalism_s), sum(third_party_s), sum(failures), sum(repairs), sum(repair_s),
                     sum(starts_accepted), sum(starts_charging)]::bigint[] as sums
             from reliability_days
             where day >= $1 and day < $2 and ($3::text[] is null or operator_id = any($3))
               and ($4::uuid is null or station_id = $4) and ($5::uuid is null or pile_id = $5)
               and ($6::smallint is null or connector_id = $6) and ($7::text is null or operator_id = $7)
               and ",
            $after,
            " group by ",
            $group,
            " order by ",
            $group,
            " limit $8"
        )
    };
}

impl Grouping {
    /// All groupings.
    pub const ALL: [Self; 4] = [Self::Connector, Self::Pile, Self::Station, Self::Operator];

    /// The name in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connector => "connector",
            Self::Pile => "pile",
            Self::Station => "station",
            Self::Operator => "operator",
        }
    }

    /// The statement; `$9` to `$11` are the last group of the page before.
    const fn statement(self) -> &'static str {
        match self {
            Self::Connector => totals!(
                "pile_id as id, connector_id, null::text as operator_id",
                "pile_id is not null and $11::text is null
                 and ($9::uuid is null or (pile_id, connector_id) > ($9, $10::smallint))",
                "pile_id, connector_id"
            ),
            Self::Pile => totals!(
                "pile_id as id, null::smallint as connector_id, null::text as operator_id",
                "pile_id is not null and $10::smallint is null and $11::text is null
                 and ($9::uuid is null or pile_id > $9)",
                "pile_id"
            ),
            Self::Station => totals!(
                "station_id as id, null::smallint as connector_id, null::text as operator_id",
                "station_id is not null and $10::smallint is null and $11::text is null
                 and ($9::uuid is null or station_id > $9)",
                "station_id"
            ),
            Self::Operator => totals!(
                "null::uuid as id, null::smallint as connector_id, operator_id",
                "operator_id is not null and $9::uuid is null and $10::smallint is null
                 and ($11::text is null or operator_id > $11)",
                "operator_id"
            ),
        }
    }
}

impl GroupKey {
    /// The grouping that has this key.
    #[must_use]
    pub const fn grouping(&self) -> Grouping {
        match self {
            Self::Connector(..) => Grouping::Connector,
            Self::Pile(_) => Grouping::Pile,
            Self::Station(_) => Grouping::Station,
            Self::Operator(_) => Grouping::Operator,
        }
    }

    fn columns(&self) -> Result<KeyColumns<'_>, StorageError> {
        Ok(match self {
            Self::Connector(pile, connector) => (Some(pile.0), Some(number(*connector)?), None),
            Self::Pile(pile) => (Some(pile.0), None, None),
            Self::Station(station) => (Some(station.0), None, None),
            Self::Operator(operator) => (None, None, Some(operator.as_str())),
        })
    }
}

/// A key as the id, the connector and the operator of a statement.
type KeyColumns<'a> = (Option<Uuid>, Option<i16>, Option<&'a str>);

pub(super) fn number(connector: ConnectorId) -> Result<i16, StorageError> {
    i16::try_from(connector.number()).map_err(broken)
}

fn broken(what: impl ToString) -> StorageError {
    StorageError::inconsistent("reliability_days", what)
}

/// Up to `limit` totals of the days within `bound` that `filter` selects, in the order of their keys; only
/// those after `after`, which must be a key of the grouping. A group without a day is absent.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn list(
    connection: &mut Connection,
    bound: &OperatorBound,
    grouping: Grouping,
    filter: &Filter,
    after: Option<&GroupKey>,
    limit: i64,
) -> Result<Vec<Total>, StorageError> {
    let (id, connector, operator) = after.map_or(Ok((None, None, None)), GroupKey::columns)?;
    let rows: Vec<Row> = diesel::sql_query(grouping.statement())
        .bind::<Date, _>(filter.from)
        .bind::<Date, _>(filter.until)
        .bind::<Nullable<Array<Text>>, _>(bound.ids())
        .bind::<Nullable<SqlUuid>, _>(filter.station_id.map(|id| id.0))
        .bind::<Nullable<SqlUuid>, _>(filter.pile_id.map(|id| id.0))
        .bind::<Nullable<Int2>, _>(filter.connector_id.map(number).transpose()?)
        .bind::<Nullable<Text>, _>(filter.operator_id.as_ref().map(Label::as_str))
        .bind::<Int8, _>(limit)
        .bind::<Nullable<SqlUuid>, _>(id)
        .bind::<Nullable<Int2>, _>(connector)
        .bind::<Nullable<Text>, _>(operator)
        .load(connection)
        .await?;
    rows.into_iter().map(|row| row.total(grouping)).collect()
}

impl Row {
    fn total(self, grouping: Grouping) -> Result<Total, StorageError> {
        let id = || self.id.ok_or_else(|| broken("a group without an id"));
        let key = match grouping {
            Grouping::Connector => {
                let number = self.connector_id.ok_or_else(|| broken("a group without a connector"))?;
                GroupKey::Connector(PileId(id()?), ConnectorId::parse(number.into()).map_err(broken)?)
            }
            Grouping::Pile => GroupKey::Pile(PileId(id()?)),
            Grouping::Station => GroupKey::Station(StationId(id()?)),
            Grouping::Operator => {
                let operator = self.operator_id.as_deref().unwrap_or_default();
                GroupKey::Operator(Label::parse(operator).map_err(broken)?)
            }
        };
        let sums: [i64; 14] = self.sums.try_into().map_err(|_sums| broken("sums are missing"))?;
        let [up_s, faulted_s, unavailable_s, offline_s, unknown_s, rest @ ..] = sums;
        let [maintenance_s, grid_s, vandalism_s, third_party_s, rest @ ..] = rest;
        let [failures, repairs, repair_s, starts_accepted, starts_charging] = rest;
        let tally = Tally {
            up_s,
            faulted_s,
            unavailable_s,
            offline_s,
            unknown_s,
            excluded_s: [maintenance_s, grid_s, vandalism_s, third_party_s],
            failures,
            repairs,
            repair_s,
            starts_accepted,
            starts_charging,
        };
        Ok(Total { key, tally, first_day: self.first_day, last_day: self.last_day })
    }
}
