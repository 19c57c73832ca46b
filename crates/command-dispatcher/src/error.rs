//! Why a command was not sent, and the problem that the caller gets.

pub(crate) mod problem_kind;

use crate::dispatch::topic::Unpublished;
use actix_web::http::StatusCode;
use chrono::{DateTime, Utc};
use domain::commands::{CommandRefusal, CommandState};
use domain::ids::{ChargePointId, CommandId};
use problem_kind::ProblemKind;
use runtime::Problem;
use runtime::causes;
use runtime::coalescer::Lost;
use runtime::problem::{FieldError, InvalidFields};
use runtime::redis::RedisError;
use std::sync::Arc;
use storage::StorageError;
use storage::commands::Conflict;
use storage::commands::batches::MAX_PILES;

/// Why a command was not sent, or is not known to be sent.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DispatchError {
    /// Some fields of the request are invalid.
    #[error("the request is not valid")]
    Invalid(Vec<FieldError>),
    /// The pile does not exist or is retired.
    #[error("there is no such pile")]
    PileNotFound,
    /// The command does not exist.
    #[error("there is no such command")]
    CommandNotFound,
    /// The station does not exist or is retired.
    #[error("there is no such station")]
    StationNotFound,
    /// The command batch does not exist.
    #[error("there is no such command batch")]
    BatchNotFound,
    /// The session does not exist, or is not one of the pile.
    #[error("there is no such session at this pile")]
    SessionNotFound,
    /// The session has ended.
    #[error("the session ended at {at:?}")]
    SessionEnded {
        /// When it ended.
        at: DateTime<Utc>,
    },
    /// An amount is limited, but no tariff applies.
    #[error("no tariff applies at that place now, so maxAmount cannot be checked")]
    NoTariff,
    /// The command does not wait, so it cannot be cancelled.
    #[error("the command is {state}: only a command that is waiting can be cancelled")]
    NotCancellable {
        /// Its state.
        state: CommandState,
    },
    /// The batch has finished, so it cannot be cancelled.
    #[error("the batch has finished: every pile has a command or was refused")]
    BatchFinished,
    /// A batch would have more piles than allowed.
    #[error("the command matches more than {MAX_PILES} piles: select fewer with pileIds or statuses")]
    TooManyPiles,
    /// The state of the pile does not allow the command.
    #[error(transparent)]
    Refused(#[from] CommandRefusal),
    /// The key belongs to a request that has no outcome yet.
    #[error("a request with the same Idempotency-Key is in progress: retry in 1 s")]
    StillRunning,
    /// The key belongs to another request.
    #[error("the Idempotency-Key was used for a different request: use a new key")]
    KeyReused,
    /// The command conflicts with one that was recorded first.
    #[error("a conflicting command was recorded first")]
    Conflict(Conflict),
    /// Redis has no key for the device, and its events are not used or name no gateway either.
    #[error("no gateway is known for {0}")]
    NoGateway(ChargePointId),
    /// Redis is unavailable, and the device's events cannot replace it.
    #[error("the gateway routes cannot be read")]
    RouteStore(#[from] RedisError),
    /// The command was recorded and certainly not published.
    #[error("command {id} was not published: {reason}")]
    NotPublished {
        id: CommandId,
        /// Why, in a form that may be shown to callers.
        reason: String,
    },
    /// The command may or may not have been published.
    #[error("command {0} may or may not have been published: query it before you send it again")]
    OutcomeUnknown(CommandId),
    /// PostgreSQL failed, possibly for several commands at once.
    #[error(transparent)]
    Storage(#[from] Arc<StorageError>),
    /// The request was lost before the command was published.
    #[error(transparent)]
    Lost(#[from] Lost),
    /// The command cannot be encoded.
    #[error("the command cannot be encoded")]
    Encoding(#[from] serde_json::Error),
}

impl DispatchError {
    /// Why the command with id `id` is not known to be on the topic.
    pub(crate) fn unpublished(id: CommandId, why: &Unpublished) -> Self {
        match why {
            uncertain if uncertain.is_uncertain() => Self::OutcomeUnknown(id),
            certain => Self::NotPublished { id, reason: certain.to_string() },
        }
    }

    /// The label that the outcome is counted under: `failed`, `unknown`, or the code that the
    /// caller gets.
    pub(crate) fn outcome(&self) -> &'static str {
        match self {
            Self::NotPublished { .. } => "failed",
            Self::OutcomeUnknown(_) => "unknown",
            other => other.problem_kind().code,
        }
    }

    /// The code that the caller gets.
    pub(crate) fn code(&self) -> &'static str {
        self.problem_kind().code
    }

    /// The detail that may be shown to callers; `None` where the code is sufficient.
    pub(crate) fn shown(&self) -> Option<String> {
        match self {
            Self::RouteStore(_)
            | Self::Storage(_)
            | Self::Lost(_)
            | Self::Encoding(_)
            | Self::PileNotFound => None,
            other => Some(other.to_string()),
        }
    }

    /// Whether nothing was sent for certain, and another attempt may succeed.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::RouteStore(_) | Self::NotPublished { .. } => true,
            Self::Storage(error) => error.is_transient(),
            _ => false,
        }
    }

    fn problem_kind(&self) -> ProblemKind {
        match self {
            Self::Invalid(_) => problem_kind::INVALID_REQUEST,
            Self::PileNotFound => problem_kind::PILE_NOT_FOUND,
            Self::CommandNotFound => problem_kind::COMMAND_NOT_FOUND,
            Self::StationNotFound => problem_kind::STATION_NOT_FOUND,
            Self::BatchNotFound => problem_kind::COMMAND_BATCH_NOT_FOUND,
            Self::SessionNotFound => problem_kind::SESSION_NOT_FOUND,
            Self::SessionEnded { .. } => problem_kind::SESSION_ENDED,
            Self::NoTariff => problem_kind::NO_TARIFF_APPLIES,
            Self::NotCancellable { .. } => problem_kind::COMMAND_NOT_CANCELLABLE,
            Self::BatchFinished => problem_kind::COMMAND_BATCH_FINISHED,
            Self::TooManyPiles => problem_kind::TOO_MANY_PILES,
            Self::NoGateway(_) => problem_kind::PILE_OFFLINE,
            Self::Refused(refusal) => refusal_kind(refusal),
            Self::StillRunning | Self::Conflict(Conflict::Key) => problem_kind::IDEMPOTENCY_IN_PROGRESS,
            Self::Conflict(Conflict::StartInFlight | Conflict::Id | Conflict::StopWaiting) => {
                problem_kind::COMMAND_IN_FLIGHT
            }
            Self::KeyReused => problem_kind::IDEMPOTENCY_KEY_REUSED,
            Self::RouteStore(_) => problem_kind::ROUTE_STORE_UNAVAILABLE,
            Self::NotPublished { .. } => problem_kind::BROKER_UNAVAILABLE,
            Self::OutcomeUnknown(_) => problem_kind::COMMAND_OUTCOME_UNKNOWN,
            Self::Storage(error) if error.is_transient() => problem_kind::DATABASE_UNAVAILABLE,
            Self::Storage(_) | Self::Lost(_) | Self::Encoding(_) => problem_kind::INTERNAL,
        }
    }
}

