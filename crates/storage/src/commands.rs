//! Commands to charge points: recorded before they are published, with their outcomes.
//!
//! A transaction that changes a command locks the row of its device, as ingestors do. So a command
//! is changed by one transaction at a time, and the feed contains its changes in order.

pub mod batches;
mod cancel;
mod context;
mod find;
mod insert;
mod keys;
mod log;
mod outcomes;
mod pending;
mod prune;
mod reroute;
mod row;
pub mod waiting;

pub use cancel::cancel;
pub use context::{CommandContext, ContextQuery, ContextScope, load_contexts};
pub use find::{find, list_missing, list_of_pile};
pub use insert::{Conflict, NewCommand, Recorded, insert_many, insert_waiting};
pub use keys::{IdempotencyKey, KeyedRequest, RecordedDigest, RequestDigest, prune_keys};
pub use log::{LogFilter, LogPage, LogPlace, list};
pub use outcomes::{PublishOutcome, close_past, expire_due, record_outcomes};
pub(crate) use pending::{load_awaited, load_relinked, update_lives};
pub use prune::{prune, prune_batches};
pub use reroute::reroute_stale;

use domain::commands::CommandRecord;
use domain::devices::presence::Confidence;
use domain::ids::{ConnectorId, GatewayId, TransactionId};
use domain::sessions::limits::SessionLimits;

/// A command with all recorded data.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedCommand {
    /// The command and its life so far.
    pub record: CommandRecord,
    /// The OCPP 1.6 request body.
    pub payload: serde_json::Value,
    /// The partition that the command's gateway reads.
    pub partition: i32,
    /// The trace id of the request; `None` if it was not traced.
    pub trace_id: Option<String>,
    /// The connector that the command is for; `None` if it names none.
    pub connector_id: Option<ConnectorId>,
    /// The transaction that the command started or is to stop; `None` if unknown.
    pub transaction_id: Option<TransactionId>,
    /// Redis was unavailable: the gateway is the one of the device's last event.
    pub degraded: bool,
    /// The gateway of the device's last event when the command was sent, if it is a different one.
    pub seen_gateway_id: Option<GatewayId>,
    /// How far the device's online state was trusted when the command was sent.
    pub confidence: Confidence,
    /// The limits that a start set, while they are kept; `None` for other commands. Limits that only a
    /// newer release can read are `None`, too.
    pub limits: Option<SessionLimits>,
}
