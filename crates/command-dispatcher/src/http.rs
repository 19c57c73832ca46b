//! The HTTP face: one resource for each command, and the record of a command.

mod answers;
mod body;
mod key;
mod requests;

use crate::dispatcher::{Dispatched, Dispatcher};
use crate::error::DispatchError;
use actix_web::http::header;
use actix_web::{HttpResponse, web};
use answers::{AcceptedAnswer, CommandAnswer};
use body::CommandBody;
use domain::ids::{CommandId, PileId};
use key::IdempotencyKey;
use requests::{
    ChangeAvailabilityRequest, ChangeConfigurationRequest, CommandRequest, ResetRequest, StartRequest,
    StopRequest, TriggerMessageRequest, UnlockConnectorRequest,
};
use runtime::Problem;
use runtime::http::PathParams;
use uuid::Uuid;

/// The resources of this service; they expect a [`Dispatcher`].
pub(crate) fn routes(config: &mut web::ServiceConfig) {
    config
        .service(command::<StartRequest>("start-transaction"))
        .service(command::<StopRequest>("stop-transaction"))
        .service(command::<ResetRequest>("reset"))
        .service(command::<UnlockConnectorRequest>("unlock-connector"))
        .service(command::<ChangeAvailabilityRequest>("change-availability"))
        .service(command::<TriggerMessageRequest>("trigger-message"))
        .service(command::<ChangeConfigurationRequest>("change-configuration"))
        .service(web::resource("/api/v1/commands/{commandId}").route(web::get().to(show)));
}

fn command<R: CommandRequest>(name: &str) -> actix_web::Resource {
    web::resource(format!("/api/v1/piles/{{pileId}}/commands/{name}")).route(web::post().to(send::<R>))
}

async fn send<R: CommandRequest>(
    dispatcher: web::Data<Dispatcher>,
    PathParams(pile_id): PathParams<String>,
    IdempotencyKey(key): IdempotencyKey,
    CommandBody(request): CommandBody<R>,
) -> Result<HttpResponse, Problem> {
    let pile_id = Uuid::parse_str(&pile_id).map_err(|_no_pile_is_called_so| DispatchError::PileNotFound)?;
    let intent = request.parse().map_err(DispatchError::Invalid)?;
    let mut response = HttpResponse::Accepted();
    let mut locate = |id: CommandId| {
        response.insert_header((header::LOCATION, format!("/api/v1/commands/{id}")));
    };
    match dispatcher.dispatch(PileId(pile_id), intent, key).await? {
        Dispatched::Now(sent) => {
            locate(sent.command.id);
            Ok(response.json(AcceptedAnswer::from(sent.as_ref())))
        }
        Dispatched::Before(known) => {
            locate(known.record.id);
            response.insert_header(("idempotent-replayed", "true"));
            Ok(response.json(AcceptedAnswer::from(known.as_ref())))
        }
    }
}

async fn show(
    dispatcher: web::Data<Dispatcher>,
    PathParams(id): PathParams<String>,
) -> Result<HttpResponse, Problem> {
    let id = Uuid::parse_str(&id).map_err(|_no_command_is_called_so| DispatchError::CommandNotFound)?;
    let record = dispatcher.find(CommandId(id)).await?;
    Ok(HttpResponse::Ok().json(CommandAnswer::from(&record)))
}
