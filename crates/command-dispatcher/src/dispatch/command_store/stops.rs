//! What stops and limits need of the database. They are rare, so each is a statement of its own.

use super::CommandStore;
use crate::error::DispatchError;
use chrono::SubsecRound as _;
use domain::assets::OperatorBound;
use domain::commands::CommandState;
use domain::ids::{Actor, CommandId, ConnectorId, PileId, SessionId};
use domain::tariffs::Currency;
use runtime::clock;
use storage::commands::waiting::{self, DueStop, Release};
use storage::commands::{self, KeyedRequest, Recorded, RecordedCommand};
use storage::sessions::{self, PlacedSession};
use storage::tariffs::{PriceTarget, load_book};
use storage::{PooledConnection, StorageError};

impl CommandStore {
    /// Inserts a stop that waits.
    ///
    /// # Errors
    /// [`DispatchError::Conflict`], or a failure of PostgreSQL; the stop may have been inserted then.
    pub(crate) async fn insert_waiting(
        &self,
        stop: RecordedCommand,
        keyed: Option<KeyedRequest>,
    ) -> Result<(), DispatchError> {
        let work = async move |mut connection: PooledConnection| {
            commands::insert_waiting(&mut connection, &stop, keyed.as_ref()).await
        };
        let recorded: Result<Recorded, StorageError> = self.database.run(work).await;
        match recorded? {
            Recorded::All => Ok(()),
            Recorded::None(conflict) => Err(DispatchError::Conflict(conflict)),
        }
    }

    /// Records how a waiting stop is sent; `false` if it does not wait any more.
    ///
    /// # Errors
    /// When PostgreSQL fails.
    pub(crate) async fn release(&self, stop: DueStop, release: Release) -> Result<bool, DispatchError> {
        let work = async move |mut connection: PooledConnection| {
            waiting::release(&mut connection, &stop, &release).await
        };
        let released: Result<bool, StorageError> = self.database.run(work).await;
        Ok(released?)
    }

    /// Cancels the command with id `id` within `bound` for the caller `by`, if it waits, and returns it as it is
    /// recorded then.
    ///
    /// # Errors
    /// [`DispatchError::CommandNotFound`], [`DispatchError::NotCancellable`] if it does not wait, or a
    /// failure of PostgreSQL.
    pub(crate) async fn cancel(
        &self,
        bound: OperatorBound,
        id: CommandId,
        by: Actor,
    ) -> Result<RecordedCommand, DispatchError> {
        let now = clock::now().trunc_subsecs(3);
        let work = async move |mut connection: PooledConnection| {
            commands::cancel(&mut connection, &bound, id, &by, now).await
        };
        let found: Result<Option<RecordedCommand>, StorageError> = self.database.run(work).await;
        let found = found?.ok_or(DispatchError::CommandNotFound)?;
        match found.record.life.state() {
            CommandState::Cancelled => Ok(found),
            state => Err(DispatchError::NotCancellable { state }),
        }
    }

    /// Returns the session with id `id`; `None` if it does not exist within `bound`.
    ///
    /// # Errors
    /// When PostgreSQL fails.
    pub(crate) async fn find_session(
        &self,
        bound: &OperatorBound,
        id: SessionId,
    ) -> Result<Option<PlacedSession>, DispatchError> {
        let bound = bound.clone();
        let work =
            async move |mut connection: PooledConnection| sessions::find(&mut connection, &bound, id).await;
        let found: Result<_, StorageError> = self.database.run(work).await;
        Ok(found?)
    }

    /// Returns the currency of the tariff that applies to the connector, or to the pile as a whole,
    /// now; `None` if none applies.
    ///
    /// # Errors
    /// When PostgreSQL fails.
    pub(crate) async fn find_currency(
        &self,
        pile_id: PileId,
        connector_id: Option<ConnectorId>,
    ) -> Result<Option<Currency>, DispatchError> {
        let target = connector_id
            .map_or(PriceTarget::Pile(pile_id), |connector_id| PriceTarget::Connector(pile_id, connector_id));
        let now = clock::now();
        let work = async move |mut connection: PooledConnection| {
            load_book(&mut connection, &OperatorBound::All, target, now, now).await
        };
        let found: Result<_, StorageError> = self.database.run(work).await;
        Ok(found?.and_then(|(place, book)| book.price_at(&place, now).ok()).map(|price| price.currency))
    }
}
