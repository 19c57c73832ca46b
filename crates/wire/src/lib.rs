//! Encodes and decodes the messages of the platform: the events and commands of the gateway
//! contract (`docs/gateway-contract.md`) as JSON and protobuf, and the feed that other services
//! follow. It also contains the hash that determines a gateway's partition.
//!
//! The crate has no I/O and no clock. [`decode`] accepts every variant that deployed gateways are
//! known to send and returns the platform's own, validated types. A record that it rejects has a
//! stable reason ([`DecodeError::reason`]), which is stored in the dead letter.

pub mod command;
pub mod event;
pub mod feed;
pub mod routing;

mod error;
mod json;
mod limits;
mod proto;
mod record;
mod value;

pub use command::{EncodedCommand, decode_command, encode_command};
pub use error::DecodeError;
pub use event::decode;
pub use record::{CONTENT_TYPE, JSON, PROTOBUF, RawRecord, TRACEPARENT};
