//! A minimal client of Kafka's protocol for requests that no client library sends: one broker,
//! blocking, without error handling.

mod batch;
mod cluster;
mod connection;
mod encoding;
mod topics;
mod transactions;

pub use batch::Batch;
pub use connection::Connection;
pub use transactions::Producer;
