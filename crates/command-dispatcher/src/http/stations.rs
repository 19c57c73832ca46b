//! Commands to the piles of a station, each recorded as one batch.

mod body;
mod operations;
mod view;

use crate::batches::{Batches, Ordered, StationOrder};
use crate::http::batches::view::AcceptedBatch;
use crate::http::bound::Bound;
use crate::http::command_body::CommandBody;
use crate::http::resources::StationResource;
use crate::http::stations::body::StationRequest;
use crate::http::stations::operations::{
    CHANGE_AVAILABILITY, CHANGE_CONFIGURATION, RESET, StationOperations, TRIGGER_MESSAGE,
};
use crate::http::stations::view::PreviewAnswer;
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use domain::ids::Actor;
use runtime::Problem;
use runtime::auth::Subject;
use runtime::http::fields::Fields;
use runtime::http::{IdempotencyKey, PathId, Routes};

/// The resources; they expect [`Batches`].
pub(super) fn routes(routes: &mut Routes<'_>) {
    routes.under("/api/v1/stations/{stationId}/commands", |of_station| {
        command(of_station, "reset", &RESET, StationRequest::reset);
        command(of_station, "change-availability", &CHANGE_AVAILABILITY, StationRequest::change_availability);
        command(of_station, "trigger-message", &TRIGGER_MESSAGE, StationRequest::trigger_message);
        command(
            of_station,
            "change-configuration",
            &CHANGE_CONFIGURATION,
            StationRequest::change_configuration,
        );
    });
}

type Read = fn(&mut Fields) -> Option<StationOrder>;

/// The command and its preview.
fn command(of_station: &mut Routes<'_>, name: &str, operations: &StationOperations, read: Read) {
    let send = move |batches, station, caller, bound, key, body| {
        order(read, batches, station, caller, bound, key, body)
    };
    let show = move |batches, station, bound, body| show_preview(read, batches, station, bound, body);
    of_station
        .resource(&format!("/{name}"), |on| on.post(operations.command(), send))
        .resource(&format!("/{name}/preview"), |on| on.post(operations.preview(), show));
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
