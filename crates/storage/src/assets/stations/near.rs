//! Stations by their distance from a location.

use super::row::Row;
use super::{Filter, is_available};
use crate::assets::availability::pile_status;
use crate::assets::search::{and_all_words, has_all_pairs};
use crate::{Connection, SearchTerms, StorageError};
use diesel::dsl::{AsSelect, SqlTypeOf};
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{AstPass, Query, QueryFragment, QueryId};
use diesel::sql_types::{Array, BigInt, Bool, Double, Nullable, Text, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};
use domain::assets::{Location, OperatorBound, Station, chord, is_same_chord};
use domain::ids::StationId;
use domain::text::Label;
use uuid::Uuid;

/// A location and a radius.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    /// The location.
    pub place: Location,
    /// The radius in m; stations beyond it are excluded.
    pub radius_m: f64,
}

/// A station with its distance.
#[derive(QueryableByName)]
struct Found {
    #[diesel(embed)]
    station: Row,
    #[diesel(sql_type = Double)]
    away: f64,
}

#[derive(QueryableByName)]
struct Away {
    #[diesel(sql_type = Double)]
    away: f64,
}

/// Up to `limit` stations within `bound` that are not retired, the nearest first, each with its straight-line
/// distance on a ball of radius 1. With `after`, those that follow the station at that distance
/// with that id. Stations without a location are excluded.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn list_near(
    connection: &mut Connection,
    bound: &OperatorBound,
    near: &Near,
    filter: &Filter,
    after: Option<(f64, StationId)>,
    limit: i64,
) -> Result<Vec<(Station, f64)>, StorageError> {
    let after = match after {
        Some(cursor) => Some(own_distance(connection, near, cursor).await?),
        None => None,
    };
    if *filter == Filter::default() && *bound == OperatorBound::All {
        return list_nearest(connection, near, after, limit).await;
    }
    let search = filter.search.as_ref().map(SearchTerms::values);
    let (away, last) = after.unwrap_or((-1.0, StationId(Uuid::nil())));
    let nearest = diesel::sql_query(NEAREST)
        .bind::<Double, _>(near.place.latitude())
        .bind::<Double, _>(near.place.longitude())
        .bind::<Double, _>(chord(near.radius_m))
        .bind::<Double, _>(away)
        .bind::<SqlUuid, _>(last.0)
        .bind::<BigInt, _>(limit)
        .bind::<Nullable<Array<Text>>, _>(search)
        .bind::<Nullable<Text>, _>(filter.operator_id.as_ref().map(Label::as_str))
        .bind::<Nullable<Text>, _>(filter.status.map(|status| status.as_str()))
        .bind::<Bool, _>(filter.available_only)
        .bind::<Nullable<Array<Text>>, _>(bound.ids());
    let found: Vec<Found> = connection
        .transaction(async |tx| {
            // PostgreSQL cannot estimate the number of stations in a circle; it assumes few, and
            // would read and sort them all.
            tx.batch_execute("set local enable_bitmapscan = off").await?;
            nearest.load(tx).await
        })
        .await?;
    found.into_iter().map(|found| Ok((Station::try_from(found.station)?, found.away))).collect()
}

/// The cursor as PostgreSQL computes it. A service that computed the distance itself may have rounded it
/// differently; stations at the same place would then be skipped or repeated.
async fn own_distance(
    connection: &mut Connection,
    near: &Near,
    (away, last): (f64, StationId),
) -> Result<(f64, StationId), StorageError> {
    let own: Option<Away> = diesel::sql_query(
        "select place_on_ball(latitude, longitude) <-> place_on_ball($1, $2) as away
         from stations where id = $3 and latitude is not null",
    )
    .bind::<Double, _>(near.place.latitude())
    .bind::<Double, _>(near.place.longitude())
    .bind::<SqlUuid, _>(last.0)
    .get_result(connection)
    .await
    .optional()?;
    let own = own.map(|own| own.away).filter(|own| is_same_chord(*own, away));
    Ok((own.unwrap_or(away), last))
}

