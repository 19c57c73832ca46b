//! How all piles stand, counted. Postgres reads each row once and groups what `domain` then sums up.

use crate::availability::Tally;
use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Int8, Nullable, Text};
use diesel_async::RunQueryDsl;
use domain::asset::StationStatus;
use domain::ids::ConnectorId;
use domain::status::{ConnectorStatus, PileStatus};
use std::collections::BTreeMap;

/// How the fleet stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Fleet {
    /// Piles that are not retired.
    pub piles: Tally,
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

/// Counts the fleet.
///
/// # Errors
/// When Postgres fails, or holds a word that is none.
pub async fn count(connection: &mut Connection) -> Result<Fleet, StorageError> {
    let order: Vec<&str> = ConnectorStatus::ALL.into_iter().map(ConnectorStatus::as_str).collect();
    let groups: Vec<Alike> = diesel::sql_query(
        "select device.online, heard.whole, ($1)[heard.best] as best, count(*) as count
         from piles
         left join charge_points as device on device.charge_point_id = piles.charge_point_id
         left join (
           select charge_point_id, max(status) filter (where connector_id = 0) as whole,
                  min(array_position($1, status)) filter (where connector_id <> 0) as best
           from connectors group by charge_point_id) as heard on heard.charge_point_id = device.charge_point_id
         where piles.retired_at is null
         group by 1, 2, 3",
    )
    .bind::<Array<Text>, _>(order)
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
