//! The piles that a command to a station selects.

use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Int8, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use domain::assets::OperatorBound;
use domain::ids::{PileId, StationId};
use domain::status::ConnectorStatus;
use uuid::Uuid;

/// The largest number of piles in a batch.
pub const MAX_PILES: usize = 1_000;

/// A selection of a station's piles; by default all that are not retired.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// Only these piles.
    pub pile_ids: Option<Vec<PileId>>,
    /// Only piles with a connector, other than 0, in one of these statuses.
    pub statuses: Option<Vec<ConnectorStatus>>,
}

/// Why the piles of a scope cannot be commanded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScopeRefusal {
    /// The station does not exist within the caller's bound, or is retired.
    NoStation,
    /// These ids are not piles of the station, or the piles are retired.
    ForeignPiles(Vec<PileId>),
    /// The scope has more than [`MAX_PILES`] piles.
    TooMany,
}

/// A [`Scope`] as parameters of a statement.
pub(super) struct ScopeColumns {
    pub(super) piles: Option<Vec<Uuid>>,
    pub(super) statuses: Option<Vec<&'static str>>,
}

impl From<&Scope> for ScopeColumns {
    fn from(scope: &Scope) -> Self {
        let statuses = scope.statuses.as_ref();
        Self {
            piles: scope.pile_ids.as_ref().map(|ids| ids.iter().map(|id| id.0).collect()),
            statuses: statuses.map(|statuses| statuses.iter().map(|status| status.as_str()).collect()),
        }
    }
}

/// The piles of the station `$1` that the ids `$2` and the statuses `$3` select.
macro_rules! chosen {
    () => {
        "select id, charge_point_id from piles
         where station_id = $1 and retired_at is null
           and ($2 is null or id = any($2))
           and ($3 is null or exists (
             select 1 from connectors
             where connectors.charge_point_id = piles.charge_point_id and connector_id > 0 and status = any($3)))"
    };
}
pub(super) use chosen;

#[derive(QueryableByName)]
struct Site {
    #[diesel(sql_type = Bool)]
    exists: bool,
    #[diesel(sql_type = Int8)]
    piles: i64,
    #[diesel(sql_type = Array<SqlUuid>)]
    strangers: Vec<Uuid>,
}

/// Reads the station within `bound` and the scope before anything is written.
pub(super) async fn assess(
    connection: &mut Connection,
    station_id: StationId,
    bound: &OperatorBound,
    scope: &ScopeColumns,
) -> QueryResult<Result<(), ScopeRefusal>> {
    let site: Site = diesel::sql_query(concat!(
        "select exists (select 1 from stations where id = $1 and retired_at is null
                          and ($5::text[] is null or operator_id = any($5))) as exists,
                (select count(*) from (", chosen!(), " limit $4) as chosen) as piles,
                array(
                  select named from unnest($2) as named
                  where not exists (
                    select 1 from piles where id = named and station_id = $1 and retired_at is null)) as strangers"
    ))
    .bind::<SqlUuid, _>(station_id.0)
    .bind::<Nullable<Array<SqlUuid>>, _>(scope.piles.as_ref())
    .bind::<Nullable<Array<Text>>, _>(scope.statuses.as_ref())
    .bind::<Int8, _>(i64::try_from(MAX_PILES + 1).unwrap_or(i64::MAX))
    .bind::<Nullable<Array<Text>>, _>(bound.ids())
    .get_result(connection)
    .await?;
    Ok(if !site.exists {
        Err(ScopeRefusal::NoStation)
    } else if !site.strangers.is_empty() {
        Err(ScopeRefusal::ForeignPiles(site.strangers.into_iter().map(PileId).collect()))
    } else if usize::try_from(site.piles).is_ok_and(|piles| piles > MAX_PILES) {
        Err(ScopeRefusal::TooMany)
    } else {
        Ok(())
    })
}

#[derive(QueryableByName)]
struct Chosen {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// The piles that a batch to the station `station_id` within `bound` would have, in the order of their
/// ids; nothing is written.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn select_piles(
    connection: &mut Connection,
    station_id: StationId,
    bound: &OperatorBound,
    scope: &Scope,
) -> Result<Result<Vec<PileId>, ScopeRefusal>, StorageError> {
    let scope = ScopeColumns::from(scope);
    if let Err(refusal) = assess(connection, station_id, bound, &scope).await? {
        return Ok(Err(refusal));
    }
    let rows: Vec<Chosen> = diesel::sql_query(concat!(chosen!(), " order by id limit $4"))
        .bind::<SqlUuid, _>(station_id.0)
        .bind::<Nullable<Array<SqlUuid>>, _>(scope.piles.as_ref())
        .bind::<Nullable<Array<Text>>, _>(scope.statuses.as_ref())
        .bind::<Int8, _>(i64::try_from(MAX_PILES).unwrap_or(i64::MAX))
        .load(connection)
        .await?;
    Ok(Ok(rows.into_iter().map(|row| PileId(row.id)).collect()))
}
