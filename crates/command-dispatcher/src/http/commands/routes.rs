//! The OpenAPI operations: parameters, responses and problems.

use crate::error::problem_kind::{self, ProblemKind};
use crate::http::batches::view::{BatchAnswer, ItemAnswer};
use crate::http::commands::body::{
    ChangeAvailabilityRequest, ChangeConfigurationRequest, ResetRequest, StartRequest, StopRequest,
    TriggerMessageRequest, UnlockConnectorRequest,
};
use crate::http::commands::log;
use crate::http::commands::view::{AcceptedAnswer, CommandAnswer};
use actix_web::http::StatusCode;
use domain::commands::CommandState;
use domain::ids::StationId;
use runtime::auth::{Reach, Scope};
use runtime::http::IdempotencyKey;
use runtime::http::page::{InvalidCursor, Page, PageRequest};
use runtime::openapi::{About, Answer, Operation, Parameter};
use schemars::json_schema;
use serde_json::{Map, Value, json};
use storage::commands::batches::ItemState;

/// The scope for sending commands.
const SEND: Scope = Scope::new("commands:send");
/// The scope for reading commands and batches.
const READ: Scope = Scope::new("commands:read");

/// The title and description of the OpenAPI document.
pub(crate) const ABOUT: About = About {
    title: "Charging station operation platform: commands",
    description: "Commands to charge points. A command is checked against the live state of the pile, recorded, and published to the \
                  gateway that holds the device; 202 means that it is published, and the command resource shows its outcome. With an \
                  `Idempotency-Key` a request can be repeated safely: it is carried out once. Every failure is a problem (RFC 9457) with \
                  a stable `code`.",
    version: env!("CARGO_PKG_VERSION"),
};

const COMMANDS: &str = "Commands";
pub(in crate::http) const BATCHES: &str = "Commands to stations";

pub(crate) fn start() -> Operation {
    let text = "The connector must be in a startable status: `Available` unless the platform or the station \
                is set otherwise. With `maxEnergyWh`, `maxDurationS` or `maxAmount` the platform stops the \
                session when the first of them is reached; the session shows which, and by how much it was \
                exceeded.";
    command("startTransaction", "Start charging", "RemoteStartTransaction")
        .describe(text)
        .takes::<StartRequest>(json!({ "idTag": "A1B2C3D4", "connectorId": 1 }))
        .refuses([
            problem_kind::PILE_DOUBTFUL,
            problem_kind::PILE_NOT_AVAILABLE,
            problem_kind::CONNECTOR_NOT_AVAILABLE,
            problem_kind::COMMAND_IN_FLIGHT,
            problem_kind::NO_TARIFF_APPLIES,
        ])
}

pub(crate) fn stop() -> Operation {
    let text = "Without a `transactionId` or `sessionId`, stops the open session of the connector or pile; \
                there must be exactly one. If the transaction id of the session is not known yet, the stop \
                has the status `waiting` and is sent as soon as the id is known.";
    command("stopTransaction", "Stop charging", "RemoteStopTransaction")
        .describe(text)
        .may_take::<StopRequest>(json!({ "transactionId": 634 }))
        .refuses([
            problem_kind::NO_ACTIVE_TRANSACTION,
            problem_kind::TRANSACTION_MISMATCH,
            problem_kind::AMBIGUOUS_TRANSACTION,
            problem_kind::SESSION_NOT_FOUND,
            problem_kind::SESSION_ENDED,
            problem_kind::COMMAND_IN_FLIGHT,
            problem_kind::CONNECTOR_NOT_AVAILABLE,
        ])
}

pub(crate) fn reset() -> Operation {
    command("resetPile", "Restart a pile", "Reset").may_take::<ResetRequest>(json!({ "type": "Soft" }))
}

pub(crate) fn unlock_connector() -> Operation {
    command("unlockConnector", "Unlock a connector", "UnlockConnector")
        .takes::<UnlockConnectorRequest>(json!({ "connectorId": 1 }))
        .refuses([problem_kind::CONNECTOR_NOT_AVAILABLE])
}

