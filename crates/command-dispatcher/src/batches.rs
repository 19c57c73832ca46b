//! Commands to many piles of a station: recorded as one batch, then sent pile by pile by whichever
//! replica holds the lease of the batch.

mod command;
mod pace;
mod preview;
mod run;
mod runner;

pub(crate) use command::{StationCommand, StationOrder};
pub(crate) use preview::{Preview, RefusedPile};
pub(crate) use runner::Runner;

use crate::dispatch::command_store::Shared;
use crate::dispatch::pile_order::caller_key;
use crate::error::DispatchError;
use crate::metrics::Metrics;
use crate::settings::Settings;
use chrono::{DateTime, Utc};
use domain::assets::OperatorBound;
use domain::ids::{Actor, CommandBatchId, PileId, StationId};
use runtime::coalescer::{Bounds, Coalescer};
use runtime::http::CallerKey;
use runtime::problem::FieldError;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use storage::commands::batches::{
    self, BATCH_CANCELLED, BatchItem, BatchLease, Cancellation, Claimed, CommandBatch, Created, ItemState,
    NewBatch, ScopeRefusal, Settled,
};
use storage::{Database, PooledConnection, StorageError};
use uuid::Uuid;

/// Outcomes of several piles are written at once, on one connection: commands to single piles have
/// priority.
const SETTLING: Bounds = Bounds {
    waiting: 1_024,
    batch: 128,
    at_once: 1,
    linger: Duration::from_millis(10),
    patience: Duration::ZERO,
};

/// The most invalid pile ids that a response names.
const MAX_FOREIGN_PILES: usize = 20;

/// The number of piles of a batch by state; states without any are absent.
pub(crate) type Counts = BTreeMap<ItemState, i64>;

/// The batches in PostgreSQL. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Batches {
    database: Database,
    settled: Coalescer<Settled, Shared<()>>,
    metrics: Metrics,
    lifetime: Duration,
    /// Whether a synchronous standby is required: then a failover loses no outcome of a batch.
    /// Otherwise batches end with one, because their commands may be lost and would be sent again.
    survives_failover: bool,
}

impl Batches {
    /// The batches in `database`. Must be called on the main runtime, which runs the statements.
    pub(crate) fn open(database: Database, metrics: Metrics, settings: &Settings) -> Self {
        let settling = database.clone();
        Self {
            database,
            settled: Coalescer::new(SETTLING, move |settled| settle(settling.clone(), settled)),
            metrics,
            lifetime: Duration::from_secs(settings.dispatch.batch_ttl_s.into()),
            survives_failover: settings.database.require_synchronous_standby,
        }
    }

    /// Creates a batch from `order` of a caller with `bound`, or returns the one that the same order created before under
    /// the same `key`.
    ///
    /// # Errors
    /// [`DispatchError::KeyReused`], [`DispatchError::StationNotFound`], [`DispatchError::Invalid`]
    /// for piles of other stations, [`DispatchError::TooManyPiles`], or a failure of PostgreSQL.
    pub(crate) async fn order(
        &self,
        station_id: StationId,
        order: StationOrder,
        issued_by: Actor,
        bound: OperatorBound,
        key: Option<CallerKey>,
    ) -> Result<Ordered, DispatchError> {
        let keyed = key.map(|key| order.keyed(station_id, caller_key(key))).transpose()?;
        let new = NewBatch {
            id: CommandBatchId(Uuid::now_v7()),
            station_id,
            bound,
            name: order.command.intent().name(),
            command: serde_json::to_value(&order.command)?,
            rate_per_second: order.rate_per_second,
            scope: order.scope,
            lifetime: self.lifetime,
            issued_by: Some(issued_by),
            keyed,
        };
        let work = async move |mut connection: PooledConnection| batches::create(&mut connection, &new).await;
        let created: Result<_, StorageError> = self.database.run(work).await;
        match created? {
            Created::Now(batch) => Ok(Ordered::Now(batch)),
            Created::Before(batch) => Ok(Ordered::Before(batch)),
            Created::KeyReused => Err(DispatchError::KeyReused),
            Created::Refused(refusal) => Err(refusal.into()),
        }
    }

    /// Returns the batch with id `id` within `bound`.
    ///
    /// # Errors
    /// [`DispatchError::BatchNotFound`], or a failure of PostgreSQL.
    pub(crate) async fn find(
        &self,
        bound: OperatorBound,
        id: CommandBatchId,
    ) -> Result<CommandBatch, DispatchError> {
        let work =
            async move |mut connection: PooledConnection| batches::find(&mut connection, &bound, id).await;
        let found: Result<_, StorageError> = self.database.run(work).await;
        found?.ok_or(DispatchError::BatchNotFound)
    }

    /// Cancels the batch with id `id` within `bound` for the caller `by`; returns it as it is recorded then.
    ///
    /// # Errors
    /// [`DispatchError::BatchNotFound`], [`DispatchError::BatchFinished`], or a failure of PostgreSQL.
    pub(crate) async fn cancel(
        &self,
        bound: OperatorBound,
        id: CommandBatchId,
        by: Actor,
    ) -> Result<CommandBatch, DispatchError> {
        let work = async move |mut connection: PooledConnection| {
            batches::cancel(&mut connection, &bound, id, &by).await
        };
        let cancelled: Result<_, StorageError> = self.database.run(work).await;
        match cancelled? {
            Some(Cancellation::Now { batch, piles }) => {
                self.metrics.batch_items(piles, BATCH_CANCELLED);
                tracing::info!(batch_id = %id, piles, "a command batch was cancelled");
                Ok(batch)
            }
            Some(Cancellation::Before(batch)) => Ok(batch),
            Some(Cancellation::Finished(_)) => Err(DispatchError::BatchFinished),
            None => Err(DispatchError::BatchNotFound),
        }
    }

