//! Postgres; the only crate that knows SQL.
//!
//! Free query functions stand in the module of their table, take a connection and return domain types; absence is
//! `None`. What the ingestor writes is written a batch at a time, see [`batch`].

pub mod audit;
pub mod availability;
pub mod batch;
mod bulk;
pub mod census;
pub mod charge_points;
pub mod command_batches;
pub mod commands;
pub mod connectors;
mod database;
mod day_partitions;
pub mod dead_letters;
mod error;
pub mod feed;
pub mod fleet;
pub mod import;
pub mod ingest_partitions;
pub mod ingest_replicas;
mod lock_table;
mod message_language;
pub mod meter_samples;
mod migrations;
pub mod piles;
pub mod presence;
#[expect(missing_docs, reason = "generated from the migrations, where every column is commented")]
pub mod schema;
pub mod sessions;
pub mod snapshots;
pub mod stations;
pub mod status_changes;
pub mod tariffs;
mod touched;
pub mod trace;
mod words;

pub use database::{Connection, Database, DatabaseSettings, PooledConnection};
pub use day_partitions::DayPartitions;
pub use diesel::result::Error as DieselError;
pub use error::StorageError;
pub use touched::Touched;
pub use words::Words;
