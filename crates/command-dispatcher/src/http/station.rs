//! Commands to the piles of a station: taken as one batch.

use super::batches::AcceptedBatch;
use super::body::CommandBody;
use super::key::IdempotencyKey;
use super::requests::StationRequest;
use crate::batches::{Batches, Ordered, StationOrder};
use crate::error::DispatchError;
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use domain::ids::StationId;
use runtime::Problem;
use runtime::http::PathParams;
use runtime::problem::FieldError;
use uuid::Uuid;

/// The resources; they expect [`Batches`].
pub(super) fn routes(config: &mut web::ServiceConfig) {
    let of_station = web::scope("/api/v1/stations/{stationId}/commands")
        .service(command("/reset", StationRequest::reset))
        .service(command("/change-availability", StationRequest::change_availability));
    config.service(of_station);
}

type Parse = fn(StationRequest) -> Result<StationOrder, Vec<FieldError>>;

fn command(path: &str, parse: Parse) -> actix_web::Resource {
    let handle = move |batches, station, key, body| order(parse, batches, station, key, body);
    web::resource(path).route(web::post().to(handle))
}

async fn order(
    parse: Parse,
    batches: web::Data<Batches>,
    PathParams(station_id): PathParams<String>,
    IdempotencyKey(key): IdempotencyKey,
    CommandBody(request): CommandBody<StationRequest>,
) -> Result<HttpResponse, Problem> {
    let station_id = Uuid::parse_str(&station_id);
    let station_id = station_id.map_err(|_no_station_is_called_so| DispatchError::StationNotFound)?;
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
