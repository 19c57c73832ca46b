//! Refusals about dead letters as problems.

use crate::http::error::IntoProblem;
use runtime::Problem;

/// The reason why a dead letter cannot be shown or replayed.
#[derive(Debug, Clone, Copy)]
pub enum DeadLetterRefusal {
    /// No dead letter has that id.
    NotFound,
    /// The dead letter is a range of offsets that could not be read, without a record to replay.
    NotReplayable,
}

impl IntoProblem for DeadLetterRefusal {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::not_found("DEAD_LETTER_NOT_FOUND", "There is no such dead letter"),
            Self::NotReplayable => {
                Problem::conflict("DEAD_LETTER_NOT_REPLAYABLE", "The dead letter has no record to replay")
            }
        }
    }
}
