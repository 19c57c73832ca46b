//! Bulk import of stations or piles from a file: each entry is created, or replaces the existing
//! asset.
//!
//! Each chunk of entries takes a few statements, regardless of its size. Rows are locked in the
//! order stations, piles, devices, and within each by key, as single edits do. This order holds
//! within a chunk only, and a transaction may have several chunks; therefore imports that write run
//! one at a time, across all processes.

use crate::assets::placements;
use crate::database::current_schema::lock_key;
use crate::{Connection, StorageError, feed};
use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::sql_types::Bool;
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};
use domain::assets::{EditStamp, OperatorBound};
use domain::feed::FeedChange;
use domain::ids::ChargePointId;
use futures_util::{Stream, StreamExt};
use std::error::Error;
use std::future::Future;
use std::time::Duration;

/// Largest number of changes that one statement appends to the feed.
const CHANGES_PER_STATEMENT: usize = 10 * FeedChange::MAX_CHUNK_LEN;
/// Forces index lookups even on small tables: a statement is planned once, and the import itself
/// makes the table large.
const BY_KEYS: &str =
    "set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off";
/// While a table is nearly empty, PostgreSQL considers all indexes equal, even one that it would
/// have to read completely. Therefore lookups are planned for the current contents; the checks of
/// each pile's station are not.
const PLAN_EACH_TIME: &str = "set local plan_cache_mode = force_custom_plan";
const PLAN_ONCE: &str = "set local plan_cache_mode = auto";
/// Interval at which a waiting import tries to get its turn.
const BETWEEN_TURNS: Duration = Duration::from_millis(20);

/// An entry of an import file, and how many of them are written at once.
pub trait Importable: Sized + Send + Sync {
    /// Why an entry is refused.
    type Refusal: Error + Send + Sync;
    /// The data of a feed change, kept small because there may be many.
    type Changed: Send + Sync;

    /// The line of the file in which the entry begins.
    fn line(&self) -> u64;

    /// The outcome that [`write`](Self::write) would have for `entries`; see [`foresee`].
    fn foresee(
        connection: &mut Connection,
        bound: &OperatorBound,
        entries: &[Self],
    ) -> impl Future<Output = Result<Outcome<Self::Refusal>, StorageError>> + Send;

    /// Writes those of `entries` that `bound` allows within a transaction, and appends the feed changes to `changed`.
    fn write(
        tx: &mut Connection,
        bound: &OperatorBound,
        entries: &[Self],
        stamp: &EditStamp,
        changed: &mut Vec<Self::Changed>,
    ) -> impl Future<Output = Result<Outcome<Self::Refusal>, StorageError>> + Send;

    /// The device that a feed change is about, if any.
    fn device(changed: &Self::Changed) -> Option<&ChargePointId>;

    /// The feed change of an entry that was written `at` this time.
    fn change(changed: &Self::Changed, at: DateTime<Utc>) -> FeedChange;
}

/// The outcome of an import.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome<R> {
    /// Number of entries that created an asset.
    pub created: usize,
    /// Number of entries that changed an asset.
    pub updated: usize,
    /// Number of entries that equal the existing asset; nothing is written.
    pub unchanged: usize,
    /// Line and reason of each refused entry.
    pub refused: Vec<(u64, R)>,
}

impl<R> Outcome<R> {
    /// The outcome of no entries.
    #[must_use]
    pub const fn none() -> Self {
        Self { created: 0, updated: 0, unchanged: 0, refused: Vec::new() }
    }

    /// Total number of entries.
    #[must_use]
    pub const fn entries(&self) -> usize {
        self.created + self.updated + self.unchanged + self.refused.len()
    }

    fn add(&mut self, further: Self) {
        self.created += further.created;
        self.updated += further.updated;
        self.unchanged += further.unchanged;
        self.refused.extend(further.refused);
    }
}

/// The action for one entry; `A` is the existing asset.
pub(crate) enum Verdict<A, R> {
    Create,
    Update(A),
    Unchanged,
    Refuse(R),
}

/// The actions for all entries.
pub(crate) struct Plan<'a, E: Importable, A> {
    pub(crate) create: Vec<&'a E>,
    pub(crate) update: Vec<(A, &'a E)>,
    pub(crate) outcome: Outcome<E::Refusal>,
}

impl<'a, E: Importable, A> Plan<'a, E, A> {
    /// Builds a plan from the verdict of `decide` on each entry.
    pub(crate) fn of(entries: &'a [E], mut decide: impl FnMut(&E) -> Verdict<A, E::Refusal>) -> Self {
        let mut plan = Self { create: Vec::new(), update: Vec::new(), outcome: Outcome::none() };
        for entry in entries {
            match decide(entry) {
                Verdict::Create => plan.create.push(entry),
                Verdict::Update(asset) => plan.update.push((asset, entry)),
                Verdict::Unchanged => plan.outcome.unchanged += 1,
                Verdict::Refuse(why) => plan.outcome.refused.push((entry.line(), why)),
            }
        }
        plan.outcome.created = plan.create.len();
        plan.outcome.updated = plan.update.len();
        plan
    }
}

