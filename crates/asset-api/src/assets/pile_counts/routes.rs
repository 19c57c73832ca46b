//! The operation that counts all piles, connectors and stations.

use super::FleetView;
use crate::http::scopes::read;
use actix_web::http::StatusCode;
use runtime::auth::Reach;
use runtime::http::Routes;
use runtime::openapi::{Answer, Operation};
use serde_json::json;

pub fn set_up(routes: &mut Routes<'_>) {
    routes.resource("/api/v1/fleet", |on| on.get(count(), super::count));
}

fn count() -> Operation {
    let example = json!({
        "countedAt": "2026-03-01T09:30:00.123456Z",
        "piles": { "Available": 7012, "Charging": 2210, "Offline": 130, "Unknown": 3 },
        "connectors": { "Available": 14931, "Charging": 3120, "Offline": 260, "Unknown": 6 },
        "chargingPowerW": 198_400_250.5,
        "stations": { "Open": 412, "Planned": 9 },
        "confidence": { "live": 9200, "doubtful": 12, "unanswered": 140, "unknown": 3 },
    });
    read(Reach::Operator, "countFleet", "Fleet", "Count all piles, connectors and stations by status")
        .describe("A status that no pile, connector or station has is absent. The counts may be up to one second old.")
        .answers(Answer::json::<FleetView>(StatusCode::OK, "The counts", example))
}
