//! Many stations at once, as a file says them: one that names its station replaces it, or makes it when there is none.

mod rows;

use super::row::Row;
use crate::assets::audit;
use crate::assets::import::{Importable, Outcome, Plan, Verdict, begin_look_up, end_look_up};
use crate::database::bulk::Bulk;
use crate::schema::{piles, stations};
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::assets::{Edition, Signature, Station, StationDetails};
use domain::feed::{AssetAction, FeedChange, FeedKind, FeedSubject, StationChanged};
use domain::ids::{ChargePointId, StationId};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// A station as a file says it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The line that it begins in.
    pub line: u64,
    /// Which station it is; without, it is always another.
    pub id: Option<StationId>,
    /// What is said of it.
    pub details: StationDetails,
}

/// Why an entry does not become a station.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryRefusal {
    /// The station is retired.
    #[error("the station is retired: restore it first")]
    Retired,
    /// A pile is called so, retired or not; what was edited is found by id alone.
    #[error("is the id of a pile")]
    OfPile,
}

impl Importable for Entry {
    type Refusal = EntryRefusal;
    type Told = StationChanged;

    fn line(&self) -> u64 {
        self.line
    }

    async fn foresee(
        connection: &mut Connection,
        entries: &[Self],
    ) -> Result<Outcome<EntryRefusal>, StorageError> {
        let ids = ids(entries);
        let found: Vec<Row> = stations::table
            .filter(stations::id.eq_any(&ids))
            .select(Row::as_select())
            .load(connection)
            .await?;
        let of_piles = piles_among(connection, &ids).await?;
        Ok(plan(entries, found, &of_piles)?.outcome)
    }

    async fn write(
        tx: &mut Connection,
        entries: &[Self],
        signature: &Signature,
        told: &mut Vec<StationChanged>,
    ) -> Result<Outcome<EntryRefusal>, StorageError> {
        let ids = ids(entries);
        begin_look_up(tx).await?;
        let found: Vec<Row> = stations::table
            .filter(stations::id.eq_any(&ids))
            .order(stations::id)
            .select(Row::as_select())
            .for_no_key_update()
            .load(tx)
            .await?;
        let of_piles = piles_among(tx, &ids).await?;
        end_look_up(tx).await?;
        let Plan { create, update, outcome } = plan(entries, found, &of_piles)?;
        let edits = create_all(tx, create, signature).await?;
        note(tx, AssetAction::Created, &edits, signature, told).await?;
        let edits = update_all(tx, &update, signature).await?;
        note(tx, AssetAction::Updated, &edits, signature, told).await?;
        Ok(outcome)
    }

    fn device(_told: &StationChanged) -> Option<&ChargePointId> {
        None
    }

    fn change(told: &StationChanged, at: DateTime<Utc>) -> FeedChange {
        FeedChange {
            subject: FeedSubject::Station(told.station_id),
            at,
            kind: FeedKind::StationChanged(told.clone()),
        }
    }
}

/// What is to be done when `found` stations are called as entries say, retired or not, and piles are called `of_piles`.
fn plan<'a>(
    entries: &'a [Entry],
    found: Vec<Row>,
    of_piles: &HashSet<Uuid>,
) -> Result<Plan<'a, Entry, Station>, StorageError> {
    let mut standing: HashMap<StationId, Station> = HashMap::with_capacity(found.len());
    for row in found {
        let station = Station::try_from(row)?;
        standing.insert(station.id, station);
    }
    Ok(Plan::of(entries, |entry| {
        let Some(id) = entry.id else { return Verdict::Create };
        match standing.remove(&id) {
            None if of_piles.contains(&id.0) => Verdict::Refuse(EntryRefusal::OfPile),
            None => Verdict::Create,
            Some(station) if station.edition.retired_at.is_some() => Verdict::Refuse(EntryRefusal::Retired),
            Some(station) if station.details == entry.details => Verdict::Unchanged,
            Some(station) => Verdict::Update(station),
        }
    }))
}

/// A station as it is now, and what was said of it before.
type Edit<'a> = (Station, Option<&'a StationDetails>);

/// Makes stations; answers them. Only imports choose ids, and they take turns: nobody else makes one of these meanwhile.
async fn create_all<'a>(
    tx: &mut Connection,
    entries: Vec<&'a Entry>,
    signature: &Signature,
) -> Result<Vec<Edit<'a>>, StorageError> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let edition =
        Edition { created_at: signature.at, updated_at: signature.at, version: 1, retired_at: None };
    let made = entries.into_iter().map(|entry| Station {
        id: entry.id.unwrap_or_else(|| StationId(Uuid::now_v7())),
        details: entry.details.clone(),
        edition,
    });
    let made: Vec<Station> = made.collect();
    Bulk(rows::Made::of(&made)?).execute(tx).await?;
    Ok(made.into_iter().map(|station| (station, None)).collect())
}

/// Replaces what is said of stations, which are held.
async fn update_all<'a>(
    tx: &mut Connection,
    changes: &'a [(Station, &Entry)],
    signature: &Signature,
) -> Result<Vec<Edit<'a>>, StorageError> {
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let after = changes.iter().map(|(before, entry)| Station {
        id: before.id,
        details: entry.details.clone(),
        edition: Edition { updated_at: signature.at, version: before.edition.version + 1, ..before.edition },
    });
    let after: Vec<Station> = after.collect();
    Bulk(rows::Replaced::of(&after)?).execute(tx).await?;
    Ok(after.into_iter().zip(changes).map(|(after, (before, _))| (after, Some(&before.details))).collect())
}

/// Writes down what was done to stations.
async fn note(
    tx: &mut Connection,
    action: AssetAction,
    edits: &[Edit<'_>],
    signature: &Signature,
    told: &mut Vec<StationChanged>,
) -> Result<(), StorageError> {
    let lines =
        edits.iter().map(|(station, before)| (station.id.0, station.edition, *before, &station.details));
    audit::append_many(tx, action, &signature.by, lines).await?;
    told.extend(edits.iter().map(|(station, _)| StationChanged {
        station_id: station.id,
        action,
        version: station.edition.version,
    }));
    Ok(())
}

/// Those of `ids` that piles have.
async fn piles_among(connection: &mut Connection, ids: &[Uuid]) -> Result<HashSet<Uuid>, StorageError> {
    let found: Vec<Uuid> =
        piles::table.filter(piles::id.eq_any(ids)).select(piles::id).load(connection).await?;
    Ok(found.into_iter().collect())
}

fn ids(entries: &[Entry]) -> Vec<Uuid> {
    entries.iter().filter_map(|entry| Some(entry.id?.0)).collect()
}
