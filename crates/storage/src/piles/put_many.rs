//! Many piles at once, as a file says them: each device's pile is made, or replaced when there is one.
//!
//! A few statements for each chunk of entries, however many it has. Rows are locked in the order stations, piles, devices, and within
//! each by key, as single edits do it.

mod rows;

use super::row::Row;
use crate::bulk::Bulk;
use crate::schema::{piles, stations};
use crate::{Connection, StorageError, audit, feed};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::asset::{Edition, Pile, PileDetails, Signature};
use domain::feed::{AssetAction, FeedChange, FeedKind, FeedSubject, PileChanged};
use domain::ids::{ChargePointId, PileId, StationId};
use futures_util::{Stream, StreamExt};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// So many changes are told by one statement at most.
const TOLD_AT_ONCE: usize = 10 * FeedChange::MAX_TOGETHER;

/// A pile as a file says it.
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

/// What becomes of entries.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Entries that a new pile is made of.
    pub created: usize,
    /// Entries that say something else of a pile than was said of it.
    pub updated: usize,
    /// Entries that say of a pile what was said of it already; nothing is written.
    pub unchanged: usize,
    /// The lines of those that are refused, and why.
    pub refused: Vec<(u64, EntryRefusal)>,
}

/// Why many entries were not written all together.
#[derive(Debug)]
enum GivenUp<E> {
    Refused(Outcome),
    Failed(E),
}

impl<E: From<StorageError>> From<diesel::result::Error> for GivenUp<E> {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(StorageError::from(error).into())
    }
}

impl<E: From<StorageError>> From<StorageError> for GivenUp<E> {
    fn from(error: StorageError) -> Self {
        Self::Failed(error.into())
    }
}

/// What would become of `entries`, each of another device, as things stand; nothing is held and nothing written.
///
/// # Errors
/// When Postgres fails.
pub async fn foresee(connection: &mut Connection, entries: &[Entry]) -> Result<Outcome, StorageError> {
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
    Ok(Plan::of(entries, open, found)?.outcome)
}

/// Makes piles of `entries`, each of another device, or replaces those that there are; what is refused is left out.
///
/// # Errors
/// When Postgres fails; nothing is written then.
pub async fn put_many(
    connection: &mut Connection,
    entries: &[Entry],
    signature: &Signature,
) -> Result<Outcome, StorageError> {
    connection
        .transaction(async |tx| {
            let mut told = Vec::new();
            let outcome = write(tx, entries, signature, &mut told).await?;
            tell(tx, &told, signature).await?;
            Ok(outcome)
        })
        .await
}

/// The same with all `chunks`, in one transaction: when one entry is refused, nothing is written, what comes after it is not looked
/// at, and the outcome is that of the entries so far. `done` is told how many entries were looked at. No device is in two entries.
///
/// The devices, which ingestors need, are held for as long as it takes to tell the feed at the end, not before.
///
/// # Errors
/// When Postgres fails, or a chunk is an error itself; nothing is written then.
pub async fn put_all<E: From<StorageError> + Send>(
    connection: &mut Connection,
    chunks: impl Stream<Item = Result<Vec<Entry>, E>> + Send,
    signature: &Signature,
    mut done: impl FnMut(usize) + Send,
) -> Result<Outcome, E> {
    let mut chunks = std::pin::pin!(chunks);
    let written = connection
        .transaction(async |tx| {
            let mut told = Vec::new();
            let mut whole = Outcome::default();
            while let Some(entries) = chunks.next().await {
                let entries = entries.map_err(GivenUp::Failed)?;
                whole.add(write(tx, &entries, signature, &mut told).await?);
                done(entries.len());
                if !whole.refused.is_empty() {
                    return Err(GivenUp::Refused(whole));
                }
            }
            tell(tx, &told, signature).await?;
            Ok(whole)
        })
        .await;
    match written {
        Ok(outcome) | Err(GivenUp::Refused(outcome)) => Ok(outcome),
        Err(GivenUp::Failed(error)) => Err(error),
    }
}

