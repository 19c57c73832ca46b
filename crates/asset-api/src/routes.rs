//! Which handler answers what, and what its callers must be allowed. Each resource sets up its own.

use crate::error;
use crate::{audit, dead_letters, feed, import, piles, sessions, stations, status_history, unregistered};
use runtime::auth::Scope;
use runtime::http::Routes;
use runtime::openapi::{About, Operation};
use serde_json::Value;

/// To read stations, piles and the feed.
const READ: Scope = Scope::new("assets:read");
/// To change stations and piles.
const WRITE: Scope = Scope::new("assets:write");
/// To look at dead letters and replay them.
const OPERATE: Scope = Scope::new("operations");

/// What the OpenAPI document says of all of it.
pub const ABOUT: About = About {
    title: "Charging station operation platform: assets",
    description: "Charging stations and piles (assets) as operators register them, beside what their devices report: live states, \
                  sessions, histories, and a feed of what changes. Every failure is a problem (RFC 9457) with a stable `code`. \
                  Lists come in pages: follow `nextCursor` until it is null. Times are RFC 3339 in UTC; units stand in the names.",
    version: env!("CARGO_PKG_VERSION"),
};

/// All of it.
pub fn set_up(routes: &mut Routes<'_>) {
    // Before those whose ids could be called so.
    import::routes::set_up(routes);
    stations::routes::set_up(routes);
    piles::routes::set_up(routes);
    audit::routes::set_up(routes);
    sessions::routes::set_up(routes);
    status_history::routes::set_up(routes);
    unregistered::routes::set_up(routes);
    feed::routes::set_up(routes);
    dead_letters::routes::set_up(routes);
}

/// The OpenAPI 3.1 document of this service.
#[must_use]
pub fn openapi() -> Value {
    runtime::openapi::document(&ABOUT, set_up)
}

/// An operation that reads assets.
pub fn read(id: &'static str, tag: &'static str, summary: &'static str) -> Operation {
    operation(id, tag, READ, summary)
}

/// An operation that changes assets.
pub fn write(id: &'static str, tag: &'static str, summary: &'static str) -> Operation {
    operation(id, tag, WRITE, summary)
}

/// An operation on dead letters.
pub fn operate(id: &'static str, tag: &'static str, summary: &'static str) -> Operation {
    operation(id, tag, OPERATE, summary)
}

fn operation(id: &'static str, tag: &'static str, scope: Scope, summary: &'static str) -> Operation {
    Operation::new(id, tag, scope, summary).refuses([error::database_unavailable()])
}