pub(crate) fn change_availability() -> Operation {
    command("changeAvailability", "Take a pile or a connector into or out of service", "ChangeAvailability")
        .takes::<ChangeAvailabilityRequest>(json!({ "type": "Inoperative", "connectorId": 1 }))
        .refuses([problem_kind::CONNECTOR_NOT_AVAILABLE])
}

pub(crate) fn trigger_message() -> Operation {
    command("triggerMessage", "Request a message from a device", "TriggerMessage")
        .takes::<TriggerMessageRequest>(json!({ "requestedMessage": "StatusNotification", "connectorId": 1 }))
        .refuses([problem_kind::CONNECTOR_NOT_AVAILABLE])
}

pub(crate) fn change_configuration() -> Operation {
    command("changeConfiguration", "Set a configuration key of a device", "ChangeConfiguration")
        .takes::<ChangeConfigurationRequest>(json!({ "key": "HeartbeatInterval", "value": "60" }))
}

fn command(id: &'static str, summary: &'static str, name: &str) -> Operation {
    let example = json!({
        "commandId": COMMAND,
        "status": "accepted",
        "commandName": name,
        "pileId": PILE,
        "chargePointId": "CP-3101-0007",
        "gatewayId": "gateway-0",
        "route": "key",
        "confidence": "live",
        "partition": 17,
        "issuedBy": "order-service",
        "issuedAt": "2026-03-01T09:12:28Z",
        "expiresAt": "2026-03-01T09:13:28Z",
    });
    ordered(
        sending(id, COMMANDS, summary),
        Answer::json::<AcceptedAnswer<'_>>(ACCEPTED, "The command is published", example),
    )
    .refuses([
        problem_kind::PILE_NOT_FOUND,
        problem_kind::PILE_OFFLINE,
        problem_kind::ROUTE_STORE_UNAVAILABLE,
        problem_kind::BROKER_UNAVAILABLE,
        problem_kind::COMMAND_OUTCOME_UNKNOWN,
    ])
}

pub(crate) fn list() -> Operation {
    let example = json!({ "items": [record()], "nextCursor": null });
    reading("listCommandsOfPile", COMMANDS, "List the commands to a pile")
        .with(PageRequest::parameters())
        .answers(Answer::json::<Page<CommandAnswer<'_>>>(
            StatusCode::OK,
            "A page of commands, the latest first",
            example,
        ))
        .refuses([problem_kind::PILE_NOT_FOUND])
        .refuses([InvalidCursor])
}

pub(crate) fn log() -> Operation {
    let text = "Commands to all piles that the caller may reach. Filters can be combined. A page may have fewer commands than `limit`, even \
                none, although there are more: at most 5,000 commands are examined for one page, 500 with `stationId`. The list \
                is complete when `nextCursor` is null.";
    let example = json!({ "items": [record()], "nextCursor": null });
    reading("listCommands", COMMANDS, "List commands")
        .describe(text)
        .with(log::parameters())
        .with(PageRequest::parameters())
        .answers(Answer::json::<Page<CommandAnswer<'_>>>(
            StatusCode::OK,
            "A page of commands, the latest first",
            example,
        ))
        .refuses([InvalidCursor])
}

