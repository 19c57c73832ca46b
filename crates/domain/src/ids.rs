//! Identifiers: UUIDs for what the platform creates, validated text for what gateways and callers
//! send.

mod connector_id;
mod digest_keys;
mod text_ids;
mod uuid_ids;

pub use connector_id::{ConnectorId, InvalidConnectorId};
pub use digest_keys::{EventKey, TransactionKey};
pub use text_ids::{Actor, ChargePointId, EventId, GatewayId, IdTag, StartIdTag, TransactionId};
pub use uuid_ids::{
    BindingId, CommandBatchId, CommandId, ExclusionId, IssueId, MaintenanceWindowId, PileId, SessionId,
    StationId, TariffId,
};
