//! The OpenAPI operations of commands to stations, and of their previews.

use crate::error::problem_kind;
use crate::http::batches::view::AcceptedBatch;
use crate::http::commands::routes::{ACCEPTED, BATCHES, PILE, STATION, batch, ordered, sending};
use crate::http::stations::body::StationRequest;
use crate::http::stations::view::PreviewAnswer;
use actix_web::http::StatusCode;
use runtime::openapi::{Answer, Operation};
use schemars::Schema;
use serde_json::{Value, json};

/// The operations of one command.
pub(super) struct StationOperations {
    /// The id and the summary of the command.
    command: (&'static str, &'static str),
    /// The same of its preview.
    preview: (&'static str, &'static str),
    /// The OCPP 1.6 action.
    name: &'static str,
    schema: fn() -> Schema,
    /// An example of the body.
    example: fn() -> Value,
    /// Whether a missing body is read as `{}`.
    is_body_optional: bool,
}

pub(super) const RESET: StationOperations = StationOperations {
    command: ("resetStation", "Restart the piles of a station"),
    preview: ("previewResetOfStation", "Preview a restart of the piles of a station"),
    name: "Reset",
    schema: StationRequest::reset_schema,
    example: || json!({ "type": "Soft", "ratePerSecond": 5 }),
    is_body_optional: true,
};

pub(super) const CHANGE_AVAILABILITY: StationOperations = StationOperations {
    command: ("changeAvailabilityOfStation", "Take the piles of a station into or out of service"),
    preview: (
        "previewChangeAvailabilityOfStation",
        "Preview taking the piles of a station into or out of service",
    ),
    name: "ChangeAvailability",
    schema: StationRequest::change_availability_schema,
    example: || json!({ "type": "Inoperative", "statuses": ["Available"] }),
    is_body_optional: false,
};

pub(super) const TRIGGER_MESSAGE: StationOperations = StationOperations {
    command: ("triggerMessageOfStation", "Request a message from the piles of a station"),
    preview: ("previewTriggerMessageOfStation", "Preview requesting a message from the piles of a station"),
    name: "TriggerMessage",
    schema: StationRequest::trigger_message_schema,
    example: || json!({ "requestedMessage": "StatusNotification" }),
    is_body_optional: false,
};

pub(super) const CHANGE_CONFIGURATION: StationOperations = StationOperations {
    command: ("changeConfigurationOfStation", "Set a configuration key of the piles of a station"),
    preview: (
        "previewChangeConfigurationOfStation",
        "Preview setting a configuration key of the piles of a station",
    ),
    name: "ChangeConfiguration",
    schema: StationRequest::change_configuration_schema,
    example: || json!({ "key": "HeartbeatInterval", "value": "60", "ratePerSecond": 5 }),
    is_body_optional: false,
};

impl StationOperations {
    pub(super) fn command(&self) -> Operation {
        let ((id, summary), example) = (self.command, (self.example)());
        let answer = Answer::json::<AcceptedBatch<'_>>(
            ACCEPTED,
            "The batch is recorded and will be carried out",
            batch(self.name, &example).into(),
        );
        let text = "Sends the command pile by pile, at most `ratePerSecond` per second. The batch shows the progress.";
        self.takes_body(ordered(sending(id, BATCHES, summary), answer).describe(text))
    }

    pub(super) fn preview(&self) -> Operation {
        let (id, summary) = self.preview;
        let refusal = json!({ "pileId": PILE, "chargePointId": "CP-3101-0007", "code": "PILE_OFFLINE",
                              "detail": "CP-3101-0007 is offline" });
        let example = json!({
            "stationId": STATION, "commandName": self.name, "piles": 12, "refused": 1, "ratePerSecond": 5,
            "durationS": 3, "refusals": [refusal],
        });
        let text = "Selects and checks the piles as the command does, by their state now, and sends nothing. The gateways are not looked up, so \
                    the command may still refuse piles of which no gateway is known.";
        let answer = Answer::json::<PreviewAnswer<'_>>(StatusCode::OK, "What the command would do", example);
        self.takes_body(sending(id, BATCHES, summary).describe(text).answers(answer))
    }

    fn takes_body(&self, operation: Operation) -> Operation {
        let (schema, example) = ((self.schema)(), (self.example)());
        let operation = if self.is_body_optional {
            operation.may_take_like(schema, example)
        } else {
            operation.takes_like(schema, example)
        };
        operation.refuses([problem_kind::STATION_NOT_FOUND, problem_kind::TOO_MANY_PILES])
    }
}
