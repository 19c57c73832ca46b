//! The language of PostgreSQL's error messages. diesel hides the SQLSTATE, so transient errors are
//! recognized by their English text ([`StorageError`]). A server in another locale translates it.

use crate::{Database, StorageError};
use diesel::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;

/// Requests untranslated messages when a connection is opened. Only superusers, and roles with a
/// grant, may do so (PostgreSQL, "GRANT … ON PARAMETER"); for others the server's language remains.
pub(crate) const ASK_FOR_ENGLISH: &str =
    "do $$ begin set lc_messages = 'C'; exception when insufficient_privilege then null; end $$;";

#[derive(QueryableByName)]
struct Language {
    #[diesel(sql_type = Text)]
    name: String,
}

impl Database {
    /// The locale of PostgreSQL's messages on these connections, if they are translated: in that
    /// case some transient errors, such as deadlocks, are classified as refusals.
    ///
    /// # Errors
    /// If PostgreSQL fails.
    pub async fn foreign_messages(&self) -> Result<Option<String>, StorageError> {
        let mut connection = self.connection().await?;
        let Language { name } = diesel::sql_query("select current_setting('lc_messages') as name")
            .get_result(&mut connection)
            .await?;
        let is_english = ["", "C", "POSIX"].contains(&name.as_str())
            || ["C.", "en"].iter().any(|start| name.starts_with(start));
        Ok(Some(name).filter(|_| !is_english))
    }

    /// Logs a warning with a remedy if messages are translated.
    pub async fn warn_of_foreign_messages(&self) {
        if let Ok(Some(language)) = self.foreign_messages().await {
            tracing::warn!(
                lc_messages = language,
                "PostgreSQL's messages are translated; some transient errors are treated as refusals: run \
                 `grant set on parameter lc_messages to <role of this service>` as a superuser"
            );
        }
    }
}
