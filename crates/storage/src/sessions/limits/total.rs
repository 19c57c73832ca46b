//! The running total of a session.

use crate::tariffs::quote_of_session;
use crate::{Connection, StorageError};
use domain::assets::OperatorBound;
use domain::ids::SessionId;
use domain::tariffs::Money;

/// What the quote of the session with id `id` comes to, with tax if the tariff names a rate, up to its end or its last reading; `None` if
/// it has no quote: it has fewer than two readings, no place, or no tariff applies.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn total(connection: &mut Connection, id: SessionId) -> Result<Option<Money>, StorageError> {
    let quoted = quote_of_session(connection, &OperatorBound::All, id).await?;
    Ok(quoted.and_then(Result::ok).map(|quoted| quoted.quote.totals.to_pay()))
}
