//! The task that keeps the map current.

use super::changes::{Changes, ReadTo};
use super::map::Map;
use super::upkeep::Upkeep;
use super::{State, StationMap};
use crate::http::edit;
use crate::settings::StationMapSettings;
use chrono::TimeDelta;
use domain::assets::Station;
use domain::ids::StationId;
use runtime::lock::RwLockExt as _;
use runtime::{Shutdown, causes};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};
use storage::assets::availability::{self, PileState};
use storage::assets::stations;
use storage::{Connection, Database, PooledConnection, StorageError, feed};

/// Interval between reads of the feed while no list waits for one.
const IDLE: Duration = Duration::from_millis(250);
/// Least time between the beginnings of two reads, so that reads for lists take a small part of a
/// processor.
const PACE: Duration = Duration::from_millis(4);
/// Interval between steps of the upkeep.
const UPKEEP: Duration = Duration::from_millis(100);
/// Pause after a failure.
const PAUSE: Duration = Duration::from_secs(1);
/// Time limit for a read of the feed with what it names.
const LIMIT: Duration = Duration::from_secs(30);
/// Stations or devices that are loaded with one statement.
const BATCH: usize = 500;
/// Stations that are loaded at once, with their piles, when the map is built.
const PAGE: i64 = 500;

/// Why the map cannot be kept current.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// PostgreSQL failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A station cannot be rendered.
    #[error("a station cannot be rendered")]
    Render(#[from] serde_json::Error),
    /// There are more piles than `station_map.max_piles`.
    #[error("there are more piles than station_map.max_piles")]
    TooManyPiles,
}

/// Follows the feed, and loads what it names.
pub struct Follower {
    map: Arc<StationMap>,
    database: Database,
    settings: StationMapSettings,
    heartbeat_timeout: TimeDelta,
    shutdown: Shutdown,
}

impl Follower {
    /// A follower that uses one connection of `database`.
    pub const fn new(
        map: Arc<StationMap>,
        database: Database,
        settings: StationMapSettings,
        heartbeat_timeout: TimeDelta,
        shutdown: Shutdown,
    ) -> Self {
        Self { map, database, settings, heartbeat_timeout, shutdown }
    }

    /// Follows until shutdown is requested, or until there are too many piles.
    pub async fn run(self) {
        let mut read_to = None;
        let mut upkeep = Upkeep::new(self.heartbeat_timeout);
        let mut maintained_at = Instant::now();
        while !self.shutdown.is_requested() {
            let began = Instant::now();
            match self.step(read_to.clone(), &mut upkeep, &mut maintained_at).await {
                Ok(next) => read_to = next,
                Err(FollowError::TooManyPiles) => {
                    tracing::error!(
                        max_piles = self.settings.max_piles,
                        "there are more piles than station_map.max_piles; lists of stations are read from the database"
                    );
                    self.map.leave();
                    self.map.attempted.store(true, Ordering::Relaxed);
                    *self.map.map.writing() = Map::default();
                    return;
                }
                Err(error) => {
                    tracing::warn!(
                        error = causes(&error),
                        "the station map cannot be updated; lists are read from the database; retrying in 1 s"
                    );
                    self.map.leave();
                    self.shutdown.run_until_requested(tokio::time::sleep(PAUSE)).await;
                }
            }
            self.map.attempted.store(true, Ordering::Relaxed);
            self.shutdown.run_until_requested(self.wait(began)).await;
        }
    }

    /// Waits for a list or for [`IDLE`], and for [`PACE`] after `began`.
    async fn wait(&self, began: Instant) {
        // Either is a reason to read.
        let _idle = tokio::time::timeout(IDLE, self.map.wanted.notified()).await;
        tokio::time::sleep_until((began + PACE).into()).await;
    }

    /// Builds the map, or reads the feed once and maintains the map if that is due. Returns how far the
    /// feed was read; `None` if the map must be built again.
    async fn step(
        &self,
        read_to: Option<ReadTo>,
        upkeep: &mut Upkeep,
        maintained_at: &mut Instant,
    ) -> Result<Option<ReadTo>, FollowError> {
        let Some(read_to) = read_to else { return self.build().await.map(Some) };
        let (began, at) = (Instant::now(), edit::now());
        let map = Arc::clone(&self.map);
        let read = async move |mut connection: PooledConnection| {
            let Some(changes) = Changes::after(&mut connection, read_to).await? else { return Ok(None) };
            load(&mut connection, &map, &changes).await?;
            Ok::<_, FollowError>(Some(changes.read_to))
        };
        let Some(read_to) = self.database.run_within(LIMIT, read).await? else {
            tracing::warn!("the feed has a gap; the station map is built again");
            self.map.leave();
            return Ok(None);
        };
        if self.map.map.reading().piles() > self.settings.max_piles {
            return Err(FollowError::TooManyPiles);
        }
        self.map.state.send_replace(State::ReadAt { began, at });
        if maintained_at.elapsed() >= UPKEEP {
            *maintained_at = Instant::now();
            let (map, due, read_to) = (Arc::clone(&self.map), upkeep.clone(), read_to.clone());
            let maintain =
                async move |mut connection: PooledConnection| due.step(&mut connection, &map, read_to).await;
            *upkeep = self.database.run_within(LIMIT, maintain).await?;
        }
        Ok(Some(read_to))
    }

