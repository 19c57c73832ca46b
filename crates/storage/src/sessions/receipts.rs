//! Receipts: stored whole, never changed, and replaced by another if later facts correct them.
//!
//! Triggers of `sessions` record each ended session in `session_settlements`. A session is checked a
//! grace time after its last change, and then at doubling intervals for as long as late facts are
//! accepted: samples, and the status that shows when the connector became free, do not change the
//! row of the session.

mod earned;
mod settle;
mod waiting;

pub use earned::list_priced;
pub use settle::{SettleOutcome, settle};
pub use waiting::{SettlementBacklog, WaitingSession, backlog, list_due, postpone};

use crate::database::operators;
use crate::database::pruning::{Pruned, Slice};
use crate::schema::{session_receipts, session_settlements};
use crate::{Connection, StorageError};
use chrono::{DateTime, Utc};
use diesel::dsl::exists;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use domain::assets::OperatorBound;
use domain::ids::SessionId;
use serde_json::Value;

/// The most receipts of one session that are listed.
pub const MAX_LISTED: i64 = 100;

/// A receipt as it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredReceipt {
    /// The number among the receipts of the session, from 1.
    pub number: u32,
    /// When it was written, by PostgreSQL's clock.
    pub issued_at: DateTime<Utc>,
    /// SHA-256 of the content, in hexadecimal.
    pub digest: String,
    /// The content: a [`Receipt`](domain::tariffs::Receipt) of the release that wrote it.
    pub content: Value,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = session_receipts, check_for_backend(Pg))]
struct ReceiptRow {
    number: i32,
    issued_at: DateTime<Utc>,
    digest: String,
    content: Value,
}

impl StoredReceipt {
    /// The number of the receipt that this one replaces; `None` for the first.
    #[must_use]
    pub fn replaces(&self) -> Option<u32> {
        self.number.checked_sub(1).filter(|earlier| *earlier > 0)
    }
}

impl TryFrom<ReceiptRow> for StoredReceipt {
    type Error = StorageError;

    fn try_from(row: ReceiptRow) -> Result<Self, StorageError> {
        let ReceiptRow { number, issued_at, digest, content } = row;
        Ok(Self { number: u32::try_from(number).map_err(broken)?, issued_at, digest, content })
    }
}

fn broken(what: impl ToString) -> StorageError {
    StorageError::inconsistent("session_receipts", what)
}

/// The receipt within `bound` of the session `id` with this number; without one, the latest. `None` if there is
/// none.
///
/// # Errors
/// If PostgreSQL fails or the row is invalid.
pub async fn find(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: SessionId,
    number: Option<u32>,
) -> Result<Option<StoredReceipt>, StorageError> {
    let mut query = session_receipts::table
        .filter(session_receipts::session_id.eq(id.0))
        .filter(operators::receipts(bound))
        .order(session_receipts::number.desc())
        .select(ReceiptRow::as_select())
        .into_boxed::<Pg>();
    if let Some(number) = number {
        // No receipt has a greater number.
        let number = i32::try_from(number).unwrap_or(i32::MAX);
        query = query.filter(session_receipts::number.eq(number));
    }
    let row = query.first(connection).await.optional()?;
    row.map(StoredReceipt::try_from).transpose()
}

/// The receipts within `bound` of the session `id`, the latest first; at most [`MAX_LISTED`].
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn list(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: SessionId,
) -> Result<Vec<StoredReceipt>, StorageError> {
    let rows = session_receipts::table
        .filter(session_receipts::session_id.eq(id.0))
        .filter(operators::receipts(bound))
        .order(session_receipts::number.desc())
        .limit(MAX_LISTED)
        .select(ReceiptRow::as_select())
        .load(connection)
        .await?;
    rows.into_iter().map(StoredReceipt::try_from).collect()
}

/// Whether the session `id` ended and waits for its first or next check.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn is_waiting(connection: &mut Connection, id: SessionId) -> Result<bool, StorageError> {
    Ok(diesel::select(exists(session_settlements::table.find(id.0))).get_result(connection).await?)
}

/// Deletes receipts that were written before the age of `slice`.
///
/// # Errors
/// If PostgreSQL fails.
pub async fn prune(connection: &mut Connection, slice: Slice) -> Result<Pruned, StorageError> {
    let statement = "
        with old as materialized (
          select session_id, number, issued_at from session_receipts
          where issued_at < now() - make_interval(secs => $1) and issued_at >= coalesce($2, '-infinity')
          order by issued_at limit $3 for update skip locked),
        gone as (
          delete from session_receipts using old
          where session_receipts.session_id = old.session_id and session_receipts.number = old.number
          returning 1)
        select (select count(*) from gone) as rows, count(*) as examined, max(issued_at) as up_to from old";
    slice.run(connection, statement).await
}