const fn refusal_kind(refusal: &CommandRefusal) -> ProblemKind {
    match refusal {
        CommandRefusal::Offline(_) | CommandRefusal::NeverHeard(_) => problem_kind::PILE_OFFLINE,
        CommandRefusal::Doubtful(_) => problem_kind::PILE_DOUBTFUL,
        CommandRefusal::PileNotAvailable { .. } => problem_kind::PILE_NOT_AVAILABLE,
        CommandRefusal::ConnectorNotAvailable { .. } | CommandRefusal::NoSuchConnector { .. } => {
            problem_kind::CONNECTOR_NOT_AVAILABLE
        }
        CommandRefusal::StartInFlight { .. } => problem_kind::COMMAND_IN_FLIGHT,
        CommandRefusal::NoActiveTransaction(_) => problem_kind::NO_ACTIVE_TRANSACTION,
        CommandRefusal::TransactionMismatch { .. } | CommandRefusal::SessionNotOpen { .. } => {
            problem_kind::TRANSACTION_MISMATCH
        }
        CommandRefusal::AmbiguousTransaction(_) => problem_kind::AMBIGUOUS_TRANSACTION,
    }
}

impl From<StorageError> for DispatchError {
    fn from(error: StorageError) -> Self {
        Self::Storage(Arc::new(error))
    }
}

impl From<InvalidFields> for DispatchError {
    fn from(invalid: InvalidFields) -> Self {
        Self::Invalid(invalid.0)
    }
}

impl From<DispatchError> for Problem {
    fn from(error: DispatchError) -> Self {
        use DispatchError::*;
        let kind = error.problem_kind();
        let problem = Self::from(kind);
        let detail = error.to_string();
        match error {
            Invalid(errors) => Self::invalid(errors),
            PileNotFound | CommandNotFound | StationNotFound | BatchNotFound | SessionNotFound => problem,
            RouteStore(_) | Storage(_) if kind.status == StatusCode::SERVICE_UNAVAILABLE => {
                tracing::warn!(
                    code = kind.code,
                    error = causes(&error),
                    "dependency unavailable; answering 503"
                );
                problem
            }
            RouteStore(_) | Storage(_) | Lost(_) | Encoding(_) => Self::internal(&error),
            NotPublished { .. }
            | OutcomeUnknown(_)
            | StillRunning
            | Conflict(_)
            | Refused(_)
            | NoGateway(_)
            | SessionEnded { .. }
            | NoTariff
            | NotCancellable { .. }
            | BatchFinished
            | KeyReused
            | TooManyPiles => problem.detail(detail),
        }
    }
}
