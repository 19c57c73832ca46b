//! The running total of a session.

use crate::sessions::{MeteredSession, find_metered};
use crate::tariffs::load_book_at;
use crate::{Connection, StorageError};
use domain::ids::SessionId;
use domain::tariffs::{MAX_READINGS, Money, Usage};

/// The total of the quote of the session with id `id`, up to its end or its last reading; `None` if
/// it has no quote: it has fewer than two readings, no place, or no tariff applies.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn total(connection: &mut Connection, id: SessionId) -> Result<Option<Money>, StorageError> {
    let limit = i64::try_from(MAX_READINGS).unwrap_or(i64::MAX);
    let Some(metered) = find_metered(connection, id, limit).await? else { return Ok(None) };
    let MeteredSession { session, place, samples, .. } = metered;
    let (Some(place), Ok(usage)) = (place, Usage::recorded(&session, samples)) else { return Ok(None) };
    let (from, to) = (usage.started_at(), usage.ended_at());
    let found = load_book_at(connection, &place, session.connector_id, from, to).await?;
    Ok(found.and_then(|(place, book)| book.quote(&place, &usage).ok()).map(|quote| quote.totals.total))
}
