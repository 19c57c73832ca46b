//! Encodes events as gateways do, for the gateway simulator and for tests.

mod json;
mod protobuf;

pub use json::encode_event_json;
pub use protobuf::encode_event_protobuf;

/// The JSON form that a gateway writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// The contract's preferred form: RFC 3339 times, OCPP's spelling, absent fields omitted, all
    /// sampled values of an instant in one array.
    #[default]
    Contract,
    /// The form of deployed gateways: epoch milliseconds as text, `transactionId` 0 at the start of
    /// every transaction, statuses and reasons in lower case, a constant `previousStatus`, an
    /// explicit `NoError`, and each sampled value, as text, in a meter value of its own.
    Deployed,
}