/// Why an import was rolled back.
enum Rollback<R, E> {
    Refused(Outcome<R>),
    Failed(E),
}

impl<R, E: From<StorageError>> From<diesel::result::Error> for Rollback<R, E> {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(StorageError::from(error).into())
    }
}

impl<R, E: From<StorageError>> From<StorageError> for Rollback<R, E> {
    fn from(error: StorageError) -> Self {
        Self::Failed(error.into())
    }
}

/// Predicts the outcome for a caller with `bound` of importing `entries`, which name distinct assets, from the current state;
/// locks and writes nothing.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn foresee<T: Importable>(
    connection: &mut Connection,
    bound: &OperatorBound,
    entries: &[T],
) -> Result<Outcome<T::Refusal>, StorageError> {
    connection
        .transaction(async |tx| {
            tx.batch_execute(BY_KEYS).await?;
            begin_look_up(tx).await?;
            T::foresee(tx, bound, entries).await
        })
        .await
}

/// Creates the assets of `entries`, which name distinct assets, or replaces existing ones; refused
/// entries, such as those about assets outside `bound`, are skipped. May wait for another import to end; the caller limits the time.
///
/// # Errors
/// If PostgreSQL fails; nothing is written in that case.
pub async fn put_many<T: Importable>(
    connection: &mut Connection,
    bound: &OperatorBound,
    entries: &[T],
    stamp: &EditStamp,
) -> Result<Outcome<T::Refusal>, StorageError> {
    connection
        .transaction(async |tx| {
            tx.batch_execute(BY_KEYS).await?;
            take_turn(tx).await?;
            let mut changed = Vec::new();
            let outcome = T::write(tx, bound, entries, stamp, &mut changed).await?;
            append_changes::<T>(tx, &changed, stamp).await?;
            Ok(outcome)
        })
        .await
}

/// Imports all `chunks` in one transaction. If an entry is refused, nothing is written, later
/// chunks are not read, and the outcome covers the entries so far. Each chunk is requested after
/// the previous one was written.
///
/// Devices, which ingestors need, are locked only at the end, while the feed changes are appended.
///
/// # Errors
/// If PostgreSQL fails, or a chunk is an error itself; nothing is written in that case.
pub async fn put_all<T: Importable, E: From<StorageError> + Send>(
    connection: &mut Connection,
    bound: &OperatorBound,
    chunks: impl Stream<Item = Result<Vec<T>, E>> + Send,
    stamp: &EditStamp,
) -> Result<Outcome<T::Refusal>, E> {
    let mut chunks = std::pin::pin!(chunks);
    let written = connection
        .transaction(async |tx| {
            tx.batch_execute(BY_KEYS).await?;
            take_turn(tx).await?;
            let mut changed = Vec::new();
            let mut whole = Outcome::none();
            while let Some(entries) = chunks.next().await {
                let entries = entries.map_err(Rollback::Failed)?;
                whole.add(T::write(tx, bound, &entries, stamp, &mut changed).await?);
                if !whole.refused.is_empty() {
                    return Err(Rollback::Refused(whole));
                }
            }
            append_changes::<T>(tx, &changed, stamp).await?;
            Ok(whole)
        })
        .await;
    match written {
        Ok(outcome) | Err(Rollback::Refused(outcome)) => Ok(outcome),
        Err(Rollback::Failed(error)) => Err(error),
    }
}

/// Switches to planning for lookups; call it before rows are looked up.
pub(crate) async fn begin_look_up(tx: &mut Connection) -> Result<(), StorageError> {
    Ok(tx.batch_execute(PLAN_EACH_TIME).await?)
}

/// Ends the planning for lookups; call it before other rows are written.
pub(crate) async fn end_look_up(tx: &mut Connection) -> Result<(), StorageError> {
    Ok(tx.batch_execute(PLAN_ONCE).await?)
}

/// Waits until no other import writes, and blocks other imports until the transaction ends.
/// Otherwise two imports that name the same assets in different orders could deadlock.
async fn take_turn(tx: &mut Connection) -> Result<(), StorageError> {
    let turn = sql::<Bool>(concat!("pg_try_advisory_xact_lock(", lock_key!("charging import"), ")"));
    // Polled, because a waiting statement would be cancelled by the statement timeout.
    while !diesel::select(turn.clone()).get_result::<bool>(tx).await? {
        tokio::time::sleep(BETWEEN_TURNS).await;
    }
    Ok(())
}

/// Appends the feed changes; the last step of a transaction.
async fn append_changes<T: Importable>(
    tx: &mut Connection,
    changed: &[T::Changed],
    stamp: &EditStamp,
) -> Result<(), StorageError> {
    let devices: Vec<&str> = changed.iter().filter_map(T::device).map(ChargePointId::as_str).collect();
    if !devices.is_empty() {
        feed::lock_devices(tx, &devices).await?;
        placements::place_sessions(tx, &devices).await?;
    }
    for some in changed.chunks(CHANGES_PER_STATEMENT) {
        let changes: Vec<_> = some.iter().map(|changed| T::change(changed, stamp.at)).collect();
        feed::append(tx, &changes).await?;
    }
    Ok(())
}
