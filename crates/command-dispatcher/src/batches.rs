//! Commands to many piles of a station: taken as one batch, sent one by one by whichever replica carries it out.

mod command;
mod run;
mod runner;

pub(crate) use command::{StationCommand, StationOrder};
pub(crate) use runner::Runner;

use crate::dispatch::coalescer::{Bounds, Together};
use crate::dispatch::command_store::Shared;
use crate::error::DispatchError;
use crate::settings::DispatchSettings;
use domain::ids::{CommandBatchId, PileId, StationId};
use runtime::problem::FieldError;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use storage::commands::batches::{
    self, BatchItem, Claimed, CommandBatch, Created, ItemState, NewBatch, Settled,
};
use storage::{Database, PooledConnection, StorageError};
use uuid::Uuid;

/// What becomes of piles is written for several at once, on one connection: commands to single piles come first.
const SETTLING: Bounds = Bounds { waiting: 1_024, batch: 128, at_once: 1, linger: Duration::from_millis(10) };

/// So many piles that are not the station's are named to the caller.
const COMPLAINTS: usize = 20;

/// The batches in Postgres. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Batches {
    database: Database,
    settled: Together<Settled, Shared<()>>,
    lifetime: Duration,
}

impl Batches {
    /// The batches in `database`. Must be called on the main runtime, which serves them.
    pub(crate) fn open(database: Database, settings: &DispatchSettings) -> Self {
        let settling = database.clone();
        Self {
            database,
            settled: Together::new(SETTLING, move |settled| settle(settling.clone(), settled)),
            lifetime: Duration::from_secs(settings.batch_ttl_s.into()),
        }
    }

    /// Makes a batch of what is ordered, or finds the one that the same order led to before, under the same `key`.
    ///
    /// # Errors
    /// Why there is no batch.
    pub(crate) async fn order(
        &self,
        station_id: StationId,
        order: StationOrder,
        key: Option<String>,
    ) -> Result<Ordered, DispatchError> {
        let keyed = key.map(|key| order.keyed(station_id, key)).transpose()?;
        let new = NewBatch {
            id: CommandBatchId(Uuid::now_v7()),
            station_id,
            name: order.command.intent().name(),
            command: serde_json::to_value(order.command)?,
            rate_per_second: order.rate_per_second,
            scope: order.scope,
            lifetime: self.lifetime,
            keyed,
        };
        let work = async move |mut connection: PooledConnection| batches::create(&mut connection, &new).await;
        let created: Result<_, StorageError> = self.database.run(work).await;
        match created? {
            Created::Now(batch) => Ok(Ordered::Now(batch)),
            Created::Before(batch) => Ok(Ordered::Before(batch)),
            Created::KeyReused => Err(DispatchError::KeyReused),
            Created::NoStation => Err(DispatchError::StationNotFound),
            Created::Strangers(piles) => Err(DispatchError::Invalid(complain(&piles))),
            Created::TooMany => Err(DispatchError::TooManyPiles),
        }
    }

    /// The batch called `id`.
    ///
    /// # Errors
    /// [`DispatchError::BatchNotFound`], or Postgres's failure.
    pub(crate) async fn find(&self, id: CommandBatchId) -> Result<CommandBatch, DispatchError> {
        let work = async move |mut connection: PooledConnection| batches::find(&mut connection, id).await;
        let found: Result<_, StorageError> = self.database.run(work).await;
        found?.ok_or(DispatchError::BatchNotFound)
    }

    /// How many piles of the batch called `id` stand where.
    ///
    /// # Errors
    /// When Postgres fails.
    pub(crate) async fn count_items(
        &self,
        id: CommandBatchId,
    ) -> Result<BTreeMap<ItemState, i64>, DispatchError> {
        let work =
            async move |mut connection: PooledConnection| batches::count_items(&mut connection, id).await;
        let counted: Result<_, StorageError> = self.database.run(work).await;
        Ok(counted?)
    }

    /// Piles of the batch called `id`, as [`batches::list_items`].
    ///
    /// # Errors
    /// When Postgres fails.
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

    /// Takes up a batch that nobody carries out, for `ttl`.
    async fn claim(&self, ttl: Duration) -> Result<Option<Claimed>, StorageError> {
        self.database
            .run(async move |mut connection: PooledConnection| batches::claim(&mut connection, ttl).await)
            .await
    }

    /// Keeps it; `false` when another replica has taken it up since.
    async fn renew(&self, id: CommandBatchId, epoch: i64, ttl: Duration) -> Result<bool, StorageError> {
        let work = async move |mut connection: PooledConnection| {
            batches::renew(&mut connection, id, epoch, ttl).await
        };
        self.database.run(work).await
    }

    /// Gives it back; says whether it is finished by that.
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

    /// Writes what became of a pile, as [`batches::settle_many`].
    async fn settle(&self, settled: Settled) -> Result<(), DispatchError> {
        Ok(self.settled.ask(settled).await??)
    }

    /// The same of many at once.
    async fn settle_all(&self, settled: Vec<Settled>) -> Result<usize, StorageError> {
        let work = async move |mut connection: PooledConnection| {
            batches::settle_many(&mut connection, &settled).await
        };
        self.database.run(work).await
    }
}

/// What an order led to.
pub(crate) enum Ordered {
    /// A new batch.
    Now(CommandBatch),
    /// The batch that the same order led to before.
    Before(CommandBatch),
}

fn complain(strangers: &[PileId]) -> Vec<FieldError> {
    let complaint = |pile: &PileId| FieldError::new("pileIds", format!("{pile} is no pile of this station"));
    strangers.iter().take(COMPLAINTS).map(complaint).collect()
}

async fn settle(database: Database, settled: Vec<Settled>) -> Vec<Shared<()>> {
    let count = settled.len();
    let work =
        async move |mut connection: PooledConnection| batches::settle_many(&mut connection, &settled).await;
    let written: Result<usize, StorageError> = database.run(work).await;
    let shared = written.map(|_count| ()).map_err(Arc::new);
    vec![shared; count]
}
