//! The results for lists and exports of sessions.

use super::ReadKind;
use serde::Serialize;

/// The results for lists and exports of sessions.
#[derive(Debug, Clone, Serialize)]
pub struct Sessions {
    /// What the database contains.
    pub data: SessionData,
    /// Connections to `PostgreSQL`, for asset-api and for the floor each.
    pub connections: usize,
    /// The lists.
    pub kinds: Vec<ReadKind>,
    /// The exports of all sessions of the busiest station, one for each format.
    pub exports: Vec<SessionExport>,
}

/// A database with sessions.
#[derive(Debug, Clone, Serialize)]
pub struct SessionData {
    /// Sessions.
    pub sessions: u64,
    /// Open ones among them.
    pub open: u64,
    /// Stations.
    pub stations: u64,
    /// Piles.
    pub piles: u64,
    /// Drivers with a token of their own.
    pub id_tags: u64,
    /// Seconds in which the sessions were inserted, without indexes.
    pub filled_s: f64,
    /// Seconds in which the indexes were built.
    pub indexed_s: f64,
    /// The size of the database, in MB.
    pub database_mb: f64,
    /// The size of the table of sessions without its indexes, in MB.
    pub rows_mb: f64,
    /// The size of its indexes, in MB.
    pub indexes_mb: f64,
}

/// An export, the median of some in the order of their durations.
#[derive(Debug, Clone, Serialize)]
pub struct SessionExport {
    /// `csv` or `ndjson`.
    pub format: &'static str,
    /// `complete`, or `rowLimit` if the service exports no more at once.
    pub outcome: &'static str,
    /// Exported sessions.
    pub rows: u64,
    /// The length of the response, in MB.
    pub mb: f64,
    /// From the request to the end of the response.
    pub seconds: f64,
    /// Exported sessions per second.
    pub rows_per_s: f64,
}