impl Outcome {
    /// Counts what became of further entries.
    pub fn add(&mut self, further: Self) {
        self.created += further.created;
        self.updated += further.updated;
        self.unchanged += further.unchanged;
        self.refused.extend(further.refused);
    }
}

/// What is to be done with each entry.
struct Plan<'a> {
    create: Vec<&'a Entry>,
    update: Vec<(Pile, &'a Entry)>,
    outcome: Outcome,
}

impl<'a> Plan<'a> {
    /// When `open` stations are there, and `found` piles have devices of the entries.
    fn of(entries: &'a [Entry], open: Vec<Uuid>, found: Vec<Row>) -> Result<Self, StorageError> {
        let open: HashSet<Uuid> = open.into_iter().collect();
        let mut standing: HashMap<ChargePointId, Pile> = HashMap::with_capacity(found.len());
        for row in found {
            let pile = Pile::try_from(row)?;
            standing.insert(pile.details.charge_point_id.clone(), pile);
        }
        let mut plan = Self { create: Vec::new(), update: Vec::new(), outcome: Outcome::default() };
        for entry in entries {
            plan.add(entry, open.contains(&entry.station_id.0), &mut standing);
        }
        plan.outcome.created = plan.create.len();
        plan.outcome.updated = plan.update.len();
        Ok(plan)
    }

    fn add(&mut self, entry: &'a Entry, is_open: bool, standing: &mut HashMap<ChargePointId, Pile>) {
        let mut refuse = |refusal| self.outcome.refused.push((entry.line, refusal));
        if !is_open {
            return refuse(EntryRefusal::StationNotFound);
        }
        match standing.remove(&entry.details.charge_point_id) {
            None => self.create.push(entry),
            Some(pile) if pile.station_id != entry.station_id => {
                refuse(EntryRefusal::OtherStation(pile.station_id));
            }
            Some(pile) if pile.details == entry.details => self.outcome.unchanged += 1,
            Some(pile) => self.update.push((pile, entry)),
        }
    }
}

/// Writes what entries say, and adds what is to be told of it to `told`.
async fn write(
    tx: &mut Connection,
    entries: &[Entry],
    signature: &Signature,
    told: &mut Vec<PileChanged>,
) -> Result<Outcome, StorageError> {
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
    let Plan { create, update, mut outcome } = Plan::of(entries, open, found)?;
    let (edits, overtaken) = create_all(tx, create, signature).await?;
    outcome.created = edits.len();
    outcome.refused.extend(overtaken.into_iter().map(|line| (line, EntryRefusal::Overtaken)));
    note(tx, AssetAction::Created, &edits, signature, told).await?;
    let edits = update_all(tx, &update, signature).await?;
    note(tx, AssetAction::Updated, &edits, signature, told).await?;
    Ok(outcome)
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

/// Tells the feed; the last that a transaction does.
async fn tell(tx: &mut Connection, told: &[PileChanged], signature: &Signature) -> Result<(), StorageError> {
    let devices: Vec<&str> = told.iter().map(|pile| pile.charge_point_id.as_str()).collect();
    feed::hold(tx, &devices).await?;
    for some in told.chunks(TOLD_AT_ONCE) {
        let changes = some.iter().map(|pile| FeedChange {
            subject: FeedSubject::ChargePoint(pile.charge_point_id.clone()),
            at: signature.at,
            kind: FeedKind::PileChanged(pile.clone()),
        });
        feed::append(tx, &changes.collect::<Vec<_>>()).await?;
    }
    Ok(())
}

fn station_ids(entries: &[Entry]) -> Vec<Uuid> {
    let ids: HashSet<Uuid> = entries.iter().map(|entry| entry.station_id.0).collect();
    ids.into_iter().collect()
}

fn devices(entries: &[Entry]) -> Vec<&str> {
    entries.iter().map(|entry| entry.details.charge_point_id.as_str()).collect()
}
