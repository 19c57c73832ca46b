//! Moving a partition on: the one statement that makes effects exactly-once.
//!
//! The row of a partition is updated by each batch. While a transaction is open for long, as that of a dump, PostgreSQL keeps all
//! its former versions, and a look-up by key reads one after the other. So the newest version is looked for where the last
//! batch has left it, and by its key only where it is not there any more.

use super::{Checkpoint, PartitionLease};
use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Int4, Int8, Nullable, Text};
use diesel_async::RunQueryDsl;
use std::sync::{Arc, Mutex, PoisonError};

/// Where the newest version of a partition's row lies (its `ctid`), as far as this process knows. It may be elsewhere, or another row
/// may be there: it says where to look first, and never what is right.
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

/// Leases do not differ by where their rows were looked for.
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

/// The compare-and-set, with a further condition. A lease that was given back stays free.
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

/// Moves the partition of `lease` on to `checkpoint`, and renews the lease; says whether it still was at the lease's epoch and
/// offset. Where commits are slow, a batch holds the row nearly always, and nothing else could renew the lease. A halt at another
/// offset is over then.
///
/// # Errors
/// When Postgres fails.
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
