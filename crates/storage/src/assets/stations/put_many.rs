//! Bulk import of stations: an entry with an id replaces that station, or creates it if it does not
//! exist.

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
use domain::assets::{EditStamp, OperatorBound, Revision, Station, StationDetails};
use domain::feed::{AssetAction, FeedChange, FeedKind, FeedSubject, StationChanged};
use domain::ids::{ChargePointId, StationId};
use domain::text::Label;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// A station in an import file.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The line of the file in which the entry begins.
    pub line: u64,
    /// The id of the station; without one, a new station is created.
    pub id: Option<StationId>,
    /// The details of the station.
    pub details: StationDetails,
}

/// Why an entry is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EntryRefusal {
    /// The station is retired.
    #[error("the station is retired: restore it first")]
    Retired,
    /// The id belongs to a pile, retired or not; the audit trail finds assets by id alone.
    #[error("the id belongs to a pile: use another id")]
    OfPile,
    /// The id belongs to a station or a pile outside the caller's bound.
    #[error("the id is in use: use another id")]
    Taken,
}

impl Importable for Entry {
    type Refusal = EntryRefusal;
    type Changed = StationChanged;

    fn line(&self) -> u64 {
        self.line
    }

    async fn foresee(
        connection: &mut Connection,
        bound: &OperatorBound,
        entries: &[Self],
    ) -> Result<Outcome<EntryRefusal>, StorageError> {
        let ids = ids(entries);
        let found: Vec<Row> = stations::table
            .filter(stations::id.eq_any(&ids))
            .select(Row::as_select())
            .load(connection)
            .await?;
        let of_piles = piles_among(connection, &ids).await?;
        Ok(plan(bound, entries, found, &of_piles)?.outcome)
    }

    async fn write(
        tx: &mut Connection,
        bound: &OperatorBound,
        entries: &[Self],
        stamp: &EditStamp,
        changed: &mut Vec<StationChanged>,
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
        let Plan { create, update, outcome } = plan(bound, entries, found, &of_piles)?;
        let edits = create_all(tx, create, stamp).await?;
        record_edits(tx, AssetAction::Created, &edits, stamp, changed).await?;
        let edits = update_all(tx, &update, stamp).await?;
        record_edits(tx, AssetAction::Updated, &edits, stamp, changed).await?;
        Ok(outcome)
    }

    fn device(_changed: &StationChanged) -> Option<&ChargePointId> {
        None
    }

    fn change(changed: &StationChanged, at: DateTime<Utc>) -> FeedChange {
        FeedChange {
            subject: FeedSubject::Station(changed.station_id),
            at,
            kind: FeedKind::StationChanged(changed.clone()),
        }
    }
}

/// Plans the import by a caller with `bound`, given the `found` stations with ids of the entries, retired or not, and the
/// ids `of_piles` that belong to piles.
fn plan<'a>(
    bound: &OperatorBound,
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
            None if of_piles.contains(&id.0) => Verdict::Refuse(match bound {
                OperatorBound::All => EntryRefusal::OfPile,
                OperatorBound::Only(_) => EntryRefusal::Taken,
            }),
            None => Verdict::Create,
            Some(station) if !bound.reaches(station.details.operator_id.as_ref().map(Label::as_str)) => {
                Verdict::Refuse(EntryRefusal::Taken)
            }
            Some(station) if station.revision.retired_at.is_some() => Verdict::Refuse(EntryRefusal::Retired),
            Some(station) if station.details == entry.details => Verdict::Unchanged,
            Some(station) => Verdict::Update(station),
        }
    }))
}

/// A station after its edit, and its details before.
type Edit<'a> = (Station, Option<&'a StationDetails>);

/// Creates stations and returns them. Only imports choose ids, and they run one at a time, so no
/// other transaction creates one of these.
async fn create_all<'a>(
    tx: &mut Connection,
    entries: Vec<&'a Entry>,
    stamp: &EditStamp,
) -> Result<Vec<Edit<'a>>, StorageError> {
    if entries.is_empty() {
        return Ok(Vec::new());
    }
    let revision = Revision { created_at: stamp.at, updated_at: stamp.at, version: 1, retired_at: None };
    let created = entries.into_iter().map(|entry| Station {
        id: entry.id.unwrap_or_else(|| StationId(Uuid::now_v7())),
        details: entry.details.clone(),
        revision,
    });
    let created: Vec<Station> = created.collect();
    Bulk(rows::Made::of(&created)?).execute(tx).await?;
    Ok(created.into_iter().map(|station| (station, None)).collect())
}

/// Replaces the details of locked stations.
async fn update_all<'a>(
    tx: &mut Connection,
    changes: &'a [(Station, &Entry)],
    stamp: &EditStamp,
) -> Result<Vec<Edit<'a>>, StorageError> {
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let after = changes.iter().map(|(before, entry)| Station {
        id: before.id,
        details: entry.details.clone(),
        revision: Revision { updated_at: stamp.at, version: before.revision.version + 1, ..before.revision },
    });
    let after: Vec<Station> = after.collect();
    Bulk(rows::Replaced::of(&after)?).execute(tx).await?;
    Ok(after.into_iter().zip(changes).map(|(after, (before, _))| (after, Some(&before.details))).collect())
}

/// Records edits of stations in the audit trail and collects the feed changes.
async fn record_edits(
    tx: &mut Connection,
    action: AssetAction,
    edits: &[Edit<'_>],
    stamp: &EditStamp,
    changed: &mut Vec<StationChanged>,
) -> Result<(), StorageError> {
    let lines =
        edits.iter().map(|(station, before)| (station.id.0, station.revision, *before, &station.details));
    audit::append_many(tx, action, &stamp.by, lines).await?;
    changed.extend(edits.iter().map(|(station, _)| StationChanged {
        station_id: station.id,
        action,
        version: station.revision.version,
    }));
    Ok(())
}

/// Those of `ids` that belong to piles.
async fn piles_among(connection: &mut Connection, ids: &[Uuid]) -> Result<HashSet<Uuid>, StorageError> {
    let found: Vec<Uuid> =
        piles::table.filter(piles::id.eq_any(ids)).select(piles::id).load(connection).await?;
    Ok(found.into_iter().collect())
}

fn ids(entries: &[Entry]) -> Vec<Uuid> {
    entries.iter().filter_map(|entry| Some(entry.id?.0)).collect()
}
