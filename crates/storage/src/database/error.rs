//! What can go wrong between a service and Postgres.

use diesel::result::{DatabaseErrorKind, Error as DieselError};

/// A failed call to Postgres.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// No connection within the time allowed: Postgres is away, or all connections are busy.
    #[error("no database connection within the time allowed")]
    NoConnection(#[source] diesel_async::pooled_connection::deadpool::PoolError),
    /// The connection broke, the server ended the statement, or it took too long.
    #[error("the database is unavailable")]
    Unavailable(#[source] DieselError),
    /// The call took longer than allowed; whether it had an effect is not known.
    #[error("the database did not answer within the time allowed")]
    TimedOut,
    /// Anything else that Postgres refused; a fault of the program.
    #[error("the database refused a statement")]
    Refused(#[source] DieselError),
    /// A row that does not say what the program takes for granted.
    #[error("{table} holds a row that cannot be: {what}")]
    Inconsistent {
        /// The table.
        table: &'static str,
        /// What is wrong with the row.
        what: String,
    },
    /// The schema is not the one that this program was built for.
    #[error("the database schema is {found}, this program needs {needed}: run `asset-api migrate`")]
    WrongSchema {
        /// What stands in the database.
        found: String,
        /// What this program was built for.
        needed: String,
    },
    /// The schema was narrowed since this program was built.
    #[error(
        "the database schema works with releases built with migration {oldest} or later, this program with {built_with}"
    )]
    SchemaTooNew {
        /// The newest migration that this program was built with.
        built_with: String,
        /// That of the oldest release that works on the schema.
        oldest: String,
    },
    /// A migration failed.
    #[error("migrating the database failed: {0}")]
    Migration(String),
}

impl StorageError {
    /// Whether waiting and trying again may help: Postgres is away, busy or restarting.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::NoConnection(_) | Self::Unavailable(_) | Self::TimedOut)
    }

    /// Whether it is certain that PostgreSQL refused the values of a statement: they break a constraint, or cannot be sent.
    /// Of other refusals it is not certain, since the driver does not pass on the SQLSTATE.
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

    /// Whether a statement, or a transaction, took longer than it may.
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

    /// The same error where a refusal cannot be the fault of what is written, but only of the database: waiting helps.
    #[must_use]
    pub fn of_the_database(self) -> Self {
        match self {
            Self::Refused(error) => Self::Unavailable(error),
            other => other,
        }
    }

    /// The error for a row that does not parse.
    #[expect(clippy::needless_pass_by_value, reason = "it is handed straight to map_err")]
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

/// diesel passes on no SQLSTATE. PostgreSQL and its driver say these things when they are going away, coming up, were
/// told to give up, or lack room or rights; other words and languages are [`StorageError::Refused`], which blames no record
/// by itself. A partition that is missing is made before it is tried again.
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
    ]
    .iter()
    .any(|said| message.contains(said))
}
