//! What the outside is told of failures: one of these for each code.

use actix_web::http::StatusCode;
use runtime::Problem;

/// Seconds after which trying again makes sense: dependencies that are away come back, transaction ids are told.
const RETRY_AFTER_S: u32 = 1;

/// A status, a code, and a title that is the same for every occurrence.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Told {
    pub(super) status: StatusCode,
    pub(super) code: &'static str,
    title: &'static str,
    passing: bool,
}

impl Told {
    const fn new(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        Self { status, code, title, passing: false }
    }

    const fn missing(code: &'static str, title: &'static str) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, title)
    }

    const fn conflict(code: &'static str, title: &'static str) -> Self {
        Self::new(StatusCode::CONFLICT, code, title)
    }

    const fn away(code: &'static str, title: &'static str) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, code, title).passing()
    }

    /// The same, and trying again soon makes sense.
    const fn passing(self) -> Self {
        Self { passing: true, ..self }
    }
}

impl From<Told> for Problem {
    fn from(told: Told) -> Self {
        let problem = Self::new(told.status, told.code, told.title);
        if told.passing { problem.retry_after(RETRY_AFTER_S) } else { problem }
    }
}

pub(crate) const INVALID_REQUEST: Told =
    Told::new(StatusCode::BAD_REQUEST, "INVALID_REQUEST", "Request is not valid");
pub(crate) const INVALID_CURSOR: Told =
    Told::new(StatusCode::BAD_REQUEST, "INVALID_CURSOR", "Cursor is not valid");
pub(crate) const PILE_NOT_FOUND: Told = Told::missing("PILE_NOT_FOUND", "There is no such pile");
pub(crate) const COMMAND_NOT_FOUND: Told = Told::missing("COMMAND_NOT_FOUND", "There is no such command");
pub(crate) const STATION_NOT_FOUND: Told = Told::missing("STATION_NOT_FOUND", "There is no such station");
pub(crate) const COMMAND_BATCH_NOT_FOUND: Told =
    Told::missing("COMMAND_BATCH_NOT_FOUND", "There is no such batch of commands");
pub(crate) const TOO_MANY_PILES: Told =
    Told::new(StatusCode::UNPROCESSABLE_ENTITY, "TOO_MANY_PILES", "Too many piles for one batch");
pub(crate) const IDEMPOTENCY_KEY_REUSED: Told = Told::new(
    StatusCode::UNPROCESSABLE_ENTITY,
    "IDEMPOTENCY_KEY_REUSED",
    "The key was used for another request",
);
pub(crate) const IDEMPOTENCY_IN_PROGRESS: Told =
    Told::conflict("IDEMPOTENCY_IN_PROGRESS", "The same request is being carried out").passing();
pub(crate) const COMMAND_IN_FLIGHT: Told =
    Told::conflict("COMMAND_IN_FLIGHT", "A command to the same connector is under way").passing();
pub(crate) const PILE_OFFLINE: Told = Told::conflict("PILE_OFFLINE", "Pile is offline");
pub(crate) const PILE_DOUBTFUL: Told =
    Told::conflict("PILE_DOUBTFUL", "The gateway of the pile is silent").passing();
pub(crate) const PILE_NOT_AVAILABLE: Told = Told::conflict("PILE_NOT_AVAILABLE", "Pile is not available");
pub(crate) const CONNECTOR_NOT_AVAILABLE: Told =
    Told::conflict("CONNECTOR_NOT_AVAILABLE", "Connector is not available");
pub(crate) const NO_ACTIVE_TRANSACTION: Told =
    Told::conflict("NO_ACTIVE_TRANSACTION", "No charging session is open");
pub(crate) const TRANSACTION_MISMATCH: Told =
    Told::conflict("TRANSACTION_MISMATCH", "Transaction is not open");
pub(crate) const AMBIGUOUS_TRANSACTION: Told =
    Told::conflict("AMBIGUOUS_TRANSACTION", "Several transactions could be meant");
pub(crate) const TRANSACTION_ID_PENDING: Told =
    Told::conflict("TRANSACTION_ID_PENDING", "Transaction id is not known yet").passing();
pub(crate) const ROUTE_STORE_UNAVAILABLE: Told =
    Told::away("ROUTE_STORE_UNAVAILABLE", "The gateways' routes are not available");
pub(crate) const BROKER_UNAVAILABLE: Told =
    Told::away("BROKER_UNAVAILABLE", "The message broker is not available");
pub(crate) const COMMAND_OUTCOME_UNKNOWN: Told =
    Told::away("COMMAND_OUTCOME_UNKNOWN", "The command may have been sent or not");
pub(crate) const DATABASE_UNAVAILABLE: Told =
    Told::away("DATABASE_UNAVAILABLE", "The database is not available");
pub(crate) const INTERNAL: Told =
    Told::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "Something went wrong on our side");
