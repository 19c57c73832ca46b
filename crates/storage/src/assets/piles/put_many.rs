//! Bulk import of piles: the pile of each device is created, or replaced if it exists.

mod rows;

use super::row::Row;
use crate::assets::audit;
use crate::assets::import::{Importable, Outcome, Plan, Verdict, begin_look_up, end_look_up};
use crate::database::bulk::Bulk;
use crate::database::operators;
use crate::schema::{piles, stations};
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::assets::{EditStamp, OperatorBound, Pile, PileDetails, Revision};
use domain::feed::{AssetAction, FeedChange, FeedKind, FeedSubject, PileChanged};
use domain::ids::{ChargePointId, PileId, StationId};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// A pile in an import file, identified by its device.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The line of the file in which the entry begins.
    pub line: u64,
    /// The station of the pile.
    pub station_id: StationId,
    /// The details of the pile.
    pub details: PileDetails,
}

/// Why an entry is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryRefusal {
    /// The station does not exist or is retired.
    #[error("there is no such station")]
    StationNotFound,
    /// The device's pile belongs to this other station, and piles cannot be moved.
    #[error("the pile belongs to station {0}")]
    OtherStation(StationId),
    /// The device belongs to a pile outside the caller's bound.
    #[error("the charge point id is in use")]
    Taken,
    /// Another transaction created a pile with this device at the same time.
    #[error("another request created a pile with this device at the same time")]
    Overtaken,
}

impl Importable for Entry {
    type Refusal = EntryRefusal;
    type Changed = PileChanged;

    fn line(&self) -> u64 {
        self.line
    }

    async fn foresee(
        connection: &mut Connection,
        bound: &OperatorBound,
        entries: &[Self],
    ) -> Result<Outcome<EntryRefusal>, StorageError> {
        let open: Vec<Uuid> = stations::table
            .filter(stations::id.eq_any(station_ids(entries)))
            .filter(operators::stations(bound))
            .filter(stations::retired_at.is_null())
            .select(stations::id)
            .load(connection)
            .await?;
        let found: Vec<(Row, bool)> = piles::table
            .filter(piles::charge_point_id.eq_any(devices(entries)))
            .filter(piles::retired_at.is_null())
            .select((Row::as_select(), operators::piles(bound)))
            .load(connection)
            .await?;
        Ok(plan(entries, open, found)?.outcome)
    }

    async fn write(
        tx: &mut Connection,
        bound: &OperatorBound,
        entries: &[Self],
        stamp: &EditStamp,
        changed: &mut Vec<PileChanged>,
    ) -> Result<Outcome<EntryRefusal>, StorageError> {
        begin_look_up(tx).await?;
        let open: Vec<Uuid> = stations::table
            .filter(stations::id.eq_any(station_ids(entries)))
            .filter(operators::stations(bound))
            .filter(stations::retired_at.is_null())
            .order(stations::id)
            .select(stations::id)
            .for_share()
            .load(tx)
            .await?;
        let found: Vec<(Row, bool)> = piles::table
            .filter(piles::charge_point_id.eq_any(devices(entries)))
            .filter(piles::retired_at.is_null())
            .order(piles::id)
            .select((Row::as_select(), operators::piles(bound)))
            .for_no_key_update()
            .load(tx)
            .await?;
        end_look_up(tx).await?;
        let Plan { create, update, mut outcome } = plan(entries, open, found)?;
        let (edits, overtaken) = create_all(tx, create, stamp).await?;
        outcome.created = edits.len();
        outcome.refused.extend(overtaken.into_iter().map(|line| (line, EntryRefusal::Overtaken)));
        record_edits(tx, AssetAction::Created, &edits, stamp, changed).await?;
        let edits = update_all(tx, &update, stamp).await?;
        record_edits(tx, AssetAction::Updated, &edits, stamp, changed).await?;
        Ok(outcome)
    }

    fn device(changed: &PileChanged) -> Option<&ChargePointId> {
        Some(&changed.charge_point_id)
    }

    fn change(changed: &PileChanged, at: DateTime<Utc>) -> FeedChange {
        FeedChange {
            subject: FeedSubject::ChargePoint(changed.charge_point_id.clone()),
            at,
            kind: FeedKind::PileChanged(changed.clone()),
        }
    }
}

