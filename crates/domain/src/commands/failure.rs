//! Why a command did not succeed.

use super::step::Step;
use crate::ids::GatewayId;
use schemars::JsonSchema;

/// Why a command did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The kind of failure.
    pub code: FailureCode,
    /// The known details, suitable for the caller.
    pub detail: String,
}

/// Kinds of failure; the names are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FailureCode {
    /// The command never reached the topic.
    NotPublished,
    /// The command may or may not be on the topic.
    Unconfirmed,
    /// The device or its gateway refused the command.
    Rejected,
    /// Neither an answer nor an effect was observed in time.
    NoAnswer,
    /// Neither an answer nor an effect was observed in time, and the device has moved to another
    /// gateway since the command was sent.
    RouteStale,
    /// The gateway did not report the transaction id of the session while the stop waited for it.
    TransactionIdUnknown,
    /// The session ended while the stop waited for its transaction id; nothing was sent.
    SessionEnded,
}

/// The failure that `step` reports, if it reports one.
pub(super) fn failure_of(step: &Step) -> Option<Failure> {
    let failure = |code, detail: &str| Some(Failure { code, detail: detail.to_owned() });
    match step {
        Step::Unpublished { detail } => failure(FailureCode::NotPublished, detail),
        Step::Unconfirmed { detail } => failure(FailureCode::Unconfirmed, detail),
        Step::Answered(answer) if !answer.is_yes() => {
            let reason = answer.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            failure(FailureCode::Rejected, &format!("the device answered {}{reason}", answer.status))
        }
        Step::Expired { moved_to, looked_for } => Some(expiry(moved_to.as_ref(), looked_for.as_deref())),
        Step::WaitEnded { cause } => Some(Failure { code: cause.code(), detail: cause.to_string() }),
        Step::Accepted
        | Step::Waiting
        | Step::Released { .. }
        | Step::Cancelled { .. }
        | Step::Published { .. }
        | Step::Rerouted { .. }
        | Step::Republished { .. }
        | Step::NotRepublished { .. }
        | Step::Answered(_)
        | Step::TookEffect(_) => None,
    }
}

/// The failure of a command without an observed effect.
fn expiry(moved_to: Option<&GatewayId>, looked_for: Option<&str>) -> Failure {
    let mut detail = "no effect was observed in time".to_owned();
    if let Some(looked_for) = looked_for {
        detail.push_str("; expected: ");
        detail.push_str(looked_for);
    }
    match moved_to {
        Some(gateway) => {
            detail.push_str(&format!("; the device is now connected to {gateway}"));
            Failure { code: FailureCode::RouteStale, detail }
        }
        None => Failure { code: FailureCode::NoAnswer, detail },
    }
}

impl FailureCode {
    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotPublished => "NOT_PUBLISHED",
            Self::Unconfirmed => "UNCONFIRMED",
            Self::Rejected => "REJECTED",
            Self::NoAnswer => "NO_ANSWER",
            Self::RouteStale => "ROUTE_STALE",
            Self::TransactionIdUnknown => "TRANSACTION_ID_UNKNOWN",
            Self::SessionEnded => "SESSION_ENDED",
        }
    }
}