pub(crate) fn show() -> Operation {
    reading("getCommand", COMMANDS, "Get a command and its outcome")
        .answers(Answer::json::<CommandAnswer<'_>>(StatusCode::OK, "The command", record()))
        .refuses([problem_kind::COMMAND_NOT_FOUND])
}

pub(crate) fn cancel() -> Operation {
    let mut example = record();
    let stop = json!({
        "status": "cancelled", "commandName": "RemoteStopTransaction", "connectorId": null, "payload": {},
        "publishedAt": null, "answer": null, "effect": null,
        "events": [
            { "at": "2026-03-01T09:12:28Z", "event": "accepted", "late": false },
            { "at": "2026-03-01T09:12:28Z", "event": "waiting", "late": false },
            { "at": "2026-03-01T09:12:31Z", "event": "cancelled", "detail": "by order-service", "late": false },
        ],
    });
    if let (Some(example), Some(stop)) = (example.as_object_mut(), stop.as_object()) {
        example.extend(stop.clone());
    }
    let text = "A stop that waits for the transaction id of its session is not sent then. A command that was \
                sent stays sent. Cancelling again returns the same command.";
    sending("cancelCommand", COMMANDS, "Cancel a command that waits")
        .describe(text)
        .answers(Answer::json::<CommandAnswer<'_>>(StatusCode::OK, "The cancelled command", example))
        .refuses([problem_kind::COMMAND_NOT_FOUND, problem_kind::COMMAND_NOT_CANCELLABLE])
}

pub(crate) fn list_batches() -> Operation {
    let text =
        "The batches to all stations that the caller may reach, with the number of piles in each state.";
    reading("listCommandBatches", BATCHES, "List commands to stations")
        .describe(text)
        .with([Parameter::query::<StationId>("stationId", "Only batches to this station.")])
        .with(PageRequest::parameters())
        .answers(Answer::json::<Page<BatchAnswer<'_>>>(
            StatusCode::OK,
            "A page of batches, the latest first",
            json!({ "items": [running_batch()], "nextCursor": null }),
        ))
        .refuses([InvalidCursor])
}

pub(crate) fn show_batch() -> Operation {
    reading("getCommandBatch", BATCHES, "Get the progress of a command to a station")
        .answers(Answer::json::<BatchAnswer<'_>>(
            StatusCode::OK,
            "The batch, with the number of piles in each state",
            running_batch().into(),
        ))
        .refuses([problem_kind::COMMAND_BATCH_NOT_FOUND])
}

pub(crate) fn cancel_batch() -> Operation {
    let mut example = batch("Reset", &json!({ "type": "Soft" }));
    let count = |state: ItemState| match state {
        ItemState::Cancelled => (state.as_str().to_owned(), json!(5)),
        ItemState::Sent(CommandState::Published) => (state.as_str().to_owned(), json!(7)),
        other => (other.as_str().to_owned(), json!(0)),
    };
    for field in ["cancelledAt", "finishedAt"] {
        example.insert(field.to_owned(), json!("2026-03-01T22:00:02Z"));
    }
    example.insert("cancelledBy".to_owned(), json!("operations-desk"));
    example.insert("sent".to_owned(), json!(7));
    example.insert("counts".to_owned(), ItemState::ALL.into_iter().map(count).collect::<Map<_, _>>().into());
    let text = "Piles that have no command yet get none; what was sent stays sent, and `sent` says how many. \
                Cancelling again returns the same batch.";
    sending("cancelCommandBatch", BATCHES, "Cancel a command to a station")
        .describe(text)
        .answers(Answer::json::<BatchAnswer<'_>>(StatusCode::OK, "The cancelled batch", example.into()))
        .refuses([problem_kind::COMMAND_BATCH_NOT_FOUND, problem_kind::COMMAND_BATCH_FINISHED])
}

pub(crate) fn list_batch() -> Operation {
    let pile = json!({ "pileId": PILE, "chargePointId": "CP-3101-0007", "state": "refused", "commandId": null,
                       "code": "PILE_OFFLINE", "detail": "CP-3101-0007 is offline" });
    let state = json_schema!({ "type": "string", "enum": ItemState::ALL.map(ItemState::as_str) });
    reading("listPilesOfCommandBatch", BATCHES, "List the piles of a command to a station")
        .with([Parameter::query::<String>("state", "Only piles in this state.").like(state)])
        .with(PageRequest::parameters())
        .answers(Answer::json::<Page<ItemAnswer<'_>>>(
            StatusCode::OK,
            "A page of piles",
            json!({ "items": [pile], "nextCursor": null }),
        ))
        .refuses([problem_kind::COMMAND_BATCH_NOT_FOUND])
        .refuses([InvalidCursor])
}

pub(in crate::http) const ACCEPTED: StatusCode = StatusCode::ACCEPTED;

pub(in crate::http) fn sending(id: &'static str, tag: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, tag, SEND, Reach::Operator, summary).refuses([problem_kind::DATABASE_UNAVAILABLE])
}

