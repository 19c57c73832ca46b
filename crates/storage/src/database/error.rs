//! Errors of PostgreSQL calls.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// A failed call to PostgreSQL.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// The settings of the connections are invalid; the text names the setting and the remedy.
    #[error("invalid settings: {0}")]
    Settings(String),
    /// No connection within the time allowed: PostgreSQL is unavailable, or all connections are
    /// busy.
    #[error("no database connection within the time allowed")]
    NoConnection(#[source] diesel_async::pooled_connection::deadpool::PoolError),
    /// The connection failed, or the server cancelled the statement.
    #[error("the database is unavailable")]
    Unavailable(#[source] DieselError),
    /// The call exceeded its time limit; its effect is unknown.
    #[error("the database did not answer within the time allowed")]
    TimedOut,
    /// Any other refusal by PostgreSQL; a programming error.
    #[error("the database refused a statement")]
    Refused(#[source] DieselError),
    /// A row that violates an assumption of the program.
    #[error("{table} holds an invalid row: {what}")]
    Inconsistent {
        /// Name of the table.
        table: &'static str,
        /// What is wrong with the row.
        what: String,
    },
    /// The schema lacks migrations that this program was built with.
    #[error("the database schema is {found}, this program needs {needed}: run `asset-api migrate`")]
    WrongSchema {
        /// The newest migration in the database, or `empty`.
        found: String,
        /// The first missing migration.
        needed: String,
    },
    /// A later migration removed something that this program needs.
    #[error(
        "the database schema works with releases built with migration {oldest} or later, this program with {built_with}"
    )]
    SchemaTooNew {
        /// The newest migration that this program was built with.
        built_with: String,
        /// The newest migration of the oldest release that works with the schema.
        oldest: String,
    },
    /// A migration failed.
    #[error("migrating the database failed: {0}")]
    Migration(String),
}

impl StorageError {
    /// Whether a retry may help: PostgreSQL is unavailable, busy or restarting.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::NoConnection(_) | Self::Unavailable(_) | Self::TimedOut)
    }

    /// Whether PostgreSQL certainly refused the values of a statement: they violate a constraint,
    /// or cannot be encoded. Other refusals are uncertain, since the driver does not expose the
    /// SQLSTATE.
    #[must_use]
    pub const fn is_of_the_data(&self) -> bool {
        matches!(
            self,
            Self::Refused(
                DieselError::SerializationError(_)
                    | DieselError::DatabaseError(
                        DatabaseErrorKind::UniqueViolation
                            | DatabaseErrorKind::ForeignKeyViolation
                            | DatabaseErrorKind::NotNullViolation
                            | DatabaseErrorKind::CheckViolation
                            | DatabaseErrorKind::RestrictViolation
                            | DatabaseErrorKind::ExclusionViolation,
                        _
                    )
            )
        )
    }

    /// Whether a statement or transaction exceeded its time limit.
    #[must_use]
    pub fn is_timeout(&self) -> bool {
        match self {
            Self::TimedOut => true,
            Self::Unavailable(DieselError::DatabaseError(_, info)) => {
                ["statement timeout", "idle-in-transaction timeout"]
                    .iter()
                    .any(|why| info.message().contains(why))
            }
            _ => false,
        }
    }

    /// Turns a refusal into [`StorageError::Unavailable`], for statements whose values cannot be
    /// the cause, so that a retry may help.
    #[must_use]
    pub fn of_the_database(self) -> Self {
        match self {
            Self::Refused(error) => Self::Unavailable(error),
            other => other,
        }
    }

    /// The error for an invalid row.
    #[expect(clippy::needless_pass_by_value, reason = "it is passed to map_err")]
    pub(crate) fn inconsistent(table: &'static str, what: impl ToString) -> Self {
        Self::Inconsistent { table, what: what.to_string() }
    }
}

impl From<DieselError> for StorageError {
    fn from(error: DieselError) -> Self {
        match &error {
            DieselError::BrokenTransactionManager => Self::Unavailable(error),
            DieselError::DatabaseError(kind, info) => match kind {
                DatabaseErrorKind::ClosedConnection
                | DatabaseErrorKind::ReadOnlyTransaction
                | DatabaseErrorKind::SerializationFailure
                | DatabaseErrorKind::UnableToSendCommand => Self::Unavailable(error),
                _ if is_passing(info.message()) => Self::Unavailable(error),
                _ => Self::Refused(error),
            },
            _ => Self::Refused(error),
        }
    }
}

/// diesel does not expose the SQLSTATE. PostgreSQL and its driver report these messages when they
/// shut down, start, are cancelled, or lack resources or permissions. Other messages and languages
/// are [`StorageError::Refused`], which does not blame a record by itself. A missing partition is
/// created before the retry.
fn is_passing(message: &str) -> bool {
    [
        "connection closed",
        "error communicating with the server",
        "terminating connection",
        "the database system is",
        "canceling statement due to",
        "deadlock detected",
        "could not connect",
        "too many clients",
        "remaining connection slots",
        "no partition of relation",
        "No space left on device",
        "out of memory",
        "out of shared memory",
        "is not accepting commands",
        "permission denied for",
        "must be owner of",
        "cached plan must not change result type",
        "could not extend file",
        "could not read block",
        "could not write",
        // Of Citus.
        "connection to the remote node",
        "failure on connection marked as essential",
        "distributed deadlock",
    ]
    .iter()
    .any(|text| message.contains(text))
}
