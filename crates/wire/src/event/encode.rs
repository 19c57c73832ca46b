//! Writes events as gateways do: for the gateway simulator and for tests.

mod json;
mod protobuf;

pub use json::encode_event_json;
pub use protobuf::encode_event_protobuf;

/// How a gateway writes its JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Dialect {
    /// As the contract's first choice has it: RFC 3339 times, OCPP's spelling, absent fields left out, all sampled
    /// values of an instant in one array.
    #[default]
    Handbook,
    /// As deployed gateways do: epoch milliseconds as text, `transactionId` 0 at the start of a transaction whatever it
    /// will be, statuses and reasons in lower case, a constant `previousStatus`, `NoError` spelt out, and each sampled
    /// value, as text, in a meter value of its own.
    Deployed,
}