fn reading(id: &'static str, tag: &'static str, summary: &'static str) -> Operation {
    Operation::new(id, tag, READ, Reach::Operator, summary).refuses([problem_kind::DATABASE_UNAVAILABLE])
}

/// An operation that can be repeated under its key and is carried out once.
pub(in crate::http) fn ordered(operation: Operation, answer: Answer) -> Operation {
    let keys: [ProblemKind; 2] =
        [problem_kind::IDEMPOTENCY_IN_PROGRESS, problem_kind::IDEMPOTENCY_KEY_REUSED];
    operation
        .with([IdempotencyKey::parameter()])
        .answers(
            answer
                .header("Location", "The path of the created resource.")
                .header("Idempotent-Replayed", "`true` if an earlier request had this key."),
        )
        .refuses(keys)
}

const COMMAND: &str = "0192f0c3-5140-7e6a-a2a1-1c2d3e4f5061";
pub(in crate::http) const STATION: &str = "0192f0c1-7c1a-7b3e-9c55-3f6f1d0a2b11";
pub(in crate::http) const PILE: &str = "0192f0c2-10aa-7f21-8a3d-6b1d5c4e9f02";

fn record() -> Value {
    json!({
        "commandId": COMMAND,
        "status": "confirmed",
        "commandName": "RemoteStartTransaction",
        "pileId": PILE,
        "chargePointId": "CP-3101-0007",
        "connectorId": 1,
        "gatewayId": "gateway-0",
        "route": "key",
        "seenGatewayId": null,
        "degraded": false,
        "confidence": "live",
        "partition": 17,
        "payload": { "connectorId": 1, "idTag": "A1B2C3D4" },
        "sessionId": "0192f0c3-55d0-7c07-b1b0-0d9e8f7a6c5b",
        "transactionId": null,
        "limits": { "maxEnergyWh": 22_000, "maxDurationS": null, "maxAmount": null, "currency": null },
        "issuedBy": "order-service",
        "issuedAt": "2026-03-01T09:12:28Z",
        "expiresAt": "2026-03-01T09:13:28Z",
        "publishedAt": "2026-03-01T09:12:28.004Z",
        "answer": { "at": "2026-03-01T09:12:28.450Z", "status": "Accepted", "reason": null },
        "effect": { "at": "2026-03-01T09:12:30Z", "kind": "charging" },
        "failureCode": null,
        "failure": null,
        "events": [
            { "at": "2026-03-01T09:12:28Z", "event": "accepted", "late": false },
            { "at": "2026-03-01T09:12:28.450Z", "event": "answered", "detail": "Accepted", "late": false },
        ],
    })
}

/// A batch before its first command is sent.
fn running_batch() -> Map<String, Value> {
    let mut example = batch("Reset", &json!({ "type": "Soft" }));
    let zero = |state: ItemState| (state.as_str().to_owned(), json!(0));
    example.insert("finishedAt".to_owned(), Value::Null);
    example.insert("cancelledBy".to_owned(), Value::Null);
    example.insert("sent".to_owned(), json!(0));
    example.insert("counts".to_owned(), ItemState::ALL.into_iter().map(zero).collect::<Map<_, _>>().into());
    example
}

/// A batch of the command `name` with these arguments.
pub(in crate::http) fn batch(name: &str, arguments: &Value) -> Map<String, Value> {
    let argument = |name: &str| arguments.get(name).cloned().unwrap_or_default();
    let batch = json!({
        "batchId": "0192f0c5-6b00-7d42-9f3e-2a3b4c5d6e7f",
        "stationId": STATION,
        "commandName": name,
        "type": argument("type"),
        "requestedMessage": argument("requestedMessage"),
        "key": argument("key"),
        "value": argument("value"),
        "piles": 12,
        "ratePerSecond": 5,
        "issuedBy": "operations-desk",
        "createdAt": "2026-03-01T22:00:00Z",
        "expiresAt": "2026-03-01T22:05:00Z",
        "cancelledAt": null,
    });
    batch.as_object().cloned().unwrap_or_default()
}