    /// Loads all stations and piles. The feed is read from where it was before.
    async fn build(&self) -> Result<ReadTo, FollowError> {
        let begun = Instant::now();
        let span = async |mut connection: PooledConnection| feed::span(&mut connection).await;
        let position = self.database.run::<_, StorageError, _, _>(span).await?.last;
        let mut built = Map::default();
        let mut after = None;
        loop {
            let (stations, piles) = self.page(after).await?;
            let Some(last) = stations.last() else { break };
            after = Some(last.id);
            for station in &stations {
                built.put_station(station)?;
            }
            built.put_piles([], piles)?;
            if built.piles() > self.settings.max_piles {
                return Err(FollowError::TooManyPiles);
            }
            if self.shutdown.is_requested() {
                break;
            }
        }
        let (stations, piles) = (built.stations(), built.piles());
        // The former map is dropped without the lock.
        let former = std::mem::replace(&mut *self.map.map.writing(), built);
        drop(former);
        self.map.metrics.rebuilt();
        tracing::info!(stations, piles, took = ?begun.elapsed(), "the station map is built");
        Ok(ReadTo { position, ..ReadTo::default() })
    }

    /// The next page of stations with their piles.
    async fn page(&self, after: Option<StationId>) -> Result<(Vec<Station>, Vec<PileState>), StorageError> {
        let read =
            async move |mut connection: PooledConnection| read_stations(&mut connection, after, PAGE).await;
        self.database.run_within(LIMIT, read).await
    }
}

/// Reads up to `limit` stations in the order of their ids, from the one after `after`, with their
/// piles.
pub async fn read_stations(
    connection: &mut Connection,
    after: Option<StationId>,
    limit: i64,
) -> Result<(Vec<Station>, Vec<PileState>), StorageError> {
    let stations = stations::list_by_id(connection, after, limit).await?;
    let ids: Vec<_> = stations.iter().map(|station| station.id).collect();
    let piles = availability::piles_of_stations(connection, &ids).await?;
    Ok((stations, piles))
}

/// Loads what `changes` name into the map.
async fn load(connection: &mut Connection, map: &StationMap, changes: &Changes) -> Result<(), FollowError> {
    let stations: Vec<_> = changes.stations.iter().copied().collect();
    load_stations(connection, map, &stations).await?;
    let devices: Vec<_> = changes.devices.iter().cloned().collect();
    load_piles(connection, map, &devices).await
}

/// Loads the stations with these ids into the map; retired ones are removed.
async fn load_stations(
    connection: &mut Connection,
    map: &StationMap,
    ids: &[StationId],
) -> Result<(), FollowError> {
    for ids in ids.chunks(BATCH) {
        let found = stations::find_many(connection, ids.iter().copied()).await?;
        let mut retired: BTreeSet<_> = ids.iter().copied().collect();
        let mut map = map.map.writing();
        for station in &found {
            retired.remove(&station.id);
            map.put_station(station)?;
        }
        retired.into_iter().for_each(|id| map.remove_station(id));
    }
    Ok(())
}

/// Loads the piles with these devices into the map, and their stations if it lacks them. Devices in no
/// pile are removed.
pub async fn load_piles(
    connection: &mut Connection,
    map: &StationMap,
    devices: &[String],
) -> Result<(), FollowError> {
    for devices in devices.chunks(BATCH) {
        let piles = availability::piles_with_devices(connection, devices.to_vec()).await?;
        let missing: BTreeSet<StationId> = {
            let map = map.map.reading();
            piles.iter().map(|pile| pile.station_id).filter(|id| map.station(*id).is_none()).collect()
        };
        load_stations(connection, map, &missing.into_iter().collect::<Vec<_>>()).await?;
        map.map.writing().put_piles(devices.iter().map(String::as_str), piles)?;
    }
    Ok(())
}
