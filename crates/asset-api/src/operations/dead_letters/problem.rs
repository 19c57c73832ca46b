//! Refusals about dead letters as a client sees them.

use crate::http::error::IntoProblem;
use runtime::Problem;

/// Why nothing is done with a dead letter.
#[derive(Debug, Clone, Copy)]
pub enum Refusal {
    /// There is none with that id.
    NotFound,
    /// It is a range of offsets that could not be read: there is no record to replay.
    NotReplayable,
}

impl IntoProblem for Refusal {
    fn into_problem(self) -> Problem {
        match self {
            Self::NotFound => Problem::not_found("DEAD_LETTER_NOT_FOUND", "There is no such dead letter"),
            Self::NotReplayable => {
                Problem::conflict("DEAD_LETTER_NOT_REPLAYABLE", "The dead letter has no record to replay")
            }
        }
    }
}
