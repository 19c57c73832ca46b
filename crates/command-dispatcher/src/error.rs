//! Why a command was not sent, and what the outside is told of it.

pub(crate) mod problem_kind;

use crate::dispatch::coalescer::Lost;
use crate::dispatch::topic::Unpublished;
use actix_web::http::StatusCode;
use domain::commands::Refusal;
use domain::ids::{ChargePointId, CommandId};
use problem_kind::Told;
use runtime::Problem;
use runtime::causes;
use runtime::problem::FieldError;
use runtime::redis::RedisError;
use std::sync::Arc;
use storage::StorageError;
use storage::commands::Conflict;
use storage::commands::batches::MAX_PILES;

/// Why a command was not sent, or is not known to have been.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DispatchError {
    /// Fields of the request are wrong.
    #[error("the request is not valid")]
    Invalid(Vec<FieldError>),
    /// The cursor is none that was given out.
    #[error("the cursor is not valid")]
    InvalidCursor,
    /// There is no such pile, or it is retired.
    #[error("there is no such pile")]
    PileNotFound,
    /// There is no such command.
    #[error("there is no such command")]
    CommandNotFound,
    /// There is no such station, or it is retired.
    #[error("there is no such station")]
    StationNotFound,
    /// There is no such batch of commands.
    #[error("there is no such batch of commands")]
    BatchNotFound,
    /// A batch would be for more piles than it may.
    #[error(
        "more than {MAX_PILES} piles are meant: name some of them in pileIds, or in statuses what they must be"
    )]
    TooManyPiles,
    /// The pile is not fit for it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The key belongs to a request that is not settled yet.
    #[error("the same request is being carried out: ask again shortly")]
    StillRunning,
    /// The key belongs to another request.
    #[error("the Idempotency-Key was used for another request")]
    KeyReused,
    /// It met another command when it was to be recorded.
    #[error("it met another command")]
    Conflict(Conflict),
    /// No key in Redis names a gateway for the device, and its events are not used, or name none either.
    #[error("no gateway claims {0}")]
    NoGateway(ChargePointId),
    /// Nobody can say which gateway holds the device.
    #[error("the gateways' routes cannot be read")]
    RouteStore(#[from] RedisError),
    /// It was recorded and certainly not published.
    #[error("command {id} was not published: {reason}")]
    NotPublished {
        /// The command.
        id: CommandId,
        /// Why, fit to be shown.
        reason: String,
    },
    /// It may have been published or not.
    #[error("command {0} may have been published or not: ask for it before it is sent again")]
    OutcomeUnknown(CommandId),
    /// Postgres failed, perhaps for several at once.
    #[error(transparent)]
    Storage(#[from] Arc<StorageError>),
    /// It was lost on its way, before it was published.
    #[error(transparent)]
    Lost(#[from] Lost),
    /// The command could not be put into words.
    #[error("the command cannot be encoded")]
    Encoding(#[from] serde_json::Error),
}

impl DispatchError {
    /// Why the command called `id` is not known to be on the topic.
    pub(crate) fn unpublished(id: CommandId, why: &Unpublished) -> Self {
        match why {
            uncertain if uncertain.is_uncertain() => Self::OutcomeUnknown(id),
            certain => Self::NotPublished { id, reason: certain.to_string() },
        }
    }

    /// The word that it is counted under: `failed`, `unknown`, or the code that the caller sees.
    pub(crate) fn outcome(&self) -> &'static str {
        match self {
            Self::NotPublished { .. } => "failed",
            Self::OutcomeUnknown(_) => "unknown",
            other => other.told().code,
        }
    }

    /// The code that a caller sees.
    pub(crate) fn code(&self) -> &'static str {
        self.told().code
    }

    /// What people may be told of it; `None` where the code says all that is fit to be shown.
    pub(crate) fn shown(&self) -> Option<String> {
        match self {
            Self::RouteStore(_)
            | Self::Storage(_)
            | Self::Lost(_)
            | Self::Encoding(_)
            | Self::PileNotFound => None,
            told => Some(told.to_string()),
        }
    }

    /// Whether it is certain that nothing was sent, and another try may do better.
    pub(crate) fn is_passing(&self) -> bool {
        match self {
            Self::RouteStore(_) | Self::NotPublished { .. } => true,
            Self::Storage(error) => error.is_transient(),
            _ => false,
        }
    }

    fn told(&self) -> Told {
        match self {
            Self::Invalid(_) => problem_kind::INVALID_REQUEST,
            Self::InvalidCursor => problem_kind::INVALID_CURSOR,
            Self::PileNotFound => problem_kind::PILE_NOT_FOUND,
            Self::CommandNotFound => problem_kind::COMMAND_NOT_FOUND,
            Self::StationNotFound => problem_kind::STATION_NOT_FOUND,
            Self::BatchNotFound => problem_kind::COMMAND_BATCH_NOT_FOUND,
            Self::TooManyPiles => problem_kind::TOO_MANY_PILES,
            Self::NoGateway(_) => problem_kind::PILE_OFFLINE,
            Self::Refused(refusal) => told_of(refusal),
            Self::StillRunning | Self::Conflict(Conflict::Key) => problem_kind::IDEMPOTENCY_IN_PROGRESS,
            Self::Conflict(Conflict::StartInFlight) => problem_kind::COMMAND_IN_FLIGHT,
            Self::KeyReused => problem_kind::IDEMPOTENCY_KEY_REUSED,
            Self::RouteStore(_) => problem_kind::ROUTE_STORE_UNAVAILABLE,
            Self::NotPublished { .. } => problem_kind::BROKER_UNAVAILABLE,
            Self::OutcomeUnknown(_) => problem_kind::COMMAND_OUTCOME_UNKNOWN,
            Self::Storage(error) if error.is_transient() => problem_kind::DATABASE_UNAVAILABLE,
            Self::Storage(_) | Self::Lost(_) | Self::Encoding(_) => problem_kind::INTERNAL,
        }
    }
}

const fn told_of(refusal: &Refusal) -> Told {
    match refusal {
        Refusal::Offline(_) | Refusal::NeverHeard(_) => problem_kind::PILE_OFFLINE,
        Refusal::Doubtful(_) => problem_kind::PILE_DOUBTFUL,
        Refusal::PileNotAvailable { .. } => problem_kind::PILE_NOT_AVAILABLE,
        Refusal::ConnectorNotAvailable { .. } | Refusal::NoSuchConnector { .. } => {
            problem_kind::CONNECTOR_NOT_AVAILABLE
        }
        Refusal::StartInFlight { .. } => problem_kind::COMMAND_IN_FLIGHT,
        Refusal::NoActiveTransaction(_) => problem_kind::NO_ACTIVE_TRANSACTION,
        Refusal::TransactionMismatch { .. } => problem_kind::TRANSACTION_MISMATCH,
        Refusal::AmbiguousTransaction(_) => problem_kind::AMBIGUOUS_TRANSACTION,
        Refusal::TransactionIdPending(_) => problem_kind::TRANSACTION_ID_PENDING,
    }
}

impl From<StorageError> for DispatchError {
    fn from(error: StorageError) -> Self {
        Self::Storage(Arc::new(error))
    }
}

impl From<DispatchError> for Problem {
    fn from(error: DispatchError) -> Self {
        use DispatchError::*;
        let told = error.told();
        let problem = Self::from(told);
        let detail = error.to_string();
        match error {
            Invalid(errors) => Self::invalid(errors),
            InvalidCursor | PileNotFound | CommandNotFound | StationNotFound | BatchNotFound => problem,
            RouteStore(_) | Storage(_) if told.status == StatusCode::SERVICE_UNAVAILABLE => {
                tracing::warn!(code = told.code, error = causes(&error), "a dependency is away");
                problem
            }
            RouteStore(_) | Storage(_) | Lost(_) | Encoding(_) => Self::internal(&error),
            NotPublished { .. }
            | OutcomeUnknown(_)
            | StillRunning
            | Conflict(_)
            | Refused(_)
            | NoGateway(_)
            | KeyReused
            | TooManyPiles => problem.detail(detail),
        }
    }
}
