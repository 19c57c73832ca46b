//! Which page of a list a query asks for, and the cursors of this service's lists.

pub use crate::http::cursors::{
    ByDistance, ByEdit, ByGroup, ByName, ByPeriod, ByRecording, ByTime, ByVersion,
};
pub use runtime::http::page::{take, take_after, take_cursor};

use domain::assets::Revision;
use runtime::http::page::Cursor;
use uuid::Uuid;

/// The cursor of the asset with id `id`.
pub const fn place(revision: Revision, id: Uuid) -> Cursor {
    Cursor { created_at: revision.created_at, id }
}
