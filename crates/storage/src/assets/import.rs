//! Many stations or piles at once, as a file says them: each is made, or replaced when there is one.
//!
//! A few statements for each chunk of entries, however many it has. Rows are locked in the order stations, piles, devices, and within
//! each by key, as single edits do it. That order holds within a chunk only, and a transaction may have many: so imports that
//! write take turns, in all processes.

use crate::{Connection, StorageError, feed};
use chrono::{DateTime, Utc};
use diesel::dsl::sql;
use diesel::sql_types::Bool;
use diesel_async::{AsyncConnection, RunQueryDsl, SimpleAsyncConnection};
use domain::assets::Signature;
use domain::feed::FeedChange;
use domain::ids::ChargePointId;
use futures_util::{Stream, StreamExt};
use std::error::Error;
use std::future::Future;
use std::time::Duration;

/// So many changes are told by one statement at most.
const TOLD_AT_ONCE: usize = 10 * FeedChange::MAX_TOGETHER;
/// Rows are found by their keys, however small a table is yet: a statement is planned once, and the file itself makes it large.
const BY_KEYS: &str =
    "set local enable_seqscan = off; set local enable_hashjoin = off; set local enable_mergejoin = off";
/// While a table is nearly empty, one index is as good as another to Postgres, also one in which it must read everything. So what
/// looks rows up is planned for what there is by then; but not what checks the station of each pile by itself.
const PLAN_EACH_TIME: &str = "set local plan_cache_mode = force_custom_plan";
const PLAN_ONCE: &str = "set local plan_cache_mode = auto";
/// How soon it is asked again whose turn it is.
const BETWEEN_TURNS: Duration = Duration::from_millis(20);

/// What an entry of a file is to become, and how that is done with many.
pub trait Importable: Sized + Send + Sync {
    /// Why an entry becomes nothing.
    type Refusal: Error + Send + Sync;
    /// What the feed is told of one that has become something: as little as can be, for there may be many.
    type Told: Send + Sync;

    /// The line that it begins in.
    fn line(&self) -> u64;

    /// What would become of `entries`; see [`foresee`].
    fn foresee(
        connection: &mut Connection,
        entries: &[Self],
    ) -> impl Future<Output = Result<Outcome<Self::Refusal>, StorageError>> + Send;

    /// Writes what `entries` say, within a transaction, and adds what is to be told of it to `told`.
    fn write(
        tx: &mut Connection,
        entries: &[Self],
        signature: &Signature,
        told: &mut Vec<Self::Told>,
    ) -> impl Future<Output = Result<Outcome<Self::Refusal>, StorageError>> + Send;

    /// The device that the feed is told of.
    fn device(told: &Self::Told) -> Option<&ChargePointId>;

    /// What the feed is told, of what was done `at` this instant.
    fn change(told: &Self::Told, at: DateTime<Utc>) -> FeedChange;
}

/// What becomes of entries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome<R> {
    /// Entries that something new is made of.
    pub created: usize,
    /// Entries that say something else than was said before.
    pub updated: usize,
    /// Entries that say what was said already; nothing is written.
    pub unchanged: usize,
    /// The lines of those that are refused, and why.
    pub refused: Vec<(u64, R)>,
}

impl<R> Outcome<R> {
    /// Of no entries.
    #[must_use]
    pub const fn none() -> Self {
        Self { created: 0, updated: 0, unchanged: 0, refused: Vec::new() }
    }

