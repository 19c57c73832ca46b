//! What callers must be allowed: operations begin with that.

use crate::http::error;
use runtime::auth::Scope;
use runtime::openapi::Operation;

/// To read stations, piles and the feed.
const READ: Scope = Scope::new("assets:read");
/// To change stations and piles.
const WRITE: Scope = Scope::new("assets:write");
/// To read tariffs and ask for prices.
const READ_TARIFFS: Scope = Scope::new("tariffs:read");
/// To change tariffs, and what is priced by them.
const WRITE_TARIFFS: Scope = Scope::new("tariffs:write");
/// To look at dead letters and replay them.
const OPERATE: Scope = Scope::new("operations");

/// An operation that reads assets.
pub fn read(id: &'static str, tag: &'static str, summary: &'static str) -> Operation {
    operation(id, tag, READ, summary)
}

/// An operation that changes assets.
pub fn write(id: &'static str, tag: &'static str, summary: &'static str) -> Operation {
    operation(id, tag, WRITE, summary)
}

/// An operation that reads tariffs, or asks for prices.
pub fn read_tariffs(id: &'static str, tag: &'static str, summary: &'static str) -> Operation {
    operation(id, tag, READ_TARIFFS, summary)
}

/// An operation that changes tariffs, or what is priced by them.
pub fn write_tariffs(id: &'static str, tag: &'static str, summary: &'static str) -> Operation {
    operation(id, tag, WRITE_TARIFFS, summary)
}

/// An operation on dead letters.
pub fn operate(id: &'static str, tag: &'static str, summary: &'static str) -> Operation {
    operation(id, tag, OPERATE, summary)
}

fn operation(id: &'static str, tag: &'static str, scope: Scope, summary: &'static str) -> Operation {
    Operation::new(id, tag, scope, summary).refuses([error::database_unavailable()])
}
