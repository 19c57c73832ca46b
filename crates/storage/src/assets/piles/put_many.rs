//! Many piles at once, as a file says them: each device's pile is made, or replaced when there is one.

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
use domain::assets::{Edition, Pile, PileDetails, Signature};
use domain::feed::{AssetAction, FeedChange, FeedKind, FeedSubject, PileChanged};
use domain::ids::{ChargePointId, PileId, StationId};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// A pile as a file says it; it is the device's.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The line that it begins in.
    pub line: u64,
    /// The station that it stands in.
    pub station_id: StationId,
    /// What is said of it.
    pub details: PileDetails,
}

/// Why an entry does not become a pile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EntryRefusal {
    /// There is no such station, or it is retired.
    #[error("there is no such station")]
    StationNotFound,
    /// The device's pile stands elsewhere, and piles do not move.
    #[error("the pile stands in station {0}")]
    OtherStation(StationId),
    /// Somebody else made a pile with the device in this instant.
    #[error("a pile with this device was made meanwhile")]
    Overtaken,
}

impl Importable for Entry {
    type Refusal = EntryRefusal;
    type Told = PileChanged;

    fn line(&self) -> u64 {
        self.line
    }

    async fn foresee(
        connection: &mut Connection,
        entries: &[Self],
    ) -> Result<Outcome<EntryRefusal>, StorageError> {
        let open: Vec<Uuid> = stations::table
            .filter(stations::id.eq_any(station_ids(entries)))
            .filter(stations::retired_at.is_null())
            .select(stations::id)
            .load(connection)
            .await?;
        let found: Vec<Row> = piles::table
            .filter(piles::charge_point_id.eq_any(devices(entries)))
            .filter(piles::retired_at.is_null())
            .select(Row::as_select())
            .load(connection)
            .await?;
        Ok(plan(entries, open, found)?.outcome)
    }

    async fn write(
        tx: &mut Connection,
        entries: &[Self],
        signature: &Signature,
        told: &mut Vec<PileChanged>,
    ) -> Result<Outcome<EntryRefusal>, StorageError> {
        begin_look_up(tx).await?;
        let open: Vec<Uuid> = stations::table
            .filter(stations::id.eq_any(station_ids(entries)))
            .filter(stations::retired_at.is_null())
            .order(stations::id)
            .select(stations::id)
            .for_share()
            .load(tx)
            .await?;
        let found: Vec<Row> = piles::table
            .filter(piles::charge_point_id.eq_any(devices(entries)))
            .filter(piles::retired_at.is_null())
            .order(piles::id)
            .select(Row::as_select())
            .for_no_key_update()
            .load(tx)
            .await?;
        end_look_up(tx).await?;
        let Plan { create, update, mut outcome } = plan(entries, open, found)?;
        let (edits, overtaken) = create_all(tx, create, signature).await?;
        outcome.created = edits.len();
        outcome.refused.extend(overtaken.into_iter().map(|line| (line, EntryRefusal::Overtaken)));
        note(tx, AssetAction::Created, &edits, signature, told).await?;
        let edits = update_all(tx, &update, signature).await?;
        note(tx, AssetAction::Updated, &edits, signature, told).await?;
        Ok(outcome)
    }

    fn device(told: &PileChanged) -> Option<&ChargePointId> {
        Some(&told.charge_point_id)
    }

    fn change(told: &PileChanged, at: DateTime<Utc>) -> FeedChange {
        FeedChange {
            subject: FeedSubject::ChargePoint(told.charge_point_id.clone()),
            at,
            kind: FeedKind::PileChanged(told.clone()),
        }
    }
}

/// What is to be done when `open` stations are there, and `found` piles have devices of the entries.
fn plan(entries: &[Entry], open: Vec<Uuid>, found: Vec<Row>) -> Result<Plan<'_, Entry, Pile>, StorageError> {
    let open: HashSet<Uuid> = open.into_iter().collect();
    let mut standing: HashMap<ChargePointId, Pile> = HashMap::with_capacity(found.len());
    for row in found {
        let pile = Pile::try_from(row)?;
        standing.insert(pile.details.charge_point_id.clone(), pile);
    }
    Ok(Plan::of(entries, |entry| {
        if !open.contains(&entry.station_id.0) {
            return Verdict::Refuse(EntryRefusal::StationNotFound);
        }
        match standing.remove(&entry.details.charge_point_id) {
            None => Verdict::Create,
            Some(pile) if pile.station_id != entry.station_id => {
                Verdict::Refuse(EntryRefusal::OtherStation(pile.station_id))
            }
            Some(pile) if pile.details == entry.details => Verdict::Unchanged,
            Some(pile) => Verdict::Update(pile),
        }
    }))
}

/// A pile as it is now, and what was said of it before.
type Edit<'a> = (Pile, Option<&'a PileDetails>);

/// Makes piles; answers them, and the lines of entries whose device somebody else's pile got in the same instant.
async fn create_all<'a>(
    tx: &mut Connection,
    entries: Vec<&'a Entry>,
    signature: &Signature,
) -> Result<(Vec<Edit<'a>>, Vec<u64>), StorageError> {
    if entries.is_empty() {
        return Ok((Vec::new(), Vec::new()));
    }
    let edition =
        Edition { created_at: signature.at, updated_at: signature.at, version: 1, retired_at: None };
    let piles = entries.iter().map(|entry| Pile {
        id: PileId(Uuid::now_v7()),
        station_id: entry.station_id,
        details: entry.details.clone(),
        edition,
    });
    let piles: Vec<Pile> = piles.collect();
    let made: Vec<Uuid> = Bulk(rows::Made::of(&piles)?).load(tx).await?;
    let made: HashSet<Uuid> = made.into_iter().collect();
    let mut overtaken = Vec::new();
    let mut edits = Vec::with_capacity(made.len());
    for (pile, entry) in piles.into_iter().zip(entries) {
        if made.contains(&pile.id.0) {
            edits.push((pile, None));
        } else {
            overtaken.push(entry.line);
        }
    }
    Ok((edits, overtaken))
}

/// Replaces what is said of piles, which are held.
async fn update_all<'a>(
    tx: &mut Connection,
    changes: &'a [(Pile, &Entry)],
    signature: &Signature,
) -> Result<Vec<Edit<'a>>, StorageError> {
    if changes.is_empty() {
        return Ok(Vec::new());
    }
    let after = changes.iter().map(|(before, entry)| Pile {
        id: before.id,
        station_id: before.station_id,
        details: entry.details.clone(),
        edition: Edition { updated_at: signature.at, version: before.edition.version + 1, ..before.edition },
    });
    let after: Vec<Pile> = after.collect();
    Bulk(rows::Replaced::of(&after)?).execute(tx).await?;
    Ok(after.into_iter().zip(changes).map(|(after, (before, _))| (after, Some(&before.details))).collect())
}

/// Writes down what was done to piles.
async fn note(
    tx: &mut Connection,
    action: AssetAction,
    edits: &[Edit<'_>],
    signature: &Signature,
    told: &mut Vec<PileChanged>,
) -> Result<(), StorageError> {
    let lines = edits.iter().map(|(pile, before)| (pile.id.0, pile.edition, *before, &pile.details));
    audit::append_many(tx, action, &signature.by, lines).await?;
    told.extend(edits.iter().map(|(pile, _)| PileChanged {
        pile_id: pile.id,
        station_id: pile.station_id,
        charge_point_id: pile.details.charge_point_id.clone(),
        action,
        version: pile.edition.version,
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
