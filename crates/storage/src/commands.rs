//! Commands to charge points: recorded before they are published, and what became of them.
//!
//! Who changes a command holds the row of its device, as ingestors do; so a command is changed by one at a time, and the
//! feed tells its changes in their order.

pub mod batches;
mod context;
mod find;
mod insert;
mod keys;
mod outcomes;
mod pending;
mod reroute;
mod row;

pub use context::{Look, Wanted, look_at_many};
pub use find::{find, list_of_pile};
pub use insert::{Conflict, NewCommand, Recorded, record_many};
pub use keys::{KeyedRequest, prune_keys};
pub use outcomes::{Note, close_past, expire_due, note_many};
pub(crate) use pending::{load_awaited, load_relinked, update_lives};
pub use reroute::reroute_stale;

use domain::commands::CommandRecord;
use domain::devices::presence::Confidence;
use domain::ids::{ConnectorId, GatewayId, TransactionId};

/// A command with all that its books tell.
#[derive(Debug, Clone, PartialEq)]
pub struct RecordedCommand {
    /// What it is and what became of it.
    pub record: CommandRecord,
    /// The OCPP 1.6 request body.
    pub payload: serde_json::Value,
    /// The partition that its gateway reads.
    pub partition: i32,
    /// The trace that it belongs to.
    pub trace_id: Option<String>,
    /// The connector that it is for; `None` where none is named.
    pub connector_id: Option<ConnectorId>,
    /// The transaction that it started or is to stop, as far as it is known.
    pub transaction_id: Option<TransactionId>,
    /// Redis was away: the gateway is the one last seen on the device's events.
    pub degraded: bool,
    /// The gateway last seen on the device's events when it was sent, where that is another one.
    pub seen_gateway_id: Option<GatewayId>,
    /// How far the device was trusted to be online when it was sent.
    pub confidence: Confidence,
}