/// [`list_near`] without a filter and a bound. The index scan proceeds outwards from the location and stops
/// when the page is full, regardless of the radius. So the number of stations in the circle need
/// not be known, and the statement is prepared once per connection.
async fn list_nearest(
    connection: &mut Connection,
    near: &Near,
    after: Option<(f64, StationId)>,
    limit: i64,
) -> Result<Vec<(Station, f64)>, StorageError> {
    let (away, last) = after.unwrap_or((-1.0, StationId(Uuid::nil())));
    let (latitude, longitude) = (near.place.latitude(), near.place.longitude());
    let nearest = Nearest { latitude, longitude, farthest: chord(near.radius_m), away, last: last.0, limit };
    let found: Vec<(Row, f64)> = nearest.load(connection).await?;
    found.into_iter().map(|(row, away)| Ok((Station::try_from(row)?, away))).collect()
}

#[derive(QueryId)]
struct Nearest {
    latitude: f64,
    longitude: f64,
    /// The radius as a straight line.
    farthest: f64,
    /// The distance at the end of the previous page.
    away: f64,
    last: Uuid,
    limit: i64,
}

impl QueryFragment<Pg> for Nearest {
    fn walk_ast<'b>(&'b self, mut pass: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_sql(
            "select id, name, address, operator_id, latitude, longitude, status, opening_hours, facilities, startable_statuses,
                    created_at, updated_at, version, retired_at, away
             from (select stations.*, ",
        );
        self.away(&mut pass)?;
        pass.push_sql(" as away from stations where retired_at is null and latitude is not null and ");
        // Written so that the distance of a station before the page is computed only once.
        self.away(&mut pass)?;
        pass.push_sql(" >= ");
        pass.push_bind_param::<Double, _>(&self.away)?;
        pass.push_sql(" and (");
        self.away(&mut pass)?;
        pass.push_sql(" > ");
        pass.push_bind_param::<Double, _>(&self.away)?;
        pass.push_sql(" or id > ");
        pass.push_bind_param::<SqlUuid, _>(&self.last)?;
        pass.push_sql(") order by ");
        self.away(&mut pass)?;
        pass.push_sql(" fetch first (");
        pass.push_bind_param::<BigInt, _>(&self.limit)?;
        pass.push_sql(") rows with ties) as nearest where away <= ");
        pass.push_bind_param::<Double, _>(&self.farthest)?;
        pass.push_sql(" order by away, id limit ");
        pass.push_bind_param::<BigInt, _>(&self.limit)
    }
}

impl Nearest {
    /// The distance of a station. In a subselect, the location is computed once instead of for each
    /// station.
    fn away<'b>(&'b self, pass: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        pass.push_sql("(place_on_ball(latitude, longitude) <-> (select place_on_ball(");
        pass.push_bind_param::<Double, _>(&self.latitude)?;
        pass.push_sql(", ");
        pass.push_bind_param::<Double, _>(&self.longitude)?;
        pass.push_sql(")))");
        Ok(())
    }
}

impl Query for Nearest {
    type SqlType = (SqlTypeOf<AsSelect<Row, Pg>>, Double);
}

/// The index scan proceeds outwards from the location and stops when the page is full. It does not
/// order stations at the same distance, so all of these are read and then ordered.
const NEAREST: &str = concat!(
    "select *
     from (select stations.*, place_on_ball(latitude, longitude) <-> place_on_ball($1, $2) as away
           from stations
           where retired_at is null and latitude is not null
             and place_on_ball(latitude, longitude) <@ cube_enlarge(place_on_ball($1, $2), $3, 3)
             and (place_on_ball(latitude, longitude) <-> place_on_ball($1, $2)) <= $3
             and ((place_on_ball(latitude, longitude) <-> place_on_ball($1, $2)) > $4
                  or (place_on_ball(latitude, longitude) <-> place_on_ball($1, $2)) = $4 and stations.id > $5)
             and ($7 is null or ",
    has_all_pairs!("stations"),
    "$7",
    and_all_words!("stations"),
    "$7) as word)))
             and ($8 is null or operator_id = $8)
             and ($9 is null or stations.status = $9)
             and ($11::text[] is null or operator_id = any($11))
             and (not $10 or ",
    is_available!(),
    ")
           order by place_on_ball(latitude, longitude) <-> place_on_ball($1, $2)
           fetch first $6 rows with ties) as nearest
     order by away, id
     limit $6"
);
