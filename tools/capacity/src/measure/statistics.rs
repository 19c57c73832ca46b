//! Statistics of the server, and the size of its rows.

use bench::database::Connection;
use diesel::QueryableByName;
use diesel::sql_types::Float8;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};

/// What was written since the server started.
#[derive(Debug, Clone, Copy, Default, QueryableByName)]
pub struct Statistics {
    /// Rows inserted, updated and deleted in the database.
    #[diesel(sql_type = Float8)]
    pub rows: f64,
    /// Bytes of write-ahead log of the whole server.
    #[diesel(sql_type = Float8)]
    pub log_bytes: f64,
    /// Bytes of the tables that grow with time, with their indexes.
    #[diesel(sql_type = Float8)]
    pub table_bytes: f64,
    /// Bytes of the feed, with its indexes.
    #[diesel(sql_type = Float8)]
    pub feed_bytes: f64,
}

const STATISTICS: &str = "select
    (select sum(n_tup_ins + n_tup_upd + n_tup_del) from pg_stat_user_tables)::float8 as rows,
    pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')::float8 as log_bytes,
    (select sum(pg_total_relation_size(oid)) from pg_class where relkind = 'r' and
       (relname like 'meter_samples%' or relname like 'status_changes%' or relname = 'sessions'))::float8 as table_bytes,
    pg_total_relation_size('feed_chunks')::float8 as feed_bytes";

/// Reads the statistics.
pub async fn read(connection: &mut Connection) -> anyhow::Result<Statistics> {
    Ok(diesel::sql_query(STATISTICS).get_result(connection).await?)
}

/// Bytes per row with indexes: of the tables that do not grow with time, at their fill factor, and
/// of samples.
#[derive(Debug, QueryableByName)]
pub struct RowSizes {
    /// A device.
    #[diesel(sql_type = Float8)]
    pub device: f64,
    /// A connector.
    #[diesel(sql_type = Float8)]
    pub connector: f64,
    /// The ledger of a device.
    #[diesel(sql_type = Float8)]
    pub ledger: f64,
    /// A sample.
    #[diesel(sql_type = Float8)]
    pub sample: f64,
    /// A sample in its index, part of `sample`.
    #[diesel(sql_type = Float8)]
    pub sample_index: f64,
}

const ROW_SIZES: &str = "select
    pg_total_relation_size('charge_points')::float8 / (select count(*) from charge_points) as device,
    pg_total_relation_size('connectors')::float8 / (select count(*) from connectors) as connector,
    pg_total_relation_size('session_ledgers')::float8 / (select count(*) from session_ledgers) as ledger,
    (select sum(pg_total_relation_size(inhrelid)) from pg_inherits
     where inhparent = 'meter_samples'::regclass)::float8 / (select count(*) from meter_samples) as sample,
    (select sum(pg_indexes_size(inhrelid)) from pg_inherits
     where inhparent = 'meter_samples'::regclass)::float8 / (select count(*) from meter_samples) as sample_index";

/// Rewrites the tables that do not grow with time, and reads the size of their rows.
pub async fn row_sizes(connection: &mut Connection) -> anyhow::Result<RowSizes> {
    connection.batch_execute("vacuum full charge_points, connectors, session_ledgers").await?;
    Ok(diesel::sql_query(ROW_SIZES).get_result(connection).await?)
}
