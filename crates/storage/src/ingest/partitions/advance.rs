//! Advancing partitions: the one statement that makes effects exactly-once.
//!
//! Each transaction updates the rows of its partitions. While another transaction is open for long,
//! such as that of a dump, PostgreSQL keeps all former row versions, and a lookup by key reads them
//! one by one. Therefore the newest version is first looked up at the location where the last batch
//! left it, and by its key only if it is no longer there.
//!
//! Rows are locked in the order of their partitions, before all rows of devices: two transactions
//! with the same partitions wait for each other and never deadlock.

use super::{Checkpoint, PartitionLease};
use crate::database::bulk::{Bulk, Columns, Lookup, Rows};
use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Int4, Int8, Nullable, Text};
use diesel_async::RunQueryDsl;
use std::marker::PhantomData;
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

/// The progress of one partition in a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionStep {
    /// The lease, with the offset that the partition must have.
    pub lease: PartitionLease,
    /// What the partition has after the transaction.
    pub checkpoint: Checkpoint,
}

/// The compare-and-set on the rows of `held`, which `$held` locks in order. A released lease is not
/// renewed.
macro_rules! advance {
    ($columns:literal, $names:literal, $held:literal, $same_row:literal) => {
        concat!(
            "with steps as materialized (
               select *, statement_timestamp() + ttl_ms * interval '1 ms' as lease_until
               from unnest($1::text[], $2::integer[], $3::bigint[], $4::bigint[], $5::bigint[],
                                    $6::bigint[], $7::bigint[], $8::bigint[]",
            $columns,
            ") as steps (topic, partition, epoch, expected, next_offset, last_offset, last_digest, ttl_ms",
            $names,
            ")),
             held as materialized (",
            $held,
            ")
             update ingest_partitions as moved set
               next_offset = steps.next_offset, committed_at = statement_timestamp(),
               last_record_offset = steps.last_offset, last_record_digest = steps.last_digest,
               last_record_next_offset = case when steps.last_offset is not null then steps.next_offset end,
               halted_because = null, halted_at = null, halted_at_offset = null,
               lease_until = case when moved.owner is null then moved.lease_until else steps.lease_until end
             from held join steps on steps.topic = held.topic and steps.partition = held.partition
             where ",
            $same_row,
            " and moved.epoch = steps.epoch and moved.next_offset = steps.expected
             returning moved.topic, moved.partition, moved.ctid::text"
        )
    };
}

/// Finds the rows where they were. The conditions on other columns cannot use an index, nor can the
/// order: an index would lead to all former versions.
enum WhereTheyWere {}

impl Way for WhereTheyWere {
    const SQL: &'static str = advance!(
        ", $9::text[]",
        ", place",
        "select ctid as place, topic, partition from ingest_partitions
         where ctid = any(array(select place::tid from steps))
           and topic || '' = any(array(select topic from steps))
           and partition + 0 = any(array(select partition from steps))
         order by partition + 0 for update",
        "moved.ctid = held.place"
    );
    const HAS_PLACES: bool = true;
}

/// Finds the rows by their keys.
enum ByKey {}

impl Way for ByKey {
    const SQL: &'static str = advance!(
        "",
        "",
        "select topic, partition from ingest_partitions
         where (topic, partition) in (select topic, partition from steps)
         order by partition for update of ingest_partitions",
        "moved.topic = held.topic and moved.partition = held.partition"
    );
    const HAS_PLACES: bool = false;
}

/// A way to find the rows.
trait Way: Send + Sync + 'static {
    const SQL: &'static str;
    /// Whether the statement has the rows' last known locations.
    const HAS_PLACES: bool;
}

/// Steps as columns.
struct Steps<'a, W> {
    topics: Vec<&'a str>,
    partitions: Vec<i32>,
    epochs: Vec<i64>,
    expected: Vec<i64>,
    next_offsets: Vec<i64>,
    last_offsets: Vec<Option<i64>>,
    last_digests: Vec<Option<i64>>,
    ttls_ms: Vec<i64>,
    places: Vec<String>,
    way: PhantomData<W>,
}