    /// Of how many entries.
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

/// What is to be done with one entry, when there is an `A` that it speaks of or there is none.
pub(crate) enum Verdict<A, R> {
    Create,
    Update(A),
    Unchanged,
    Refuse(R),
}

/// What is to be done with each entry.
pub(crate) struct Plan<'a, E: Importable, A> {
    pub(crate) create: Vec<&'a E>,
    pub(crate) update: Vec<(A, &'a E)>,
    pub(crate) outcome: Outcome<E::Refusal>,
}

impl<'a, E: Importable, A> Plan<'a, E, A> {
    /// As `decide` says.
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

/// Why many entries were not written all together.
enum GivenUp<R, E> {
    Refused(Outcome<R>),
    Failed(E),
}

impl<R, E: From<StorageError>> From<diesel::result::Error> for GivenUp<R, E> {
    fn from(error: diesel::result::Error) -> Self {
        Self::Failed(StorageError::from(error).into())
    }
}

impl<R, E: From<StorageError>> From<StorageError> for GivenUp<R, E> {
    fn from(error: StorageError) -> Self {
        Self::Failed(error.into())
    }
}

/// What would become of `entries`, no two of the same asset, as things stand; nothing is held and nothing written.
///
/// # Errors
/// When Postgres fails.
pub async fn foresee<T: Importable>(
    connection: &mut Connection,
    entries: &[T],
) -> Result<Outcome<T::Refusal>, StorageError> {
    connection
        .transaction(async |tx| {
            tx.batch_execute(BY_KEYS).await?;
            begin_look_up(tx).await?;
            T::foresee(tx, entries).await
        })
        .await
}

/// Makes what `entries` say, no two of the same asset, or replaces what there is; what is refused is left out. May wait for
/// another import to end: for how long is the caller's matter.
///
/// # Errors
/// When Postgres fails; nothing is written then.
pub async fn put_many<T: Importable>(
    connection: &mut Connection,
    entries: &[T],
    signature: &Signature,
) -> Result<Outcome<T::Refusal>, StorageError> {
    connection
        .transaction(async |tx| {
            tx.batch_execute(BY_KEYS).await?;
            take_turn(tx).await?;
            let mut told = Vec::new();
            let outcome = T::write(tx, entries, signature, &mut told).await?;
            tell::<T>(tx, &told, signature).await?;
            Ok(outcome)
        })
        .await
}

/// The same with all `chunks`, in one transaction: when one entry is refused, nothing is written, what comes after its chunk is not
/// looked at, and the outcome is that of the entries so far. A chunk is asked for when the one before is written.
///
/// The devices, which ingestors need, are held for as long as it takes to tell the feed at the end, not before.
///
/// # Errors
/// When Postgres fails, or a chunk is an error itself; nothing is written then.
pub async fn put_all<T: Importable, E: From<StorageError> + Send>(
    connection: &mut Connection,
    chunks: impl Stream<Item = Result<Vec<T>, E>> + Send,
    signature: &Signature,
) -> Result<Outcome<T::Refusal>, E> {
    let mut chunks = std::pin::pin!(chunks);
    let written = connection
        .transaction(async |tx| {
            tx.batch_execute(BY_KEYS).await?;
            take_turn(tx).await?;
            let mut told = Vec::new();
            let mut whole = Outcome::none();
            while let Some(entries) = chunks.next().await {
                let entries = entries.map_err(GivenUp::Failed)?;
                whole.add(T::write(tx, &entries, signature, &mut told).await?);
                if !whole.refused.is_empty() {
                    return Err(GivenUp::Refused(whole));
                }
            }
            tell::<T>(tx, &told, signature).await?;
            Ok(whole)
        })
        .await;
    match written {
        Ok(outcome) | Err(GivenUp::Refused(outcome)) => Ok(outcome),
        Err(GivenUp::Failed(error)) => Err(error),
    }
}

/// To be called before rows are looked up.
pub(crate) async fn begin_look_up(tx: &mut Connection) -> Result<(), StorageError> {
    Ok(tx.batch_execute(PLAN_EACH_TIME).await?)
}

/// To be called when they are, and others are to be written.
pub(crate) async fn end_look_up(tx: &mut Connection) -> Result<(), StorageError> {
    Ok(tx.batch_execute(PLAN_ONCE).await?)
}

/// Waits until no other import writes, and keeps the others waiting until the transaction ends. Two that name the same assets in
/// different orders would else each hold what the other wants.
async fn take_turn(tx: &mut Connection) -> Result<(), StorageError> {
    let turn = sql::<Bool>("pg_try_advisory_xact_lock(hashtextextended('charging import', 0))");
    // Asked for again and again: a statement that waits is ended by its time-out.
    while !diesel::select(turn.clone()).get_result::<bool>(tx).await? {
        tokio::time::sleep(BETWEEN_TURNS).await;
    }
    Ok(())
}

/// Tells the feed; the last that a transaction does.
async fn tell<T: Importable>(
    tx: &mut Connection,
    told: &[T::Told],
    signature: &Signature,
) -> Result<(), StorageError> {
    let devices: Vec<&str> = told.iter().filter_map(T::device).map(ChargePointId::as_str).collect();
    if !devices.is_empty() {
        feed::hold(tx, &devices).await?;
    }
    for some in told.chunks(TOLD_AT_ONCE) {
        let changes: Vec<_> = some.iter().map(|told| T::change(told, signature.at)).collect();
        feed::append(tx, &changes).await?;
    }
    Ok(())
}
