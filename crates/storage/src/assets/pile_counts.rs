//! How all piles stand, counted. Postgres reads each row once and groups what `domain` then sums up.

use crate::assets::availability::{Tally, Trust};
use crate::devices::charge_points;
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Int4, Int8, Nullable, Text, Timestamptz};
use diesel_async::RunQueryDsl;
use domain::assets::StationStatus;
use domain::ids::ConnectorId;
use domain::status::{ConnectorStatus, PileStatus};
use std::collections::BTreeMap;

/// How the fleet stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fleet {
    /// Piles that are not retired.
    pub piles: Tally,
    /// What decides how far the statuses of the same piles can be trusted, and of how many.
    pub trust: Vec<(Trust, i64)>,
    /// Stations that are not retired, by the word for their status.
    pub stations: BTreeMap<&'static str, i64>,
}

/// Piles whose devices stand alike.
#[derive(QueryableByName)]
struct Alike {
    #[diesel(sql_type = Nullable<Bool>)]
    online: Option<bool>,
    /// What the devices say of themselves as a whole.
    #[diesel(sql_type = Nullable<Text>)]
    whole: Option<String>,
    /// The best of their connectors.
    #[diesel(sql_type = Nullable<Text>)]
    best: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    confidence: Option<String>,
    /// The partition that last spoke of them.
    #[diesel(sql_type = Nullable<Int4>)]
    partition: Option<i32>,
    /// When the platform last heard of one of them.
    #[diesel(sql_type = Nullable<Timestamptz>)]
    heard_at: Option<DateTime<Utc>>,
    #[diesel(sql_type = Int8)]
    count: i64,
}

#[derive(QueryableByName)]
struct StationsAlike {
    #[diesel(sql_type = Text)]
    status: String,
    #[diesel(sql_type = Int8)]
    count: i64,
}

/// Counts the fleet. Devices that were heard since `silent_since` are counted apart from those that were not.
///
/// # Errors
/// When Postgres fails, or holds a word that is none.
pub async fn count(connection: &mut Connection, silent_since: DateTime<Utc>) -> Result<Fleet, StorageError> {
    let order: Vec<&str> = ConnectorStatus::ALL.into_iter().map(ConnectorStatus::as_str).collect();
    let groups: Vec<Alike> = diesel::sql_query(
        "select device.online, heard.whole, ($1)[heard.best] as best, device.confidence, device.seen_partition as partition,
                max(greatest(device.last_seen_at, device.written_at)) as heard_at, count(*) as count
         from piles
         left join charge_points as device on device.charge_point_id = piles.charge_point_id
         left join (
           select charge_point_id, max(status) filter (where connector_id = 0) as whole,
                  min(array_position($1, status)) filter (where connector_id <> 0) as best
           from connectors group by charge_point_id) as heard on heard.charge_point_id = device.charge_point_id
         where piles.retired_at is null
         group by 1, 2, 3, 4, 5, greatest(device.last_seen_at, device.written_at) < $2",
    )
    .bind::<Array<Text>, _>(order)
    .bind::<Timestamptz, _>(silent_since)
    .load(connection)
    .await?;
    let stations: Vec<StationsAlike> = diesel::sql_query(
        "select status, count(*) as count from stations where retired_at is null group by status",
    )
    .load(connection)
    .await?;
    let mut fleet = Fleet::default();
    for group in groups {
        *fleet.piles.entry(group.status()?).or_default() += group.count;
        fleet.trust.push((group.trust()?, group.count));
    }
    for group in stations {
        let word =
            StationStatus::ALL.into_iter().map(StationStatus::as_str).find(|word| *word == group.status);
        let word = word.ok_or_else(|| StorageError::inconsistent("stations", &group.status))?;
        fleet.stations.insert(word, group.count);
    }
    Ok(fleet)
}

impl Alike {
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
        // Which connector it is does not matter.
        let best = self.best.as_ref().map(parse).transpose()?.zip(ConnectorId::parse(1).ok());
        let reports = whole.into_iter().chain(best.map(|(status, connector)| (connector, status)));
        Ok(PileStatus::roll_up(online, reports))
    }
}
