//! The HTTP interface: one resource for each command, the record of a command, and command batches.

mod batches;
mod bound;
mod command_body;
mod commands;
mod fields;
mod resources;
mod stations;

use crate::dispatch::command_store::CommandStore;
use crate::dispatch::dispatcher::{Dispatched, Dispatcher};
use crate::dispatch::pile_order::PileOrder;
use crate::error::DispatchError;
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use bound::Bound;
use command_body::CommandBody;
use commands::body::{
    ChangeAvailabilityRequest, ChangeConfigurationRequest, CommandRequest, ResetRequest, StartRequest,
    StopRequest, TriggerMessageRequest, UnlockConnectorRequest,
};
pub(crate) use commands::routes::ABOUT;
use commands::view::{AcceptedAnswer, CommandAnswer};
use domain::ids::{Actor, CommandId};
use resources::{CommandResource, PileResource};
use runtime::Problem;
use runtime::auth::{Caller, Subject};
use runtime::http::fields::Fields;
use runtime::http::page::{self, Cursor, Page};
use runtime::http::{IdempotencyKey, PathId, QueryParams, Routes};
use runtime::openapi::Operation;
use serde_json::Value;
use storage::commands::RecordedCommand;

/// The resources of this service; they expect a [`Dispatcher`], a [`CommandStore`] and batches.
pub(crate) fn routes(routes: &mut Routes<'_>) {
    routes
        .under("/api/v1/piles/{pileId}/commands", |of_pile| {
            command::<StartRequest>(of_pile, "/start-transaction", commands::routes::start());
            command::<StopRequest>(of_pile, "/stop-transaction", commands::routes::stop());
            command::<ResetRequest>(of_pile, "/reset", commands::routes::reset());
            command::<UnlockConnectorRequest>(
                of_pile,
                "/unlock-connector",
                commands::routes::unlock_connector(),
            );
            command::<ChangeAvailabilityRequest>(
                of_pile,
                "/change-availability",
                commands::routes::change_availability(),
            );
            command::<TriggerMessageRequest>(
                of_pile,
                "/trigger-message",
                commands::routes::trigger_message(),
            );
            command::<ChangeConfigurationRequest>(
                of_pile,
                "/change-configuration",
                commands::routes::change_configuration(),
            );
            of_pile.resource("", |on| on.get(commands::routes::list(), list));
        })
        .resource("/api/v1/commands", |on| on.get(commands::routes::log(), list_all))
        .resource("/api/v1/commands/{commandId}", |on| on.get(commands::routes::show(), show))
        .resource("/api/v1/commands/{commandId}/cancel", |on| on.post(commands::routes::cancel(), cancel));
    stations::routes(routes);
    batches::routes(routes);
}

/// The OpenAPI 3.1 document of this service.
#[must_use]
pub fn openapi() -> Value {
    runtime::openapi::document(&ABOUT, routes)
}

fn command<R: CommandRequest>(of_pile: &mut Routes<'_>, name: &str, operation: Operation) {
    of_pile.resource(name, |on| on.post(operation, send::<R>));
}

async fn send<R: CommandRequest>(
    dispatcher: web::Data<Dispatcher>,
    PathId(pile_id): PathId<PileResource>,
    Subject(issuer): Subject<Actor>,
    Bound(bound): Bound,
    IdempotencyKey(key): IdempotencyKey,
    CommandBody(mut body): CommandBody,
) -> Result<HttpResponse, Problem> {
    let intent = R::read(&mut body);
    let intent = body.finish(intent)?;
    let order = PileOrder::of_caller(pile_id, intent, issuer, bound, key).map_err(DispatchError::from)?;
    let mut response = HttpResponse::Accepted();
    let mut locate = |id: CommandId| {
        response.insert_header((header::LOCATION, format!("/api/v1/commands/{id}")));
    };
    match dispatcher.into_inner().dispatch_for_worker(order).await? {
        Dispatched::Now(sent) => {
            locate(sent.command.id);
            Ok(response.json(AcceptedAnswer::from(sent.as_ref())))
        }
        Dispatched::Waiting(stop) => {
            locate(stop.record.id);
            Ok(response.json(AcceptedAnswer::from(stop.as_ref())))
        }
        Dispatched::Before(known) => {
            locate(known.record.id);
            response.insert_header(("idempotent-replayed", "true"));
            Ok(response.json(AcceptedAnswer::from(known.as_ref())))
        }
    }
}

async fn list(
    store: web::Data<CommandStore>,
    Bound(bound): Bound,
    PathId(pile_id): PathId<PileResource>,
    caller: Caller,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, Problem> {
    let request = page::take(&mut query)?;
    query.finish(Some(()))?;
    let before = request.after.map(|cursor| (cursor.created_at, cursor.id));
    let rows = store.list_of_pile(bound, pile_id, before, request.rows()).await?;
    let page = Page::cut(&request, rows, place_of);
    Ok(HttpResponse::Ok().json(page.show(|command| CommandAnswer::seen_by(&caller, command))))
}

async fn list_all(
    store: web::Data<CommandStore>,
    Bound(bound): Bound,
    caller: Caller,
    QueryParams(mut query): QueryParams<Fields>,
) -> Result<HttpResponse, Problem> {
    let filter = commands::log::take(&mut query);
    let request = page::take(&mut query)?;
    query.finish(Some(()))?;
    let before = request.after.map(|cursor| (cursor.created_at, cursor.id));
    let found = store.list(bound, filter, before, request.rows()).await?;
    let examined_to = found.examined_to.map(|(created_at, id)| Cursor { created_at, id });
    let page = Page::cut(&request, found.commands, place_of).or_continue(examined_to);
    Ok(HttpResponse::Ok().json(page.show(|command| CommandAnswer::seen_by(&caller, command))))
}

/// The cursor of a command.
fn place_of(last: &RecordedCommand) -> Cursor {
    Cursor { created_at: last.record.issued_at, id: last.record.id.0 }
}

async fn show(
    store: web::Data<CommandStore>,
    Bound(bound): Bound,
    PathId(id): PathId<CommandResource>,
    caller: Caller,
) -> Result<HttpResponse, Problem> {
    let record = store.find(&bound, id).await?;
    Ok(HttpResponse::Ok().json(CommandAnswer::seen_by(&caller, &record)))
}

async fn cancel(
    store: web::Data<CommandStore>,
    Bound(bound): Bound,
    PathId(id): PathId<CommandResource>,
    Subject(issuer): Subject<Actor>,
    caller: Caller,
) -> Result<HttpResponse, Problem> {
    let record = store.cancel(bound, id, issuer).await?;
    tracing::info!(command_id = %id, "a waiting command was cancelled");
    Ok(HttpResponse::Ok().json(CommandAnswer::seen_by(&caller, &record)))
}
