//! A request for a command to one pile: what is wanted, by which caller, under which key.

use crate::dispatch::intent::Intent;
use domain::assets::OperatorBound;
use domain::ids::{Actor, PileId};
use runtime::http::CallerKey;
use storage::commands::{IdempotencyKey, KeyedRequest};

/// A request for a command to one pile.
#[derive(Debug, Clone)]
pub(crate) struct PileOrder {
    /// The pile to command.
    pub pile_id: PileId,
    /// What the caller wants.
    pub intent: Intent,
    /// The `sub` of the caller; `None` for a command that the platform sends by itself.
    pub issued_by: Option<Actor>,
    /// The operators to which the caller is bound; without a bound for the platform itself.
    pub bound: OperatorBound,
    /// The idempotency key with the digest of the request, if any.
    pub keyed: Option<KeyedRequest>,
}

impl PileOrder {
    /// The order of a caller, under its idempotency key, if any.
    ///
    /// # Errors
    /// Never in practice: every intent can be serialized.
    pub(crate) fn of_caller(
        pile_id: PileId,
        intent: Intent,
        issuer: Actor,
        bound: OperatorBound,
        key: Option<CallerKey>,
    ) -> Result<Self, serde_json::Error> {
        Self::new(pile_id, intent, Some(issuer), bound, key.map(caller_key))
    }

    /// An order under the idempotency key `key`, if any.
    ///
    /// # Errors
    /// Never in practice: every intent can be serialized.
    pub(crate) fn new(
        pile_id: PileId,
        intent: Intent,
        issued_by: Option<Actor>,
        bound: OperatorBound,
        key: Option<IdempotencyKey>,
    ) -> Result<Self, serde_json::Error> {
        let keyed = key.map(|key| intent.keyed(pile_id, key)).transpose()?;
        Ok(Self { pile_id, intent, issued_by, bound, keyed })
    }
}

/// The key of a caller as it is recorded.
pub(crate) fn caller_key(CallerKey { subject, key }: CallerKey) -> IdempotencyKey {
    IdempotencyKey::OfCaller { subject, key }
}
