//! The quote of a recorded session, by the readings and prices in the database.

use super::load_book_at;
use crate::sessions::find_metered;
use crate::{Connection, StorageError};
use domain::assets::OperatorBound;
use domain::ids::SessionId;
use domain::tariffs::{MeteredSession, PriceBook, SessionQuote, UnquotableSession, Usage};

/// The quote of the session with id `id` within `bound` by its own readings; an open session is quoted up to its
/// last one. `None` if the session does not exist.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn quote_of_session(
    connection: &mut Connection,
    bound: &OperatorBound,
    id: SessionId,
) -> Result<Option<Result<SessionQuote, UnquotableSession>>, StorageError> {
    match find_metered(connection, bound, id).await? {
        Some(session) => quote_metered(connection, &session).await.map(Some),
        None => Ok(None),
    }
}

/// The quote of `session`, whose readings are loaded.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn quote_metered(
    connection: &mut Connection,
    session: &MeteredSession,
) -> Result<Result<SessionQuote, UnquotableSession>, StorageError> {
    if session.place.is_none() {
        return Ok(Err(UnquotableSession::WithoutPile));
    }
    let usage = match session.usage() {
        Ok(usage) => usage,
        Err(invalid) => return Ok(Err(invalid.into())),
    };
    let book = load_book_of(connection, session, &usage).await?;
    Ok(book.ok_or(UnquotableSession::WithoutPile).and_then(|book| session.quote(&usage, &book)))
}

/// The prices that may apply to `session` with this `usage`; `None` if it has no place.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn load_book_of(
    connection: &mut Connection,
    session: &MeteredSession,
    usage: &Usage,
) -> Result<Option<PriceBook>, StorageError> {
    let Some(place) = &session.place else { return Ok(None) };
    let (from, to) = (usage.started_at(), usage.unplugged_at().unwrap_or_else(|| usage.ended_at()));
    let found = load_book_at(connection, place, session.session.connector_id, from, to).await?;
    Ok(found.map(|(_place, book)| book))
}
