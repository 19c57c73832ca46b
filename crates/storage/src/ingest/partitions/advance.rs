//! Advancing a partition: the one statement that makes effects exactly-once.
//!
//! Each batch updates the partition's row. While a transaction is open for long, such as that of a
//! dump, PostgreSQL keeps all former row versions, and a lookup by key reads them one by one.
//! Therefore the newest version is first looked up at the location where the last batch left it,
//! and by its key only if it is no longer there.

use super::{Checkpoint, PartitionLease};
use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Int4, Int8, Nullable, Text};
use diesel_async::RunQueryDsl;
use std::sync::{Arc, Mutex, PoisonError};

/// The last known location (`ctid`) of the newest version of a partition's row. The version may
/// have moved, or another row may be there: the location is a hint for the lookup and does not
/// affect correctness.
#[derive(Debug, Clone, Default)]
pub struct RowPlace(Arc<Mutex<String>>);

impl RowPlace {
    fn known(&self) -> String {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn is_now(&self, place: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }
}

impl From<String> for RowPlace {
    fn from(place: String) -> Self {
        Self(Arc::new(Mutex::new(place)))
    }
}

/// The location hint does not affect the equality of leases.
impl PartialEq for RowPlace {
    fn eq(&self, _other: &Self) -> bool {
        true
    }
}

impl Eq for RowPlace {}

#[derive(QueryableByName)]
struct Moved {
    #[diesel(sql_type = Text)]
    place: String,
}

/// The compare-and-set, with a further condition. A released lease is not renewed.
macro_rules! advance {
    ($condition:literal) => {
        concat!(
            "update ingest_partitions set
               next_offset = $5, committed_at = clock_timestamp(),
               last_record_offset = $6, last_record_digest = $7,
               last_record_next_offset = case when $6 is not null then $5 end,
               halted_because = null, halted_at = null, halted_at_offset = null,
               lease_until = case when owner is null then lease_until else clock_timestamp() + $8 * interval '1 ms' end
             where topic = $1 and partition = $2 and epoch = $3 and next_offset = $4 and ",
            $condition,
            " returning ctid::text as place"
        )
    };
}
const WHERE_IT_WAS: &str = advance!("ctid = $9::text::tid");
const BY_KEY: &str = advance!("$9 is not null");

/// Moves the partition of `lease` to `checkpoint`, and renews the lease; returns `false` if the
/// partition is no longer at the lease's epoch and offset. The renewal is necessary because with
/// slow commits a batch locks the row almost all the time. A halt at another offset ends.
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn advance(
    tx: &mut Connection,
    lease: &PartitionLease,
    checkpoint: Checkpoint,
) -> Result<bool, StorageError> {
    let place = lease.place.known();
    for statement in [WHERE_IT_WAS, BY_KEY] {
        if let Some(moved) = advance_by(tx, statement, lease, checkpoint, &place).await? {
            lease.place.is_now(moved.place);
            return Ok(true);
        }
    }
    Ok(false)
}

async fn advance_by(
    tx: &mut Connection,
    statement: &'static str,
    lease: &PartitionLease,
    checkpoint: Checkpoint,
    place: &str,
) -> Result<Option<Moved>, StorageError> {
    let Checkpoint { next_offset, last_record } = checkpoint;
    let moved: Vec<Moved> = diesel::sql_query(statement)
        .bind::<Text, _>(&lease.topic)
        .bind::<Int4, _>(lease.partition)
        .bind::<Int8, _>(lease.epoch)
        .bind::<Int8, _>(lease.next_offset)
        .bind::<Int8, _>(next_offset)
        .bind::<Nullable<Int8>, _>(last_record.map(|record| record.offset))
        .bind::<Nullable<Int8>, _>(last_record.map(|record| record.digest.0))
        .bind::<Int8, _>(lease.ttl_ms)
        .bind::<Text, _>(place)
        .load(tx)
        .await?;
    Ok(moved.into_iter().next())
}
