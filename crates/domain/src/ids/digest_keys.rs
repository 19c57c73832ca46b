//! Digests of ids, for where only equality matters.

use super::{EventId, SessionId, TransactionId};
use crate::digest::fnv1a_64;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A 64-bit digest of an [`EventId`] (FNV-1a), small enough to be stored with the state that the
/// event caused.
///
/// It only distinguishes events of one charge point that claim the same instant or are close
/// together; 64 bits do not collide there in practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventKey(pub i64);

impl EventKey {
    /// The digest of `event`.
    #[must_use]
    pub fn of(event: &EventId) -> Self {
        Self::digest(event.as_str())
    }

    /// The digest of the end of `session` by an operator at `at`.
    #[must_use]
    pub fn of_end(session: SessionId, at: DateTime<Utc>) -> Self {
        Self::digest(&format!("end of {session} at {}", at.timestamp_micros()))
    }

    fn digest(text: &str) -> Self {
        Self(i64::from_ne_bytes(fnv1a_64(text.as_bytes()).to_ne_bytes()))
    }
}

/// A digest of a transaction id, where only equality matters. Within one device 64 bits do not
/// collide in practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransactionKey(pub i64);

impl TransactionKey {
    /// The digest of `transaction`.
    #[must_use]
    pub fn of(transaction: &TransactionId) -> Self {
        let digest = fnv1a_64(transaction.as_str().as_bytes());
        Self(i64::from_ne_bytes(digest.to_ne_bytes()))
    }
}
