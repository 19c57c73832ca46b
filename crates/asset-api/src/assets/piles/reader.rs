//! Reads of single piles. Those that are requested while one is in flight share the next one, which
//! begins after all of them arrived: a caller reads its own writes.

use crate::http::error::ApiError;
use domain::assets::Pile;
use runtime::coalescer::{Bounds, Coalescer};
use std::sync::Arc;
use std::time::Duration;
use storage::assets::piles::{self, LiveView, PileQuery};
use storage::{Database, StorageError};
use tracing::Instrument as _;

/// A slow read, such as one that waits for a disk, delays others for the patience only.
const BOUNDS: Bounds = Bounds {
    waiting: 4_096,
    batch: 64,
    at_once: 2,
    linger: Duration::ZERO,
    patience: Duration::from_millis(10),
};

/// A pile, and the live state of its device if that was ever heard.
pub type FoundPile = (Pile, Option<LiveView>);

/// The result of a read; a failure may be shared by several requests.
type Read = Result<Option<FoundPile>, Arc<StorageError>>;

/// Reads single piles.
pub struct PileReader(Coalescer<PileQuery, Read>);

impl PileReader {
    /// Reads from `database`. Tasks run on the current runtime, which should be the one of the
    /// connections.
    pub fn new(database: Database) -> Self {
        Self(Coalescer::new(BOUNDS, move |queries| read(database.clone(), queries)))
    }

    /// Finds the pile of `query`; `None` if the caller reaches none with this id.
    ///
    /// # Errors
    /// If PostgreSQL fails.
    pub async fn find(&self, query: PileQuery) -> Result<Option<FoundPile>, ApiError> {
        // The read serves several requests: the span shows how long this one waited for it.
        let span = storage::database::trace::span("storage::assets::piles::find_with_live");
        Ok(self.0.request(query).instrument(span).await??)
    }
}

/// Returns one response per query. A pile whose rows cannot be read fails alone.
async fn read(database: Database, queries: Vec<PileQuery>) -> Vec<Read> {
    if queries.len() > 1 {
        match find_many(&database, queries.clone()).await {
            Ok(found) => return found.into_iter().map(Ok).collect(),
            Err(error) if error.is_transient() => {
                let error = Arc::new(error);
                return queries.iter().map(|_| Err(Arc::clone(&error))).collect();
            }
            Err(_of_one_pile) => {}
        }
    }
    let mut responses = Vec::with_capacity(queries.len());
    for query in queries {
        responses.push(find_one(&database, query).await.map_err(Arc::new));
    }
    responses
}

async fn find_many(
    database: &Database,
    queries: Vec<PileQuery>,
) -> Result<Vec<Option<FoundPile>>, StorageError> {
    let work = async move |mut connection: storage::PooledConnection| {
        piles::find_many_with_live(&mut connection, &queries).await
    };
    database.run_here(work).await
}

async fn find_one(database: &Database, query: PileQuery) -> Result<Option<FoundPile>, StorageError> {
    let work = async move |mut connection: storage::PooledConnection| {
        piles::find_with_live(&mut connection, &query).await
    };
    database.run_here(work).await
}
