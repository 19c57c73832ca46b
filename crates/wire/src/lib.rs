//! Bytes ⇄ domain: the events and commands of the gateway contract (`docs/gateway-contract.md`), as JSON and as
//! protobuf, the hash that picks a gateway's partition, and the feed that other services follow.
//!
//! No I/O and no clock. [`decode`] accepts every variant that deployed gateways are known to send and gives the
//! platform's own types, already valid; what it refuses, it refuses with a stable reason ([`DecodeError::reason`]) that
//! goes with the record into the dead letters.

pub mod command;
pub mod event;
pub mod feed;
pub mod routing;

mod error;
mod json;
mod proto;
mod record;
mod value;

pub use command::{EncodedCommand, decode_command, encode_command};
pub use error::DecodeError;
pub use event::decode;
pub use record::{CONTENT_TYPE, JSON, PROTOBUF, RawRecord, TRACEPARENT};
