//! Which handler answers what. Each resource sets up its own routes.

use crate::assets::{audit, import, pile_counts, piles, stations};
use crate::devices::{status_history, unregistered};
use crate::operations::{dead_letters, ingest_partitions};
use crate::tariffs::{self, prices};
use crate::{feed, sessions};
use runtime::http::Routes;
use runtime::openapi::About;
use serde_json::Value;

/// What the OpenAPI document says of all of it.
pub const ABOUT: About = About {
    title: "Charging station operation platform: assets",
    description: "Charging stations and piles (assets) as operators register them, beside what their devices report: live states, \
                  sessions, histories, tariffs, and a feed of what changes. Every failure is a problem (RFC 9457) with a stable `code`. \
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
    pile_counts::routes::set_up(routes);
    // Before tariffs, whose ids could be called so.
    prices::routes::set_up(routes);
    tariffs::versions::routes::set_up(routes);
    tariffs::bindings::routes::set_up(routes);
    tariffs::routes::set_up(routes);
    feed::routes::set_up(routes);
    dead_letters::routes::set_up(routes);
    ingest_partitions::routes::set_up(routes);
}

/// The OpenAPI 3.1 document of this service.
#[must_use]
pub fn openapi() -> Value {
    runtime::openapi::document(&ABOUT, set_up)
}
