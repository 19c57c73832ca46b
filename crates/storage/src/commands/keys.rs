//! Idempotency keys: a repeated request with the same key leads to the same command.
//!
//! A key belongs to its caller: it is found under a digest of the caller's subject and the key. The
//! previous release finds keys by their text alone, so a row also has the plain text, unless another
//! caller has used it.

#[cfg(test)]
mod tests;

use crate::schema::idempotency_keys;
use crate::{Connection, StorageError};
use diesel::prelude::*;
use diesel::sql_types::{Float8, Int8};
use diesel_async::RunQueryDsl;
use domain::digest::{fnv1a_64, sha256, sha256_of_parts};
use domain::ids::{CommandBatchId, CommandId, PileId};
use std::time::Duration;
use uuid::Uuid;

/// An idempotency key. The keys of callers and of batches are of different kinds, so that they
/// cannot be the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdempotencyKey {
    /// The value of the header `Idempotency-Key` that a caller sent.
    OfCaller {
        /// The `sub` of the caller.
        subject: String,
        /// The value of the header: visible ASCII characters without blanks.
        key: String,
    },
    /// The command of a batch to one of its piles.
    OfBatch {
        /// Id of the batch.
        batch_id: CommandBatchId,
        /// Id of the pile.
        pile_id: PileId,
    },
}

impl IdempotencyKey {
    /// The text under which the previous release finds the key. That of a batch contains blanks, so
    /// no caller can send it.
    pub(super) fn text(&self) -> String {
        match self {
            Self::OfCaller { key, .. } => key.clone(),
            Self::OfBatch { batch_id, pile_id } => format!("batch {batch_id} {pile_id}"),
        }
    }

    /// The digest of the caller and the key; `None` for a key of a batch, which is found by its
    /// text.
    pub(crate) fn of_caller(&self) -> Option<Vec<u8>> {
        match self {
            Self::OfCaller { subject, key } => {
                Some(sha256_of_parts(&[subject.as_bytes(), key.as_bytes()]).to_vec())
            }
            Self::OfBatch { .. } => None,
        }
    }
}

/// The digest of a request, to detect a different request with the same key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestDigest {
    sha256: [u8; 32],
    /// FNV-1a, 64 bits: the digest that the previous release compares.
    earlier: i64,
}

impl RequestDigest {
    /// The digest of a request in a form that is the same for the same request.
    #[must_use]
    pub fn of(request: &[u8]) -> Self {
        let earlier = i64::from_ne_bytes(fnv1a_64(request).to_ne_bytes());
        Self { sha256: sha256(request), earlier }
    }

    pub(crate) fn sha256(&self) -> Vec<u8> {
        self.sha256.to_vec()
    }

    pub(super) const fn earlier(&self) -> i64 {
        self.earlier
    }
}

/// The digest that is recorded with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedDigest {
    /// `None` for keys that an earlier release recorded.
    pub(super) sha256: Option<Vec<u8>>,
    pub(super) earlier: i64,
}

impl RecordedDigest {
    /// Whether this is the digest of `request`.
    #[must_use]
    pub fn is_of(&self, request: &RequestDigest) -> bool {
        match &self.sha256 {
            Some(recorded) => recorded.as_slice() == request.sha256.as_slice(),
            None => self.earlier == request.earlier,
        }
    }
}

/// An idempotency key and the request that it was used for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedRequest {
    /// The key.
    pub key: IdempotencyKey,
    /// The digest of the request.
    pub digest: RequestDigest,
}

/// The text of a key in the row that is to be inserted, from its columns `key` and `caller_key` in
/// `new`: the plain text, unless another caller has used it.
macro_rules! key_text {
    () => {
        "case when caller_key is not null and exists (
             select from idempotency_keys taken where taken.key = new.key and taken.caller_key is not null)
           then 'caller ' || encode(caller_key, 'hex') else key end"
    };
}
pub(super) use key_text;

/// Releases the keys of commands that were never published, so that the same requests may be
/// repeated.
///
/// # Errors
/// If PostgreSQL fails.
pub(super) async fn free(tx: &mut Connection, failed: &[CommandId]) -> Result<(), StorageError> {
    if failed.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = failed.iter().map(|id| id.0).collect();
    diesel::delete(idempotency_keys::table.filter(idempotency_keys::command_id.eq_any(ids)))
        .execute(tx)
        .await?;
    Ok(())
}

/// Deletes up to `limit` keys older than `age`; returns how many.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn prune_keys(
    connection: &mut Connection,
    age: Duration,
    limit: i64,
) -> Result<usize, StorageError> {
    let pruned = diesel::sql_query(
        "delete from idempotency_keys where key in (
           select key from idempotency_keys where created_at < clock_timestamp() - make_interval(secs => $1)
           order by created_at limit $2 for update skip locked)",
    )
    .bind::<Float8, _>(age.as_secs_f64())
    .bind::<Int8, _>(limit)
    .execute(connection)
    .await?;
    Ok(pruned)
}
