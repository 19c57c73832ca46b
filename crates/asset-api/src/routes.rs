//! Which handler answers what, and what its callers must be allowed.

use crate::{audit, dead_letters, feed, import, piles, sessions, stations, status_history, unregistered};
use runtime::auth::Scope;
use runtime::http::Routes;

/// To read stations, piles and the feed.
const READ: Scope = Scope::new("assets:read");
/// To change stations and piles.
const WRITE: Scope = Scope::new("assets:write");
/// To look at dead letters and replay them.
const OPERATE: Scope = Scope::new("operations");

/// All of it.
pub fn set_up(routes: &mut Routes<'_>) {
    routes
        .resource("/api/v1/stations", |on| on.post(WRITE, stations::create).get(READ, stations::list))
        .resource("/api/v1/stations/import", |on| on.post(WRITE, import::stations))
        .resource("/api/v1/stations/{stationId}", |on| {
            on.get(READ, stations::get)
                .put(WRITE, stations::replace)
                .patch(WRITE, stations::patch)
                .delete(WRITE, stations::retire)
        })
        .resource("/api/v1/stations/{stationId}/restore", |on| on.post(WRITE, stations::restore))
        .resource("/api/v1/stations/{stationId}/availability", |on| on.get(READ, stations::availability))
        .resource("/api/v1/stations/{stationId}/audit", |on| on.get(READ, audit::of_station))
        .resource("/api/v1/stations/{stationId}/piles", |on| {
            on.post(WRITE, piles::create).get(READ, piles::list_of_station)
        })
        .resource("/api/v1/feed", |on| on.get(READ, feed::follow))
        .resource("/api/v1/piles", |on| on.get(READ, piles::list))
        .resource("/api/v1/piles/import", |on| on.post(WRITE, import::piles))
        .resource("/api/v1/piles/{pileId}", |on| {
            on.get(READ, piles::get)
                .put(WRITE, piles::replace)
                .patch(WRITE, piles::patch)
                .delete(WRITE, piles::retire)
        })
        .resource("/api/v1/piles/{pileId}/restore", |on| on.post(WRITE, piles::restore))
        .resource("/api/v1/piles/{pileId}/audit", |on| on.get(READ, audit::of_pile))
        .resource("/api/v1/piles/{pileId}/sessions", |on| on.get(READ, sessions::list_of_pile))
        .resource("/api/v1/piles/{pileId}/status-history", |on| on.get(READ, status_history::of_pile))
        .resource("/api/v1/sessions/{sessionId}", |on| on.get(READ, sessions::get))
        .resource("/api/v1/sessions/{sessionId}/meter-samples", |on| on.get(READ, sessions::samples))
        .resource("/api/v1/unregistered-charge-points", |on| on.get(READ, unregistered::list))
        .resource("/api/v1/dead-letters", |on| on.get(OPERATE, dead_letters::list))
        .resource("/api/v1/dead-letters/replay", |on| on.post(OPERATE, dead_letters::replay_matching))
        .resource("/api/v1/dead-letters/{id}", |on| on.get(OPERATE, dead_letters::get))
        .resource("/api/v1/dead-letters/{id}/replay", |on| on.post(OPERATE, dead_letters::replay_one));
}
