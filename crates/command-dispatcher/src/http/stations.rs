//! Commands to the piles of a station, each recorded as one batch.

pub(crate) mod body;

use crate::batches::{Batches, Ordered, StationOrder};
use crate::error::DispatchError;
use crate::http::batches::view::AcceptedBatch;
use crate::http::command_body::CommandBody;
use crate::http::commands::routes;
use crate::http::idempotency_key::IdempotencyKey;
use crate::http::stations::body::StationRequest;
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use domain::ids::StationId;
use runtime::Problem;
use runtime::http::{PathParams, Routes};
use runtime::openapi::Operation;
use runtime::problem::FieldError;
use uuid::Uuid;

/// The resources; they expect [`Batches`].
pub(super) fn routes(routes: &mut Routes<'_>) {
    routes.under("/api/v1/stations/{stationId}/commands", |of_station| {
        command(of_station, "/reset", routes::reset_station(), StationRequest::reset);
        command(
            of_station,
            "/change-availability",
            routes::change_availability_of_station(),
            StationRequest::change_availability,
        );
    });
}

type Parse = fn(StationRequest) -> Result<StationOrder, Vec<FieldError>>;

fn command(of_station: &mut Routes<'_>, path: &str, operation: Operation, parse: Parse) {
    let handle = move |batches, station, key, body| order(parse, batches, station, key, body);
    of_station.resource(path, |on| on.post(operation, handle));
}

async fn order(
    parse: Parse,
    batches: web::Data<Batches>,
    PathParams(station_id): PathParams<String>,
    IdempotencyKey(key): IdempotencyKey,
    CommandBody(request): CommandBody<StationRequest>,
) -> Result<HttpResponse, Problem> {
    let station_id = Uuid::parse_str(&station_id);
    let station_id = station_id.map_err(|_not_a_uuid| DispatchError::StationNotFound)?;
    let order = parse(request).map_err(DispatchError::Invalid)?;
    let mut response = HttpResponse::Accepted();
    let batch = match batches.order(StationId(station_id), order, key).await? {
        Ordered::Now(batch) => batch,
        Ordered::Before(batch) => {
            response.insert_header(("idempotent-replayed", "true"));
            batch
        }
    };
    response.insert_header((header::LOCATION, format!("/api/v1/command-batches/{}", batch.id)));
    Ok(response.json(AcceptedBatch::from(&batch)))
}
