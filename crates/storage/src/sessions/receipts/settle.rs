//! Checking one session: writes its receipt, if its facts give one that is not written yet.

use super::{StoredReceipt, WaitingSession, broken, find};
use crate::database::transaction::{Abort, Refusable};
use crate::sessions::find_metered;
use crate::tariffs::load_book_of;
use crate::{Connection, StorageError, feed};
use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::{Float8, Int4, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::assets::OperatorBound;
use domain::digest::sha256_hex;
use domain::feed::{FeedChange, FeedKind, FeedSubject, SessionSettled};
use domain::tariffs::{PriceBook, Receipt, ReceiptSession};
use serde::Deserialize as _;
use std::time::Duration;

/// For how long after its last change a session is checked: events are accepted for 7 days.
const WINDOW: Duration = Duration::from_hours(8 * 24);

/// The outcome of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SettleOutcome {
    /// A receipt was written and published: the first one, or one that replaces another.
    Written {
        /// The number of the receipt.
        number: u32,
    },
    /// The latest receipt has the same content.
    Unchanged,
    /// The session is open, or was withdrawn before it had a receipt: there is nothing to write.
    Dropped,
    /// The session changed meanwhile, or another replica wrote the receipt. It is checked again.
    Overtaken,
}

/// Checks `waiting`: writes and publishes a receipt if the facts give another one than the latest,
/// and sets the time of the next check. The receipt, its change and that time are one transaction,
/// so a check that is interrupted is repeated without effect.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn settle(
    connection: &mut Connection,
    waiting: &WaitingSession,
    grace: Duration,
) -> Result<SettleOutcome, StorageError> {
    let latest = find(connection, &OperatorBound::All, waiting.id, None).await?;
    let Some(receipt) = receipt_of(connection, waiting, latest.as_ref()).await? else {
        return drop_waiting(connection, waiting).await;
    };
    let content = serde_json::to_string(&receipt).map_err(broken)?;
    let digest = sha256_hex(content.as_bytes());
    if latest.as_ref().is_some_and(|latest| latest.digest == digest) {
        let kept = schedule(connection, waiting, grace).await?;
        return Ok(if kept { SettleOutcome::Unchanged } else { SettleOutcome::Overtaken });
    }
    let number = latest.map_or(0, |latest| latest.number) + 1;
    let written = connection
        .transaction(async |tx| {
            // The changes of a device are published in the order in which they hold its row.
            feed::lock_devices(tx, &[waiting.charge_point_id.as_str()]).await?;
            if !schedule(tx, waiting, grace).await? {
                return Err(Abort::Refused(SettleOutcome::Overtaken));
            }
            let issued_at = insert(tx, waiting, number, &digest, &content).await?;
            let issued_at = issued_at.ok_or(Abort::Refused(SettleOutcome::Overtaken))?;
            let body = SessionSettled::of(&receipt, number, issued_at, digest);
            let change = FeedChange {
                subject: FeedSubject::ChargePoint(waiting.charge_point_id.clone()),
                at: issued_at,
                kind: FeedKind::SessionSettled(body),
            };
            feed::append(tx, std::slice::from_ref(&change)).await?;
            Ok(SettleOutcome::Written { number })
        })
        .await
        .refusal_as_value()?;
    Ok(written.unwrap_or_else(|overtaken| overtaken))
}

/// The receipt that the facts give; `None` for an open session, and for a withdrawn one without an
/// earlier receipt.
async fn receipt_of(
    connection: &mut Connection,
    waiting: &WaitingSession,
    latest: Option<&StoredReceipt>,
) -> Result<Option<Receipt>, StorageError> {
    let Some(metered) = find_metered(connection, &OperatorBound::All, waiting.id).await? else {
        let session = latest.map(|latest| ReceiptSession::deserialize(&latest.content)).transpose();
        return Ok(session.map_err(broken)?.map(Receipt::withdrawn));
    };
    if metered.session.is_open() {
        return Ok(None);
    }
    let book = match metered.usage() {
        Ok(usage) => load_book_of(connection, &metered, &usage).await?.unwrap_or_default(),
        Err(_unmetered) => PriceBook::default(),
    };
    Ok(Some(Receipt::of(&metered, &book)))
}

/// Sets the next check, as far in the future as the last change is in the past, but at least a grace
/// time; ends the checks when the last change is too long ago. Returns whether the session is still
/// as it was read.
async fn schedule(
    connection: &mut Connection,
    waiting: &WaitingSession,
    grace: Duration,
) -> Result<bool, StorageError> {
    #[derive(QueryableByName)]
    struct Scheduled {
        #[diesel(sql_type = diesel::sql_types::Int8)]
        rows: i64,
    }
    let scheduled: Scheduled = diesel::sql_query(
        "with checked as (
           select session_id, statement_timestamp() - changed_at as age,
                  greatest(statement_timestamp() + (statement_timestamp() - changed_at) - make_interval(secs => $3),
                           statement_timestamp()) as next_check
           from session_settlements where session_id = $1 and quiet_since = $2 for update
         ), ended as (
           delete from session_settlements using checked
           where session_settlements.session_id = checked.session_id and age > make_interval(secs => $4)
           returning 1
         ), kept as (
           update session_settlements
           set quiet_since = next_check from checked
           where session_settlements.session_id = checked.session_id and age <= make_interval(secs => $4)
           returning 1
         )
         select (select count(*) from ended) + (select count(*) from kept) as rows",
    )
    .bind::<SqlUuid, _>(waiting.id.0)
    .bind::<Timestamptz, _>(waiting.quiet_since)
    .bind::<Float8, _>(grace.as_secs_f64())
    .bind::<Float8, _>(WINDOW.as_secs_f64())
    .get_result(connection)
    .await?;
    Ok(scheduled.rows > 0)
}

/// Inserts the receipt and returns its time; `None` if the number is taken.
async fn insert(
    tx: &mut Connection,
    waiting: &WaitingSession,
    number: u32,
    digest: &str,
    content: &str,
) -> Result<Option<DateTime<Utc>>, StorageError> {
    #[derive(QueryableByName)]
    struct Issued {
        #[diesel(sql_type = Timestamptz)]
        issued_at: DateTime<Utc>,
    }
    let issued: Option<Issued> = diesel::sql_query(
        "insert into session_receipts (session_id, number, issued_at, digest, content)
         values ($1, $2, clock_timestamp(), $3, $4::json)
         on conflict do nothing returning issued_at",
    )
    .bind::<SqlUuid, _>(waiting.id.0)
    .bind::<Int4, _>(i32::try_from(number).map_err(broken)?)
    .bind::<Text, _>(digest)
    .bind::<Text, _>(content)
    .get_result(tx)
    .await
    .optional()?;
    Ok(issued.map(|issued| issued.issued_at))
}

async fn drop_waiting(
    connection: &mut Connection,
    waiting: &WaitingSession,
) -> Result<SettleOutcome, StorageError> {
    let dropped =
        diesel::sql_query("delete from session_settlements where session_id = $1 and quiet_since = $2")
            .bind::<SqlUuid, _>(waiting.id.0)
            .bind::<Timestamptz, _>(waiting.quiet_since)
            .execute(connection)
            .await?;
    Ok(if dropped > 0 { SettleOutcome::Dropped } else { SettleOutcome::Overtaken })
}
