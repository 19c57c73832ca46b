//! Transactions that a refusal rolls back.

use crate::StorageError;
use diesel::result::Error as DieselError;

/// Why a transaction is rolled back.
#[derive(Debug)]
pub(crate) enum Abort<R> {
    /// What the transaction was to do is refused, or is not wanted after all.
    Refused(R),
    /// PostgreSQL failed, or a row is invalid.
    Failed(StorageError),
}

impl<R> Abort<R> {
    /// The same for a caller with further reasons to refuse.
    pub(crate) fn widen<E: From<R>>(self) -> Abort<E> {
        match self {
            Self::Refused(refusal) => Abort::Refused(refusal.into()),
            Self::Failed(error) => Abort::Failed(error),
        }
    }
}

impl<R> From<StorageError> for Abort<R> {
    fn from(error: StorageError) -> Self {
        Self::Failed(error)
    }
}

impl<R> From<DieselError> for Abort<R> {
    fn from(error: DieselError) -> Self {
        Self::Failed(error.into())
    }
}

/// The end of a transaction that may be refused.
pub(crate) trait Refusable<T, R> {
    /// Separates a refusal, which is an answer, from a failure of PostgreSQL.
    ///
    /// # Errors
    /// If PostgreSQL failed.
    fn refusal_as_value(self) -> Result<Result<T, R>, StorageError>;
}

impl<T, R> Refusable<T, R> for Result<T, Abort<R>> {
    fn refusal_as_value(self) -> Result<Result<T, R>, StorageError> {
        match self {
            Ok(value) => Ok(Ok(value)),
            Err(Abort::Refused(refusal)) => Ok(Err(refusal)),
            Err(Abort::Failed(error)) => Err(error),
        }
    }
}
