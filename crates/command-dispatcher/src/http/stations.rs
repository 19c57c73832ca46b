//! Commands to the piles of a station, each recorded as one batch.

pub(crate) mod body;
pub(crate) mod view;

use crate::batches::{Batches, Ordered, StationOrder};
use crate::http::batches::view::AcceptedBatch;
use crate::http::bound::Bound;
use crate::http::command_body::CommandBody;
use crate::http::commands::routes;
use crate::http::resources::StationResource;
use crate::http::stations::body::StationRequest;
use crate::http::stations::view::PreviewAnswer;
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use domain::ids::Actor;
use runtime::Problem;
use runtime::auth::Subject;
use runtime::http::fields::Fields;
use runtime::http::{IdempotencyKey, PathId, Routes};
use runtime::openapi::Operation;

/// The resources; they expect [`Batches`].
pub(super) fn routes(routes: &mut Routes<'_>) {
    routes.under("/api/v1/stations/{stationId}/commands", |of_station| {
        command(of_station, "/reset", routes::reset_station(), StationRequest::reset);
        preview(of_station, "/reset/preview", routes::preview_reset_of_station(), StationRequest::reset);
        command(
            of_station,
            "/change-availability",
            routes::change_availability_of_station(),
            StationRequest::change_availability,
        );
        preview(
            of_station,
            "/change-availability/preview",
            routes::preview_change_availability_of_station(),
            StationRequest::change_availability,
        );
    });
}

type Read = fn(&mut Fields) -> Option<StationOrder>;

fn command(of_station: &mut Routes<'_>, path: &str, operation: Operation, read: Read) {
    let handle = move |batches, station, caller, bound, key, body| {
        order(read, batches, station, caller, bound, key, body)
    };
    of_station.resource(path, |on| on.post(operation, handle));
}

fn preview(of_station: &mut Routes<'_>, path: &str, operation: Operation, read: Read) {
    let handle = move |batches, station, bound, body| show_preview(read, batches, station, bound, body);
    of_station.resource(path, |on| on.post(operation, handle));
}

async fn show_preview(
    read: Read,
    batches: web::Data<Batches>,
    PathId(station_id): PathId<StationResource>,
    Bound(bound): Bound,
    CommandBody(mut body): CommandBody,
) -> Result<HttpResponse, Problem> {
    let order = read(&mut body);
    let order = body.finish(order)?;
    let preview = batches.preview(station_id, &order, bound).await?;
    Ok(HttpResponse::Ok().json(PreviewAnswer::of(station_id, &order, &preview)))
}

async fn order(
    read: Read,
    batches: web::Data<Batches>,
    PathId(station_id): PathId<StationResource>,
    Subject(issuer): Subject<Actor>,
    Bound(bound): Bound,
    IdempotencyKey(key): IdempotencyKey,
    CommandBody(mut body): CommandBody,
) -> Result<HttpResponse, Problem> {
    let order = read(&mut body);
    let order = body.finish(order)?;
    let mut response = HttpResponse::Accepted();
    let batch = match batches.order(station_id, order, issuer, bound, key).await? {
        Ordered::Now(batch) => batch,
        Ordered::Before(batch) => {
            response.insert_header(("idempotent-replayed", "true"));
            batch
        }
    };
    response.insert_header((header::LOCATION, format!("/api/v1/command-batches/{}", batch.id)));
    Ok(response.json(AcceptedBatch::from(&batch)))
}
