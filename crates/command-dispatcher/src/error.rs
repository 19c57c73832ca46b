//! Why a command was not sent, and what the outside is told of it.

use crate::together::Lost;
use crate::topic::Unpublished;
use actix_web::http::StatusCode;
use domain::command::Refusal;
use domain::ids::{ChargePointId, CommandId};
use runtime::Problem;
use runtime::causes;
use runtime::problem::FieldError;
use runtime::redis::RedisError;
use std::sync::Arc;
use storage::StorageError;
use storage::command_batches::MAX_PILES;
use storage::commands::Conflict;

/// Seconds after which trying again makes sense: dependencies that are away come back, transaction ids are told.
const RETRY_AFTER_S: u32 = 1;

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
    /// No gateway says that it holds the device.
    #[error("no gateway holds {0}")]
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

/// What the outside is told of a failure: status, code, and a title that is the same for every occurrence.
type Told = (StatusCode, &'static str, &'static str);

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
            other => other.told().1,
        }
    }

    /// The code that a caller sees.
    pub(crate) fn code(&self) -> &'static str {
        self.told().1
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
        let missing = |code, title| (StatusCode::NOT_FOUND, code, title);
        let away = |code, title| (StatusCode::SERVICE_UNAVAILABLE, code, title);
        match self {
            Self::Invalid(_) => (StatusCode::BAD_REQUEST, "INVALID_REQUEST", "Request is not valid"),
            Self::InvalidCursor => (StatusCode::BAD_REQUEST, "INVALID_CURSOR", "Cursor is not valid"),
            Self::PileNotFound => missing("PILE_NOT_FOUND", "There is no such pile"),
            Self::CommandNotFound => missing("COMMAND_NOT_FOUND", "There is no such command"),
            Self::StationNotFound => missing("STATION_NOT_FOUND", "There is no such station"),
            Self::BatchNotFound => missing("COMMAND_BATCH_NOT_FOUND", "There is no such batch of commands"),
            Self::TooManyPiles => {
                (StatusCode::UNPROCESSABLE_ENTITY, "TOO_MANY_PILES", "Too many piles for one batch")
            }
            Self::NoGateway(_) => (StatusCode::CONFLICT, "PILE_OFFLINE", "Pile is offline"),
            Self::Refused(refusal) => told_of(refusal),
            Self::StillRunning | Self::Conflict(Conflict::Key) => {
                (StatusCode::CONFLICT, "IDEMPOTENCY_IN_PROGRESS", "The same request is being carried out")
            }
            Self::Conflict(Conflict::StartInFlight) => COMMAND_IN_FLIGHT,
            Self::KeyReused => (
                StatusCode::UNPROCESSABLE_ENTITY,
                "IDEMPOTENCY_KEY_REUSED",
                "The key was used for another request",
            ),
            Self::RouteStore(_) => away("ROUTE_STORE_UNAVAILABLE", "The gateways' routes are not available"),
            Self::NotPublished { .. } => away("BROKER_UNAVAILABLE", "The message broker is not available"),
            Self::OutcomeUnknown(_) => {
                away("COMMAND_OUTCOME_UNKNOWN", "The command may have been sent or not")
            }
            Self::Storage(error) if error.is_transient() => {
                away("DATABASE_UNAVAILABLE", "The database is not available")
            }
            Self::Storage(_) | Self::Lost(_) | Self::Encoding(_) => {
                (StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "Something went wrong on our side")
            }
        }
    }
}

const COMMAND_IN_FLIGHT: Told =
    (StatusCode::CONFLICT, "COMMAND_IN_FLIGHT", "A command to the same connector is under way");

const fn told_of(refusal: &Refusal) -> Told {
    let (code, title) = match refusal {
        Refusal::Offline(_) | Refusal::NeverHeard(_) => ("PILE_OFFLINE", "Pile is offline"),
        Refusal::PileNotAvailable { .. } => ("PILE_NOT_AVAILABLE", "Pile is not available"),
        Refusal::ConnectorNotAvailable { .. } | Refusal::NoSuchConnector { .. } => {
            ("CONNECTOR_NOT_AVAILABLE", "Connector is not available")
        }
        Refusal::StartInFlight { .. } => return COMMAND_IN_FLIGHT,
        Refusal::NoActiveTransaction(_) => ("NO_ACTIVE_TRANSACTION", "No charging session is open"),
        Refusal::TransactionMismatch { .. } => ("TRANSACTION_MISMATCH", "Transaction is not open"),
        Refusal::AmbiguousTransaction(_) => ("AMBIGUOUS_TRANSACTION", "Several transactions could be meant"),
        Refusal::TransactionIdPending(_) => ("TRANSACTION_ID_PENDING", "Transaction id is not known yet"),
    };
    (StatusCode::CONFLICT, code, title)
}

impl From<StorageError> for DispatchError {
    fn from(error: StorageError) -> Self {
        Self::Storage(Arc::new(error))
    }
}

impl From<DispatchError> for Problem {
    fn from(error: DispatchError) -> Self {
        use DispatchError::*;
        let (status, code, title) = error.told();
        let problem = Self::new(status, code, title);
        let detail = error.to_string();
        match error {
            Invalid(errors) => Self::invalid(errors),
            InvalidCursor | PileNotFound | CommandNotFound | StationNotFound | BatchNotFound => problem,
            RouteStore(_) | Storage(_) if status == StatusCode::SERVICE_UNAVAILABLE => {
                tracing::warn!(code, error = causes(&error), "a dependency is away");
                problem.retry_after(RETRY_AFTER_S)
            }
            RouteStore(_) | Storage(_) | Lost(_) | Encoding(_) => Self::internal(&error),
            NotPublished { .. } | OutcomeUnknown(_) | Refused(Refusal::TransactionIdPending(_)) => {
                problem.detail(detail).retry_after(RETRY_AFTER_S)
            }
            StillRunning | Conflict(_) | Refused(Refusal::StartInFlight { .. }) => {
                problem.detail(detail).retry_after(RETRY_AFTER_S)
            }
            Refused(_) | NoGateway(_) | KeyReused | TooManyPiles => problem.detail(detail),
        }
    }
}
