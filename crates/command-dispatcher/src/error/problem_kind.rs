//! The kinds of problems that callers get: one per code.

use actix_web::http::StatusCode;
use runtime::Problem;

/// Seconds after which a retry is useful: dependencies recover.
const RETRY_AFTER_S: u32 = 1;

/// A status, a code, and a title that is the same for every occurrence.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ProblemKind {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    title: &'static str,
    transient: bool,
}

impl ProblemKind {
    const fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self { status, code, title, transient: false }
    }

    const fn missing(code: &'static str, title: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, title)
    }

    const fn conflict(code: &'static str, title: &'static str) -> Self {
        Self::new(StatusCode::CONFLICT, code, title)
    }

    const fn unavailable(code: &'static str, title: &'static str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, title).transient()
    }

    /// Marks the problem as temporary: a retry soon is useful.
    const fn transient(self) -> Self {
        Self { transient: true, ..self }
    }
}

impl From<ProblemKind> for Problem {
    fn from(kind: ProblemKind) -> Self {
        let problem = Self::new(kind.status, kind.code, kind.title);
        if kind.transient { problem.retry_after(RETRY_AFTER_S) } else { problem }
    }
}

pub(crate) const INVALID_REQUEST: ProblemKind =
    ProblemKind::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", "Request is not valid");
pub(crate) const PILE_NOT_FOUND: ProblemKind =
    ProblemKind::missing("PILE_NOT_FOUND", "There is no such pile");
pub(crate) const COMMAND_NOT_FOUND: ProblemKind =
    ProblemKind::missing("COMMAND_NOT_FOUND", "There is no such command");
pub(crate) const STATION_NOT_FOUND: ProblemKind =
    ProblemKind::missing("STATION_NOT_FOUND", "There is no such station");
pub(crate) const COMMAND_BATCH_NOT_FOUND: ProblemKind =
    ProblemKind::missing("COMMAND_BATCH_NOT_FOUND", "There is no such command batch");
pub(crate) const TOO_MANY_PILES: ProblemKind =
    ProblemKind::new(StatusCode::UNPROCESSABLE_ENTITY, "TOO_MANY_PILES", "Too many piles for one batch");
pub(crate) const IDEMPOTENCY_KEY_REUSED: ProblemKind = ProblemKind::new(
    StatusCode::UNPROCESSABLE_ENTITY,
    "IDEMPOTENCY_KEY_REUSED",
    "The key was used for a different request",
);
pub(crate) const IDEMPOTENCY_IN_PROGRESS: ProblemKind =
    ProblemKind::conflict("IDEMPOTENCY_IN_PROGRESS", "The same request is in progress").transient();
pub(crate) const COMMAND_IN_FLIGHT: ProblemKind =
    ProblemKind::conflict("COMMAND_IN_FLIGHT", "A command to the same connector is in progress").transient();
pub(crate) const PILE_OFFLINE: ProblemKind = ProblemKind::conflict("PILE_OFFLINE", "Pile is offline");
pub(crate) const PILE_DOUBTFUL: ProblemKind =
    ProblemKind::conflict("PILE_DOUBTFUL", "The gateway of the pile is silent").transient();
pub(crate) const PILE_NOT_AVAILABLE: ProblemKind =
    ProblemKind::conflict("PILE_NOT_AVAILABLE", "Pile is not available");
pub(crate) const CONNECTOR_NOT_AVAILABLE: ProblemKind =
    ProblemKind::conflict("CONNECTOR_NOT_AVAILABLE", "Connector is not available");
pub(crate) const NO_ACTIVE_TRANSACTION: ProblemKind =
    ProblemKind::conflict("NO_ACTIVE_TRANSACTION", "No charging session is open");
pub(crate) const TRANSACTION_MISMATCH: ProblemKind =
    ProblemKind::conflict("TRANSACTION_MISMATCH", "Transaction is not open");
pub(crate) const AMBIGUOUS_TRANSACTION: ProblemKind =
    ProblemKind::conflict("AMBIGUOUS_TRANSACTION", "Several transactions are open");
pub(crate) const COMMAND_NOT_CANCELLABLE: ProblemKind =
    ProblemKind::conflict("COMMAND_NOT_CANCELLABLE", "The command does not wait");
pub(crate) const COMMAND_BATCH_FINISHED: ProblemKind =
    ProblemKind::conflict("COMMAND_BATCH_FINISHED", "The command batch has finished");
pub(crate) const SESSION_NOT_FOUND: ProblemKind =
    ProblemKind::missing("SESSION_NOT_FOUND", "There is no such session");
pub(crate) const SESSION_ENDED: ProblemKind = ProblemKind::conflict("SESSION_ENDED", "The session has ended");
pub(crate) const NO_TARIFF_APPLIES: ProblemKind =
    ProblemKind::conflict("NO_TARIFF_APPLIES", "No tariff applies at that place and time");
pub(crate) const ROUTE_STORE_UNAVAILABLE: ProblemKind =
    ProblemKind::unavailable("ROUTE_STORE_UNAVAILABLE", "The gateway routes are not available");
pub(crate) const BROKER_UNAVAILABLE: ProblemKind =
    ProblemKind::unavailable("BROKER_UNAVAILABLE", "The message broker is not available");
pub(crate) const COMMAND_OUTCOME_UNKNOWN: ProblemKind =
    ProblemKind::unavailable("COMMAND_OUTCOME_UNKNOWN", "The outcome of the command is unknown");
pub(crate) const DATABASE_UNAVAILABLE: ProblemKind =
    ProblemKind::unavailable("DATABASE_UNAVAILABLE", "The database is not available");
pub(crate) const INTERNAL: ProblemKind =
    ProblemKind::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "Something went wrong on our side");
