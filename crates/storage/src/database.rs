//! The database: connections, migrations, errors, and maintenance that limits the size of tables.

pub mod after_restore;
pub(crate) mod bulk;
pub(crate) mod causes;
mod connector;
pub(crate) mod current_schema;
pub(crate) mod day_partitions;
pub(crate) mod error;
pub(crate) mod explained;
pub(crate) mod lock_table;
pub(crate) mod lock_wait;
pub(crate) mod message_language;
pub(crate) mod migrations;
pub(crate) mod online_steps;
pub(crate) mod operators;
pub(crate) mod pool;
pub mod pruning;
mod servers;
pub(crate) mod settings;
pub mod snapshots;
pub mod standby;
pub mod table_sizes;
pub mod trace;
pub(crate) mod transaction;
pub(crate) mod violations;