impl<'a, W: Way> Steps<'a, W> {
    fn of(steps: &[&'a PartitionStep]) -> Self {
        let last = |step: &&PartitionStep| step.checkpoint.last_record;
        Self {
            topics: steps.iter().map(|step| step.lease.topic.as_str()).collect(),
            partitions: steps.iter().map(|step| step.lease.partition).collect(),
            epochs: steps.iter().map(|step| step.lease.epoch).collect(),
            expected: steps.iter().map(|step| step.lease.next_offset).collect(),
            next_offsets: steps.iter().map(|step| step.checkpoint.next_offset).collect(),
            last_offsets: steps.iter().map(|step| last(step).map(|record| record.offset)).collect(),
            last_digests: steps.iter().map(|step| last(step).map(|record| record.digest.0)).collect(),
            ttls_ms: steps.iter().map(|step| step.lease.ttl_ms).collect(),
            places: steps.iter().map(|step| step.lease.place.known()).collect(),
            way: PhantomData,
        }
    }
}

impl<W: Way> Rows for Steps<'_, W> {
    type Statement = W;
    const SQL: &'static str = W::SQL;

    fn columns<'b>(&'b self, columns: &mut Columns<'_, 'b>) -> QueryResult<()> {
        columns.push::<Text, _>(&self.topics)?;
        columns.push::<Int4, _>(&self.partitions)?;
        columns.push::<Int8, _>(&self.epochs)?;
        columns.push::<Int8, _>(&self.expected)?;
        columns.push::<Int8, _>(&self.next_offsets)?;
        columns.push::<Nullable<Int8>, _>(&self.last_offsets)?;
        columns.push::<Nullable<Int8>, _>(&self.last_digests)?;
        columns.push::<Int8, _>(&self.ttls_ms)?;
        if W::HAS_PLACES { columns.push::<Text, _>(&self.places) } else { Ok(()) }
    }
}

impl<W: Way> Lookup for Steps<'_, W> {
    type Answer = (Text, Int4, Text);
}

/// Moves each partition of `steps` to its checkpoint, and renews its lease; returns `false` if one
/// of them is no longer at its lease's epoch and offset: the transaction must then be rolled back.
/// The renewal is necessary because with slow commits a batch locks the row almost all the time. A
/// halt at another offset ends.
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn advance_all(tx: &mut Connection, steps: &[PartitionStep]) -> Result<bool, StorageError> {
    let all: Vec<&PartitionStep> = steps.iter().collect();
    let behind = advance_by::<WhereTheyWere>(tx, all).await?;
    if behind.is_empty() {
        return Ok(true);
    }
    Ok(advance_by::<ByKey>(tx, behind).await?.is_empty())
}

/// Moves one partition, see [`advance_all`].
///
/// # Errors
/// If PostgreSQL fails.
pub(crate) async fn advance(
    tx: &mut Connection,
    lease: &PartitionLease,
    checkpoint: Checkpoint,
) -> Result<bool, StorageError> {
    advance_all(tx, &[PartitionStep { lease: lease.clone(), checkpoint }]).await
}

/// Returns the steps whose partitions were not moved.
async fn advance_by<'a, W: Way>(
    tx: &mut Connection,
    mut steps: Vec<&'a PartitionStep>,
) -> Result<Vec<&'a PartitionStep>, StorageError> {
    let moved: Vec<(String, i32, String)> = Bulk(Steps::<W>::of(&steps)).load(tx).await?;
    for (topic, partition, place) in moved {
        let is_moved = |step: &&PartitionStep| step.lease.partition == partition && step.lease.topic == topic;
        if let Some(index) = steps.iter().position(is_moved) {
            steps.swap_remove(index).lease.place.is_now(place);
        }
    }
    Ok(steps)
}
