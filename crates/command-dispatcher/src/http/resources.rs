//! What paths identify.

use crate::error::DispatchError;
use domain::ids::{CommandBatchId, CommandId, PileId, StationId};
use runtime::Problem;
use runtime::http::Resource;

/// A pile in a path.
pub(crate) struct PileResource;
/// A station in a path.
pub(crate) struct StationResource;
/// A command in a path.
pub(crate) struct CommandResource;
/// A command batch in a path.
pub(crate) struct BatchResource;

impl Resource for PileResource {
    type Id = PileId;

    fn not_found() -> Problem {
        DispatchError::PileNotFound.into()
    }
}

impl Resource for StationResource {
    type Id = StationId;

    fn not_found() -> Problem {
        DispatchError::StationNotFound.into()
    }
}

impl Resource for CommandResource {
    type Id = CommandId;

    fn not_found() -> Problem {
        DispatchError::CommandNotFound.into()
    }
}

impl Resource for BatchResource {
    type Id = CommandBatchId;

    fn not_found() -> Problem {
        DispatchError::BatchNotFound.into()
    }
}
