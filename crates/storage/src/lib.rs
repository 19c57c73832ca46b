//! PostgreSQL access; the only crate that contains SQL.
//!
//! Query functions are free functions in the module of their table. They take a connection and
//! return domain types; absence is `None`. Ingestors write in batches, see [`ingest::batch`].

pub mod assets;
pub mod commands;
pub mod creation_keys;
pub mod database;
pub mod devices;
pub mod feed;
pub mod ingest;
pub mod issues;
pub mod reliability;
#[expect(missing_docs, reason = "generated from the migrations, where every column is commented")]
pub mod schema;
pub mod sessions;
pub mod tariffs;

pub use assets::search::SearchTerms;
pub use database::day_partitions::DayPartitions;
pub use database::error::StorageError;
pub use database::pool::{Connection, Database, PooledConnection};
pub use database::pruning::{Pruned, Slice};
pub use database::settings::{ChannelBinding, DatabaseSettings, SslMode};
pub use diesel::result::Error as DieselError;
pub use ingest::load_plan::LoadPlan;