    /// Lists batches within `bound`, see [`batches::list`], with the number of their piles by state.
    ///
    /// # Errors
    /// When PostgreSQL fails.
    pub(crate) async fn list(
        &self,
        bound: OperatorBound,
        station: Option<StationId>,
        before: Option<(DateTime<Utc>, Uuid)>,
        limit: i64,
    ) -> Result<Vec<(CommandBatch, Counts)>, DispatchError> {
        let work = async move |mut connection: PooledConnection| {
            let found = batches::list(&mut connection, &bound, station, before, limit).await?;
            let ids: Vec<CommandBatchId> = found.iter().map(|batch| batch.id).collect();
            let mut counted = batches::count_items(&mut connection, &ids).await?;
            let with_counts = |batch: CommandBatch| {
                let counts = counted.remove(&batch.id).unwrap_or_default();
                (batch, counts)
            };
            Ok(found.into_iter().map(with_counts).collect())
        };
        let listed: Result<_, StorageError> = self.database.run(work).await;
        Ok(listed?)
    }

    /// Counts the piles of the batch with id `id` by their state.
    ///
    /// # Errors
    /// When PostgreSQL fails.
    pub(crate) async fn count_items(&self, id: CommandBatchId) -> Result<Counts, DispatchError> {
        let work =
            async move |mut connection: PooledConnection| batches::count_items(&mut connection, &[id]).await;
        let counted: Result<BTreeMap<_, _>, StorageError> = self.database.run(work).await;
        Ok(counted?.remove(&id).unwrap_or_default())
    }

    /// Lists piles of the batch with id `id`, see [`batches::list_items`].
    ///
    /// # Errors
    /// When PostgreSQL fails.
    pub(crate) async fn list_items(
        &self,
        id: CommandBatchId,
        state: Option<ItemState>,
        before: Option<PileId>,
        limit: i64,
    ) -> Result<Vec<BatchItem>, DispatchError> {
        let work = async move |mut connection: PooledConnection| {
            batches::list_items(&mut connection, id, state, before, limit).await
        };
        let listed: Result<_, StorageError> = self.database.run(work).await;
        Ok(listed?)
    }

    /// Claims an unfinished batch that no replica holds, for `ttl`; none to a station to which another
    /// replica carries a batch out. `held` are the leases of this replica.
    async fn claim(&self, ttl: Duration, held: Vec<BatchLease>) -> Result<Option<Claimed>, StorageError> {
        let survives_failover = self.survives_failover;
        let work = async move |mut connection: PooledConnection| {
            if !survives_failover {
                let ended = batches::expire_of_other_timelines(&mut connection).await?;
                if ended > 0 {
                    tracing::warn!(
                        batches = ended,
                        "unfinished command batches end because PostgreSQL has a new timeline: commands that \
                         may be lost would be sent again; their remaining piles are refused with BATCH_EXPIRED"
                    );
                }
            }
            batches::claim(&mut connection, ttl, &held).await
        };
        self.database.run(work).await
    }

    /// Renews the lease of a batch; `false` when another replica has claimed it since.
    async fn renew(&self, id: CommandBatchId, epoch: i64, ttl: Duration) -> Result<bool, StorageError> {
        let work = async move |mut connection: PooledConnection| {
            batches::renew(&mut connection, id, epoch, ttl).await
        };
        self.database.run(work).await
    }

    /// Releases a batch; returns whether it is finished.
    async fn release(&self, id: CommandBatchId, epoch: i64) -> Result<bool, StorageError> {
        let work =
            async move |mut connection: PooledConnection| batches::release(&mut connection, id, epoch).await;
        self.database.run(work).await
    }

    async fn list_waiting(&self, id: CommandBatchId) -> Result<Vec<PileId>, StorageError> {
        self.database
            .run(async move |mut connection: PooledConnection| {
                batches::list_waiting(&mut connection, id).await
            })
            .await
    }

    /// Records the outcome of a pile, see [`batches::settle_many`].
    async fn settle(&self, settled: Settled) -> Result<(), DispatchError> {
        Ok(self.settled.request(settled).await??)
    }

    /// Records the outcomes of many piles in one statement.
    async fn settle_all(&self, settled: Vec<Settled>) -> Result<usize, StorageError> {
        let work = async move |mut connection: PooledConnection| {
            batches::settle_many(&mut connection, &settled).await
        };
        self.database.run(work).await
    }
}

/// The result of an order.
pub(crate) enum Ordered {
    /// A new batch.
    Now(CommandBatch),
    /// The batch that the same order created before.
    Before(CommandBatch),
}

impl From<ScopeRefusal> for DispatchError {
    fn from(refusal: ScopeRefusal) -> Self {
        match refusal {
            ScopeRefusal::NoStation => Self::StationNotFound,
            ScopeRefusal::ForeignPiles(piles) => Self::Invalid(foreign_pile_errors(&piles)),
            ScopeRefusal::TooMany => Self::TooManyPiles,
        }
    }
}

fn foreign_pile_errors(foreign: &[PileId]) -> Vec<FieldError> {
    let error = |pile: &PileId| FieldError::new("pileIds", format!("{pile} is not a pile of this station"));
    foreign.iter().take(MAX_FOREIGN_PILES).map(error).collect()
}

async fn settle(database: Database, settled: Vec<Settled>) -> Vec<Shared<()>> {
    let count = settled.len();
    let work =
        async move |mut connection: PooledConnection| batches::settle_many(&mut connection, &settled).await;
    let written: Result<usize, StorageError> = database.run(work).await;
    let shared = written.map(|_count| ()).map_err(Arc::new);
    vec![shared; count]
}
