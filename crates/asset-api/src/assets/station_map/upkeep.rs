//! What the feed does not report, in small steps: signs of life, and drift.

use super::StationMap;
use super::changes::{Changes, ReadTo};
use super::entry::{Entry, counts_alike};
use super::follower::{FollowError, load_piles, read_stations};
use super::map::Map;
use chrono::TimeDelta;
use domain::assets::Station;
use domain::ids::StationId;
use runtime::lock::RwLockExt as _;
use std::collections::BTreeSet;
use std::sync::Arc;
use storage::assets::availability::PileState;
use storage::{Connection, feed};

/// Silent devices that are loaded in a step.
const SILENT: usize = 200;
/// Stations that are searched for silent devices in a step.
const SEARCHED: usize = 10_000;
/// How long before it counts as silent a device is loaded again.
const AHEAD: TimeDelta = TimeDelta::seconds(2);
/// Stations that are compared with the database in a step.
const COMPARED: i64 = 10;

/// Where the steps continue, in the order of the stations' ids.
#[derive(Debug, Clone)]
pub struct Upkeep {
    heartbeat_timeout: TimeDelta,
    searched_to: Option<StationId>,
    compared_to: Option<StationId>,
}

/// Stations from the database, to compare.
struct Compared {
    after: Option<StationId>,
    stations: Vec<Station>,
    piles: Vec<PileState>,
    /// What may have changed since the map was updated; the feed will bring it.
    changes: Changes,
}

impl Upkeep {
    pub const fn new(heartbeat_timeout: TimeDelta) -> Self {
        Self { heartbeat_timeout, searched_to: None, compared_to: None }
    }

    /// The next step, of a map that contains the feed up to `read_to`.
    ///
    /// # Errors
    /// If PostgreSQL fails, or a station cannot be rendered.
    pub async fn step(
        mut self,
        connection: &mut Connection,
        map: &StationMap,
        read_to: ReadTo,
    ) -> Result<Self, FollowError> {
        if !read_to.waiting.is_empty() {
            feed::sequence(connection).await?;
        }
        let silent = self.silent(map);
        load_piles(connection, map, &silent).await?;
        self.compare(connection, map, read_to).await?;
        Ok(self)
    }

    /// Devices that count as silent: a heartbeat changes nothing that the feed reports, so they may have
    /// been heard since they were loaded.
    fn silent(&mut self, map: &StationMap) -> Vec<String> {
        let silent_since = runtime::clock::now() - self.heartbeat_timeout + AHEAD;
        let map = map.map.reading();
        let mut silent = Vec::new();
        let mut searched = 0;
        let from = self.searched_to.take();
        for entry in map.after(from).take(SEARCHED) {
            silent.extend(entry.silent(silent_since).map(|device| String::from(device.as_ref())));
            searched += 1;
            if silent.len() >= SILENT || searched == SEARCHED {
                self.searched_to = Some(entry.id);
                break;
            }
        }
        silent
    }

    /// Compares some stations with the database, and repairs what differs without a change in the feed.
    async fn compare(
        &mut self,
        connection: &mut Connection,
        map: &StationMap,
        read_to: ReadTo,
    ) -> Result<(), FollowError> {
        let after = self.compared_to;
        let (stations, piles) = read_stations(connection, after, COMPARED).await?;
        let is_last = i64::try_from(stations.len()).is_ok_and(|found| found < COMPARED);
        self.compared_to = stations.last().map(|last| last.id).filter(|_| !is_last);
        // Read after the rows: it names whatever changed between the map and them.
        let Some(changes) = Changes::after(connection, read_to).await? else { return Ok(()) };
        let compared = Compared { after, stations, piles, changes };
        let drift = compared.repair(&mut map.map.writing(), self.compared_to)?;
        if drift > 0 {
            map.metrics.drifted(drift);
            tracing::warn!(drift, "the station map differed from the database and was repaired");
        }
        Ok(())
    }
}

impl Compared {
    /// Repairs the stations up to `last`, all further ones without it; returns how many stations and
    /// piles differed.
    fn repair(self, map: &mut Map, last: Option<StationId>) -> Result<usize, FollowError> {
        let Self { after, stations, piles, changes } = self;
        let found: BTreeSet<StationId> = stations.iter().map(|station| station.id).collect();
        let devices: BTreeSet<Arc<str>> =
            piles.iter().map(|pile| Arc::clone(&pile.charge_point_id)).collect();
        let is_named = |device: &str| changes.devices.contains(device);
        let (mut gone, mut removed) = (Vec::new(), Vec::new());
        for entry in map.after(after).take_while(|entry| last.is_none_or(|last| entry.id <= last)) {
            if !found.contains(&entry.id) && !changes.stations.contains(&entry.id) {
                gone.push(entry.id);
            }
            let lost = entry.piles().keys().filter(|device| !devices.contains(*device) && !is_named(device));
            removed.extend(lost.map(Arc::clone));
        }
        let mut drift = gone.len() + removed.len();
        for station in stations.iter().filter(|station| !changes.stations.contains(&station.id)) {
            let entry = Entry::new(station)?;
            if !map.station(station.id).is_some_and(|known| known.is_registered_like(&entry)) {
                drift += 1;
                map.put_station(station)?;
            }
        }
        let piles: Vec<_> = piles.into_iter().filter(|pile| !is_named(&pile.charge_point_id)).collect();
        let differs = |pile: &&PileState| {
            !map.pile(&pile.charge_point_id).is_some_and(|known| counts_alike(known, pile))
        };
        drift += piles.iter().filter(differs).count();
        map.put_piles(removed.iter().map(AsRef::as_ref), piles)?;
        gone.into_iter().for_each(|id| map.remove_station(id));
        Ok(drift)
    }
}
