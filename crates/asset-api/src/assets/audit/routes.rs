//! The operations that list the edits of assets and tariffs.

use super::EditView;
use crate::assets::piles::PileResource;
use crate::assets::stations::StationResource;
use crate::http::error::ApiError;
use crate::http::scopes::{read, read_tariffs};
use crate::sessions::{SessionNotFound, SessionResource};
use crate::tariffs::TariffResource;
use actix_web::http::StatusCode;
use runtime::auth::Reach;
use runtime::http::Routes;
use runtime::http::page::{InvalidCursor, Page, PageRequest};
use runtime::openapi::{Answer, Operation};
use serde_json::json;
use storage::assets::{piles, stations};
use storage::tariffs;

pub fn set_up(routes: &mut Routes<'_>) {
    let of_station = about(
        read(Reach::Operator, "auditStation", "Stations", "List the edits of a station"),
        stations::StationRefusal::NotFound.into(),
    );
    let of_pile = about(
        read(Reach::Operator, "auditPile", "Piles", "List the edits of a pile"),
        piles::PileRefusal::NotFound.into(),
    );
    let of_tariff = about(
        read_tariffs(Reach::Operator, "auditTariff", "Tariffs", "List the edits of a tariff"),
        tariffs::TariffRefusal::NotFound.into(),
    );
    let of_session = about(
        read(Reach::Operator, "auditSession", "Sessions", "List what operators did to a session"),
        SessionNotFound.into(),
    );
    routes
        .resource("/api/v1/sessions/{sessionId}/audit", |on| {
            on.get(of_session, super::list::<SessionResource>)
        })
        .resource("/api/v1/stations/{stationId}/audit", |on| {
            on.get(of_station, super::list::<StationResource>)
        })
        .resource("/api/v1/piles/{pileId}/audit", |on| on.get(of_pile, super::list::<PileResource>))
        .resource("/api/v1/tariffs/{tariffId}/audit", |on| on.get(of_tariff, super::list::<TariffResource>));
}

fn about(operation: Operation, not_found: ApiError) -> Operation {
    let edit = json!({
        "version": 3,
        "action": "updated",
        "at": "2026-03-01T09:30:00Z",
        "by": "back-office",
        "changed": ["status"],
        "before": { "name": "人民广场站", "status": "Open" },
        "after": { "name": "人民广场站", "status": "Closed" },
        "reason": null,
    });
    let example = json!({ "items": [edit], "nextCursor": "AgAAAAAAAAAD" });
    operation
        .describe("The latest edit first, each with its editor, its time and the values before and after.")
        .with(PageRequest::parameters())
        .answers(Answer::json::<Page<EditView<'_>>>(StatusCode::OK, "A page of edits", example))
        .refuses([not_found, InvalidCursor.into()])
}
