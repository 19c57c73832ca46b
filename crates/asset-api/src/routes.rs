//! Registers the routes of all resources.

use crate::assets::{audit, import, pile_counts, piles, stations};
use crate::devices::{status_history, unregistered};
use crate::operations::{self, dead_letters, ingest_partitions};
use crate::tariffs::{self, prices};
use crate::{feed, issues, reliability, revenue, sessions};
use runtime::http::Routes;
use runtime::openapi::About;
use serde_json::Value;

/// The general part of the OpenAPI document.
pub const ABOUT: About = About {
    title: "Charging station operation platform: assets",
    description: "Charging stations and piles (assets) as operators register them, with the live state that their devices report; \
                  sessions, histories, tariffs and prices; and a feed of all changes. Every failure is a problem (RFC 9457) with a \
                  stable `code`. Lists are paged: follow `nextCursor` until it is null. Times are RFC 3339 in UTC. Names of \
                  quantities end in their unit.",
    version: env!("CARGO_PKG_VERSION"),
};

pub fn set_up(routes: &mut Routes<'_>) {
    // Before stations and piles: "import" would otherwise match the id in their paths.
    import::routes::set_up(routes);
    stations::routes::set_up(routes);
    piles::routes::set_up(routes);
    audit::routes::set_up(routes);
    sessions::routes::set_up(routes);
    revenue::routes::set_up(routes);
    status_history::routes::set_up(routes);
    reliability::routes::set_up(routes);
    reliability::exclusions::routes::set_up(routes);
    unregistered::routes::set_up(routes);
    pile_counts::routes::set_up(routes);
    // Before tariffs: "price" and "quote" would otherwise match the id in their paths.
    prices::routes::set_up(routes);
    tariffs::versions::routes::set_up(routes);
    tariffs::bindings::routes::set_up(routes);
    tariffs::routes::set_up(routes);
    issues::routes::set_up(routes);
    issues::maintenance::routes::set_up(routes);
    feed::routes::set_up(routes);
    dead_letters::routes::set_up(routes);
    ingest_partitions::routes::set_up(routes);
    operations::audit::routes::set_up(routes);
}

/// The OpenAPI 3.1 document of this service.
#[must_use]
pub fn openapi() -> Value {
    runtime::openapi::document(&ABOUT, set_up)
}