/// Plans the import, given the `open` stations that are not retired and the `found` piles with
/// devices of the entries, each with whether the caller may reach it.
fn plan(
    entries: &[Entry],
    open: Vec<Uuid>,
    found: Vec<(Row, bool)>,
) -> Result<Plan<'_, Entry, Pile>, StorageError> {
    let open: HashSet<Uuid> = open.into_iter().collect();
    let mut standing: HashMap<ChargePointId, (Pile, bool)> = HashMap::with_capacity(found.len());
    for (row, is_own) in found {
        let pile = Pile::try_from(row)?;
        standing.insert(pile.details.charge_point_id.clone(), (pile, is_own));
    }
    Ok(Plan::of(entries, |entry| {
        if !open.contains(&entry.station_id.0) {
            return Verdict::Refuse(EntryRefusal::StationNotFound);
        }
        match standing.remove(&entry.details.charge_point_id) {
            None => Verdict::Create,
            Some((_, false)) => Verdict::Refuse(EntryRefusal::Taken),
            Some((pile, _)) if pile.station_id != entry.station_id => {
                Verdict::Refuse(EntryRefusal::OtherStation(pile.station_id))
            }
            Some((pile, _)) if pile.details == entry.details => Verdict::Unchanged,
            Some((pile, _)) => Verdict::Update(pile),
        }
    }))
}

/// A pile after its edit, and its details before.
type Edit<'a> = (Pile, Option<&'a PileDetails>);

/// Creates piles. Returns them, and the lines of entries whose device was taken by another
/// transaction.
async fn create_all<'a>(
    tx: &mut Connection,
    entries: Vec<&'a Entry>,
    stamp: &EditStamp,
) -> Result<(Vec<Edit<'a>>, Vec<u64>), StorageError> {
    if entries.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let revision = Revision { created_at: stamp.at, updated_at: stamp.at, version: 1, retired_at: None };
    let piles = entries.iter().map(|entry| Pile {
        id: PileId(Uuid::now_v7()),
        station_id: entry.station_id,
        details: entry.details.clone(),
        revision,
    });
    let piles: Vec<Pile> = piles.collect();
    let created: Vec<Uuid> = Bulk(rows::Made::of(&piles)?).load(tx).await?;
    let created: HashSet<Uuid> = created.into_iter().collect();
    let mut overtaken = Vec::new();
    let mut edits = Vec::with_capacity(created.len());
    for (pile, entry) in piles.into_iter().zip(entries) {
        if created.contains(&pile.id.0) {
            edits.push((pile, None));
        } else {
            overtaken.push(entry.line);
        }
    }
    Ok((edits, overtaken))
}

/// Replaces the details of locked piles.
async fn update_all<'a>(
    tx: &mut Connection,
    changes: &'a [(Pile, &Entry)],
    stamp: &EditStamp,
) -> Result<Vec<Edit<'a>>, StorageError> {
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let after = changes.iter().map(|(before, entry)| Pile {
        id: before.id,
        station_id: before.station_id,
        details: entry.details.clone(),
        revision: Revision { updated_at: stamp.at, version: before.revision.version + 1, ..before.revision },
    });
    let after: Vec<Pile> = after.collect();
    Bulk(rows::Replaced::of(&after)?).execute(tx).await?;
    Ok(after.into_iter().zip(changes).map(|(after, (before, _))| (after, Some(&before.details))).collect())
}

/// Records edits of piles in the audit trail and collects the feed changes.
async fn record_edits(
    tx: &mut Connection,
    action: AssetAction,
    edits: &[Edit<'_>],
    stamp: &EditStamp,
    changed: &mut Vec<PileChanged>,
) -> Result<(), StorageError> {
    let lines = edits.iter().map(|(pile, before)| (pile.id.0, pile.revision, *before, &pile.details));
    audit::append_many(tx, action, &stamp.by, lines).await?;
    changed.extend(edits.iter().map(|(pile, _)| PileChanged {
        pile_id: pile.id,
        station_id: pile.station_id,
        charge_point_id: pile.details.charge_point_id.clone(),
        action,
        version: pile.revision.version,
    }));
    Ok(())
}

fn station_ids(entries: &[Entry]) -> Vec<Uuid> {
    let ids: HashSet<Uuid> = entries.iter().map(|entry| entry.station_id.0).collect();
    ids.into_iter().collect()
}

fn devices(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.details.charge_point_id.as_str()).collect()
}
