//! The scopes that callers need, and constructors for operations that require them. Each states how
//! the operators of the caller bound it.

use crate::http::error;
use runtime::auth::{Reach, Scope};
use runtime::openapi::Operation;

/// Allows reading stations, piles, sessions and the feed of what happens to them.
const READ: Scope = Scope::new("assets:read");
/// Allows changing stations and piles.
const WRITE: Scope = Scope::new("assets:write");
/// Allows reading tariffs and prices.
pub const READ_TARIFFS: Scope = Scope::new("tariffs:read");
/// Allows changing tariffs and their bindings.
const WRITE_TARIFFS: Scope = Scope::new("tariffs:write");
/// Allows reading commands, in the feed of this service.
pub const READ_COMMANDS: Scope = Scope::new("commands:read");
/// Allows seeing the tokens of drivers, which are masked otherwise.
pub const READ_DRIVERS: Scope = Scope::new("drivers:read");
/// Allows reading issues and maintenance windows.
pub const READ_ISSUES: Scope = Scope::new("issues:read");
/// Allows acknowledging, assigning and muting issues, and recording maintenance windows.
const WRITE_ISSUES: Scope = Scope::new("issues:write");
/// Allows reading what callers did.
const READ_AUDIT: Scope = Scope::new("audit:read");
/// Allows reading and replaying dead letters.
const OPERATE: Scope = Scope::new("operations");

/// An operation that reads assets.
pub fn read(reach: Reach, id: &'static str, tag: &'static str, summary: &'static str) -> Operation {
    operation(reach, id, tag, READ, summary)
}

/// An operation that changes assets.
pub fn write(reach: Reach, id: &'static str, tag: &'static str, summary: &'static str) -> Operation {
    operation(reach, id, tag, WRITE, summary)
}

/// An operation that reads tariffs or prices.
pub fn read_tariffs(reach: Reach, id: &'static str, tag: &'static str, summary: &'static str) -> Operation {
    operation(reach, id, tag, READ_TARIFFS, summary)
}

/// An operation that changes tariffs or their bindings.
pub fn write_tariffs(reach: Reach, id: &'static str, tag: &'static str, summary: &'static str) -> Operation {
    operation(reach, id, tag, WRITE_TARIFFS, summary)
}

/// An operation that reads issues or maintenance windows.
pub fn read_issues(reach: Reach, id: &'static str, tag: &'static str, summary: &'static str) -> Operation {
    operation(reach, id, tag, READ_ISSUES, summary)
}

/// An operation that changes issues or maintenance windows.
pub fn write_issues(reach: Reach, id: &'static str, tag: &'static str, summary: &'static str) -> Operation {
    operation(reach, id, tag, WRITE_ISSUES, summary)
}

/// An operation that reads what callers did.
pub fn read_audit(reach: Reach, id: &'static str, tag: &'static str, summary: &'static str) -> Operation {
    operation(reach, id, tag, READ_AUDIT, summary)
}

/// An operation on dead letters or ingest partitions.
pub fn operate(reach: Reach, id: &'static str, tag: &'static str, summary: &'static str) -> Operation {
    operation(reach, id, tag, OPERATE, summary)
}

fn operation(
    reach: Reach,
    id: &'static str,
    tag: &'static str,
    scope: Scope,
    summary: &'static str,
) -> Operation {
    Operation::new(id, tag, scope, reach, summary).refuses([error::database_unavailable()])
}
