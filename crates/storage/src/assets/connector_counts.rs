//! Counts of all connectors by status, and the power of those that charge. PostgreSQL reads each row
//! once and groups the rows; `domain` derives the statuses of the groups.

use crate::assets::availability::Tally;
use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Float8, Int8, Nullable, Text};
use diesel_async::RunQueryDsl;
use domain::assets::OperatorBound;
use domain::status::{ConnectorStatus, PileStatus};

/// The counts of connectors.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ConnectorCounts {
    /// The connectors of piles that are not retired, declared or reported, by status, as in
    /// [`Availability`](crate::assets::availability::Availability).
    pub connectors: Tally,
    /// The power of the connectors that are charging, by their latest readings, in W.
    pub charging_power_w: f64,
}

/// Connectors with equal values.
#[derive(QueryableByName)]
struct ConnectorGroup {
    #[diesel(sql_type = Nullable<Bool>)]
    online: Option<bool>,
    /// The status of the device as a whole, if it is out of service.
    #[diesel(sql_type = Nullable<Text>)]
    out: Option<String>,
    /// The last reported status.
    #[diesel(sql_type = Nullable<Text>)]
    status: Option<String>,
    #[diesel(sql_type = Int8)]
    count: i64,
    #[diesel(sql_type = Float8)]
    power_w: f64,
}

/// Counts all connectors within `bound`.
///
/// # Errors
/// If PostgreSQL fails, or a row contains an unknown word.
pub async fn count(
    connection: &mut Connection,
    bound: &OperatorBound,
) -> Result<ConnectorCounts, StorageError> {
    let groups: Vec<ConnectorGroup> = diesel::sql_query(
        "with fleet as (
           select piles.charge_point_id, piles.connectors, device.online
           from piles left join charge_points as device on device.charge_point_id = piles.charge_point_id
           where piles.retired_at is null
             and ($1::text[] is null or exists (
               select from stations where stations.id = piles.station_id and stations.operator_id = any($1)))),
         outlets as (
           select fleet.charge_point_id, fleet.online, reported.status, reported.power_w
           from fleet join connectors as reported on reported.charge_point_id = fleet.charge_point_id
           where reported.connector_id <> 0
           union all
           select fleet.charge_point_id, fleet.online, null, null
           from fleet cross join lateral jsonb_array_elements(fleet.connectors) as declared
           where not exists (
             select from connectors as reported
             where reported.charge_point_id = fleet.charge_point_id
               and reported.connector_id = (declared ->> 'connectorId')::int2))
         select outlets.online, whole.status as out, outlets.status, count(*) as count,
                coalesce(sum(outlets.power_w), 0) as power_w
         from outlets
         left join connectors as whole on whole.charge_point_id = outlets.charge_point_id
           and whole.connector_id = 0 and whole.status in ('Faulted', 'Unavailable')
         group by 1, 2, 3",
    )
    .bind::<Nullable<Array<Text>>, _>(bound.ids())
    .load(connection)
    .await?;
    let mut counts = ConnectorCounts::default();
    for group in groups {
        let status = group.status()?;
        *counts.connectors.entry(status).or_default() += group.count;
        if status == PileStatus::Reported(ConnectorStatus::Charging) {
            counts.charging_power_w += group.power_w;
        }
    }
    Ok(counts)
}

#[derive(QueryableByName)]
struct Power {
    #[diesel(sql_type = Float8)]
    power_w: f64,
}

/// The power of the connectors within `bound` that charge, as in [`ConnectorCounts`]. It costs a tenth of
/// [`count`].
///
/// # Errors
/// If PostgreSQL fails.
pub async fn charging_power_w(
    connection: &mut Connection,
    bound: &OperatorBound,
) -> Result<f64, StorageError> {
    let sum: Power = diesel::sql_query(
        "select coalesce(sum(outlet.power_w), 0) as power_w
         from connectors as outlet
         join charge_points as device on device.charge_point_id = outlet.charge_point_id and device.online
         join piles on piles.charge_point_id = outlet.charge_point_id and piles.retired_at is null
         where outlet.status = 'Charging' and outlet.connector_id <> 0
           and not exists (
             select from connectors as whole
             where whole.charge_point_id = outlet.charge_point_id and whole.connector_id = 0
               and whole.status in ('Faulted', 'Unavailable'))
           and ($1::text[] is null or exists (
             select from stations where stations.id = piles.station_id and stations.operator_id = any($1)))",
    )
    .bind::<Nullable<Array<Text>>, _>(bound.ids())
    .get_result(connection)
    .await?;
    Ok(sum.power_w)
}

impl ConnectorGroup {
    fn status(&self) -> Result<PileStatus, StorageError> {
        let word = self.out.as_ref().or(self.status.as_ref());
        let parse = |word: &String| {
            ConnectorStatus::parse(word).ok_or_else(|| StorageError::inconsistent("connectors", word))
        };
        Ok(PileStatus::of_connector(self.online, word.map(parse).transpose()?))
    }
}
