//! Counts of all piles by status. PostgreSQL reads each row once and groups the rows; `domain` sums
//! up the groups.

use crate::assets::availability::{Tally, Trust};
use crate::devices::charge_points;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Int4, Int8, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use domain::assets::{OperatorBound, StationStatus};
use domain::ids::ConnectorId;
use domain::status::{ConnectorStatus, PileStatus};
use std::collections::BTreeMap;

/// The counts of piles and stations.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PileCounts {
    /// Piles that are not retired, by status.
    pub piles: Tally,
    /// Groups of the same piles with the data that determines how far their statuses can be
    /// trusted, and their numbers.
    pub trust: Vec<(Trust, i64)>,
    /// Stations that are not retired, by the word of their status.
    pub stations: BTreeMap<&'static str, i64>,
}

/// Piles whose devices have equal values.
#[derive(QueryableByName)]
struct PileGroup {
    #[diesel(sql_type = Nullable<Bool>)]
    online: Option<bool>,
    /// The status of the device as a whole.
    #[diesel(sql_type = Nullable<Text>)]
    whole: Option<String>,
    /// The best status of its connectors.
    #[diesel(sql_type = Nullable<Text>)]
    best: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    confidence: Option<String>,
    /// The partition of the last event.
    #[diesel(sql_type = Nullable<Int4>)]
    partition: Option<i32>,
    /// When the platform last heard from any of the devices.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    heard_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Int8)]
    count: i64,
}

#[derive(QueryableByName)]
struct StationGroup {
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Int8)]
    count: i64,
}

/// Counts all piles and stations within `bound`. Devices that were heard since `silent_since` are grouped
/// separately from the others.
///
/// # Errors
/// If PostgreSQL fails, or a row contains an unknown word.
pub async fn count(
    connection: &mut Connection,
    bound: &OperatorBound,
    silent_since: DateTime<Utc>,
) -> Result<PileCounts, StorageError> {
    let order: Vec<&str> = ConnectorStatus::ALL.into_iter().map(ConnectorStatus::as_str).collect();
    let groups: Vec<PileGroup> = diesel::sql_query(
        "select device.online, heard.whole, ($1)[heard.best] as best, device.confidence, device.seen_partition as partition,
                max(greatest(device.last_seen_at, device.written_at)) as heard_at, count(*) as count
         from piles
         left join charge_points as device on device.charge_point_id = piles.charge_point_id
         left join (
           select charge_point_id, max(status) filter (where connector_id = 0) as whole,
                  min(array_position($1, status)) filter (where connector_id <> 0) as best
           from connectors group by charge_point_id) as heard on heard.charge_point_id = device.charge_point_id
         where piles.retired_at is null
           and ($3::text[] is null or exists (
             select from stations where stations.id = piles.station_id and stations.operator_id = any($3)))
         group by 1, 2, 3, 4, 5, greatest(device.last_seen_at, device.written_at) < $2",
    )
    .bind::<Array<Text>, _>(order)
    .bind::<Timestamptz, _>(silent_since)
    .bind::<Nullable<Array<Text>>, _>(bound.ids())
    .load(connection)
    .await?;
    let stations: Vec<StationGroup> = diesel::sql_query(
        "select status, count(*) as count from stations
         where retired_at is null and ($1::text[] is null or operator_id = any($1)) group by status",
    )
    .bind::<Nullable<Array<Text>>, _>(bound.ids())
    .load(connection)
    .await?;
    let mut counts = PileCounts::default();
    for group in groups {
        *counts.piles.entry(group.status()?).or_default() += group.count;
        counts.trust.push((group.trust()?, group.count));
    }
    for group in stations {
        let word =
            StationStatus::ALL.into_iter().map(StationStatus::as_str).find(|word| *word == group.status);
        let word = word.ok_or_else(|| StorageError::inconsistent("stations", &group.status))?;
        counts.stations.insert(word, group.count);
    }
    Ok(counts)
}

impl PileGroup {
    fn trust(&self) -> Result<Trust, StorageError> {
        let confidence = self.online.map(|_| charge_points::confidence(self.confidence.as_deref()));
        let confidence = confidence.transpose()?;
        Ok(Trust {
            confidence,
            partition: self.partition,
            online: self.online == Some(true),
            heard_at: self.heard_at,
        })
    }

    fn status(&self) -> Result<PileStatus, StorageError> {
        let Some(online) = self.online else { return Ok(PileStatus::Unknown) };
        let parse = |word: &String| {
            ConnectorStatus::parse(word).ok_or_else(|| StorageError::inconsistent("connectors", word))
        };
        let whole = self.whole.as_ref().map(parse).transpose()?.map(|status| (ConnectorId::WHOLE, status));
        // The connector's number does not matter here.
        let best = self.best.as_ref().map(parse).transpose()?.zip(ConnectorId::parse(1).ok());
        let reports = whole.into_iter().chain(best.map(|(status, connector)| (connector, status)));
        Ok(PileStatus::roll_up(online, reports))
    }
}
