//! The JSON form of commands.

use crate::dispatch::delivery::RoutedCommand;
use chrono::{DateTime, Utc};
use domain::commands::{CommandState, EffectKind, FailureCode, RouteSource, Step, TrailEntry};
use domain::devices::presence::Confidence;
use domain::ids::{Actor, CommandId, ConnectorId, IdTag, PileId, SessionId, TransactionId};
use domain::sessions::limits::ShownLimits;
use domain::status::ConnectorStatus;
use runtime::auth::{Caller, Scope};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value};
use std::borrow::Cow;
use storage::commands::RecordedCommand;

/// The response to a command that was published.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "AcceptedCommand")]
pub(crate) struct AcceptedAnswer<'a> {
    /// The id of the command, a version 7 UUID; also that of the command on the topic.
    command_id: CommandId,
    /// `accepted`: the command is recorded and is on the topic. `waiting`: a stop is recorded, and is
    /// sent once the transaction id of its session is known. For a repeated request whose command did
    /// not succeed: `rejected`, `failed`, `expired` or `cancelled`. The command itself has the current status.
    #[schemars(with = "CommandState")]
    status: &'static str,
    /// The OCPP 1.6 action that is sent to the device, such as `RemoteStartTransaction`.
    command_name: &'a str,
    /// The pile that is commanded.
    pile_id: PileId,
    /// The device of the pile, to which the command is sent.
    charge_point_id: &'a str,
    /// The gateway to which the command is sent; of a stop that waits, the one that has the device
    /// now.
    gateway_id: &'a str,
    /// How the gateway was found. Null for a repeated request whose command is of a release that
    /// did not record it.
    route: Option<RouteSource>,
    /// How far it could be trusted that the device is online, when the command was sent.
    confidence: Confidence,
    /// The partition of the command topic to which the command is published.
    partition: i32,
    /// The subject of the caller that requested the command. Null for a repeated request whose
    /// command is of a release that did not record it.
    issued_by: Option<&'a Actor>,
    /// When the command was requested, RFC 3339 in UTC.
    issued_at: DateTime<Utc>,
    /// When the command stops being valid, RFC 3339 in UTC; the gateway must not execute it
    /// afterwards.
    expires_at: DateTime<Utc>,
    /// For a repeated request: why the first one did not lead to what was requested, as a code. Absent
    /// unless `status` is `rejected`, `failed` or `expired`.
    #[schemars(with = "Option<FailureCode>")]
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_code: Option<&'static str>,
    /// The same for people. Absent if `failureCode` is absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    failure: Option<String>,
}

impl<'a> From<&'a RoutedCommand> for AcceptedAnswer<'a> {
    fn from(routed: &'a RoutedCommand) -> Self {
        let RoutedCommand { command, pile_id, partition, way, confidence, issued_by, .. } = routed;
        Self {
            command_id: command.id,
            status: CommandState::Accepted.as_str(),
            command_name: command.kind.name(),
            pile_id: *pile_id,
            charge_point_id: command.charge_point_id.as_str(),
            gateway_id: command.gateway_id.as_str(),
            route: Some(way.source),
            confidence: *confidence,
            partition: *partition,
            issued_by: issued_by.as_ref(),
            issued_at: command.issued_at,
            expires_at: command.expires_at,
            failure_code: None,
            failure: None,
        }
    }
}

/// The same response, to a repeated request, and to a stop that waits.
impl<'a> From<&'a RecordedCommand> for AcceptedAnswer<'a> {
    fn from(RecordedCommand { record, partition, confidence, .. }: &'a RecordedCommand) -> Self {
        let state = record.life.state();
        let is_shown = matches!(
            state,
            CommandState::Waiting
                | CommandState::Rejected
                | CommandState::Failed
                | CommandState::Expired
                | CommandState::Cancelled
        );
        let failure = record.life.failure().filter(|_| is_shown);
        let (failure_code, failure) = failure.map(|failure| (failure.code.as_str(), failure.detail)).unzip();
        Self {
            command_id: record.id,
            status: if is_shown { state } else { CommandState::Accepted }.as_str(),
            command_name: &record.name,
            pile_id: record.pile_id,
            charge_point_id: record.charge_point_id.as_str(),
            gateway_id: record.gateway_id.as_str(),
            route: record.route,
            confidence: *confidence,
            partition: *partition,
            issued_by: record.issued_by.as_ref(),
            issued_at: record.issued_at,
            expires_at: record.expires_at,
            failure_code,
            failure,
        }
    }
}

/// A command, its state, and its history.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Command")]
pub(crate) struct CommandAnswer<'a> {
    /// The id of the command, a version 7 UUID; also that of the command on the topic.
    command_id: CommandId,
    /// The current state of the command; `confirmed`, `rejected`, `failed`, `expired`
    /// and `cancelled` are final.
    #[schemars(with = "CommandState")]
    status: &'static str,
    /// The OCPP 1.6 action that is sent to the device, such as `RemoteStartTransaction`.
    command_name: &'a str,
    /// The pile that is commanded.
    pile_id: PileId,
    /// The device of the pile when the command was sent.
    charge_point_id: &'a str,
    /// The connector that the command names; 0 is the device as a whole. Null if it names none, as
    /// stops, resets and changes of the configuration do.
    connector_id: Option<ConnectorId>,
    /// The gateway to which the command was last sent; it changes when the command is rerouted.
    gateway_id: &'a str,
    /// How the gateway was found when the command was issued. Null for commands of releases that
    /// did not record it.
    route: Option<RouteSource>,
    /// The gateway that last reported the device when the command was issued, if the route key
    /// named another one; null if they did not differ.
    seen_gateway_id: Option<&'a str>,
    /// Whether Redis was unavailable when the gateway was looked up.
    degraded: bool,
    /// How far it could be trusted that the device was online, when the command was sent.
    confidence: Confidence,
    /// The partition of the command topic to which the command was last published.
    partition: i32,
    /// The OCPP 1.6 request that is sent to the device; empty while a stop waits. The `idTag` of a
    /// start is masked as `****` and its last three characters, or as `****` if it has less than
    /// eight, for callers without the scope `drivers:read`.
    #[schemars(with = "Map<String, Value>")]
    payload: Cow<'a, Value>,
    /// The session that a start began or that a stop ends. Null if there is none yet, if the
    /// session turned out to be that of another driver, and for other commands.
    session_id: Option<SessionId>,
    /// The transaction that a stop names; of a start, that of its session. Null while it is
    /// unknown, and for other commands.
    transaction_id: Option<&'a TransactionId>,
    /// The limits of the session that a start set. Null if it set none, once the limits are no longer
    /// kept (`stops.limit_retention_days`), and for other commands.
    limits: Option<ShownLimits>,
    /// The subject of the caller that requested the command. Null for a command that the platform
    /// sends by itself, at a limit or to end the cause of an issue, and for commands of releases that did
    /// not record it.
    issued_by: Option<&'a Actor>,
    /// When the command was requested, RFC 3339 in UTC.
    issued_at: DateTime<Utc>,
    /// When the command stops being valid, RFC 3339 in UTC; the gateway must not execute it
    /// afterwards. While a stop waits, the end of the wait.
    expires_at: DateTime<Utc>,
    /// When all replicas of the topic had acknowledged the command, RFC 3339 in UTC. Null if that
    /// is not recorded or did not happen; a later publication to another gateway does not change
    /// it.
    published_at: Option<DateTime<Utc>>,
    /// The first answer of the device; null while there is none. Many gateways send no answers.
    answer: Option<AnswerView<'a>>,
    /// The strongest evidence that the command was executed; null while there is none.
    effect: Option<EffectView>,
    /// Why the command did not lead to what was requested, as a code. Null unless `status` is
    /// `unknown`, `rejected`, `failed` or `expired`.
    #[schemars(with = "Option<FailureCode>")]
    failure_code: Option<&'static str>,
    /// Why the command did not lead to what was requested, for people. Null if `failureCode` is
    /// null.
    failure: Option<String>,
    /// The steps of the command in the order in which the platform learned them, the first one
    /// first.
    events: Vec<EventView<'a>>,
}

/// What the device answered.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DeviceAnswer")]
struct AnswerView<'a> {
    /// When the device answered, RFC 3339 in UTC.
    at: DateTime<Utc>,
    /// The device's word as sent, such as `Accepted`, `Rejected`, `Unlocked` or `Scheduled` (OCPP
    /// 1.6).
    status: &'a str,
    /// Why the device or its gateway refused, such as `DEVICE_OFFLINE` or `DEVICE_REJECTED`; null
    /// if the gateway sent no reason.
    reason: Option<&'a str>,
}

/// The observed effect of the command.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Effect")]
struct EffectView {
    /// When the effect happened, RFC 3339 in UTC.
    at: DateTime<Utc>,
    /// What was observed: a session began or ended, the device booted, or the connector changed its
    /// status.
    kind: EffectKind,
    /// For the kind `status`: the status that the connector changed to.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<ConnectorStatus>,
}

/// A step in the history of a command.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "CommandEvent")]
struct EventView<'a> {
    /// When the step happened, RFC 3339 in UTC, by the clock of the dispatcher, the device or the
    /// database.
    at: DateTime<Utc>,
    /// The step: `accepted`, `waiting`, `released`, `waitEnded`, `cancelled`, `published`, `unconfirmed`, `unpublished`, `rerouted`, `republished`,
    /// `notRepublished`, `answered`, `charging`, `stopped`, `restarted`, `status` or `expired`.
    event: &'static str,
    /// More about the step, for people: an error, the device's answer, the status of the connector,
    /// or the gateways of a reroute. Absent if there is nothing to add.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Cow<'a, str>>,
    /// Whether the command was in a final state already; the step did not change its `status` then.
    late: bool,
}

impl<'a> From<&'a TrailEntry> for EventView<'a> {
    fn from(entry: &'a TrailEntry) -> Self {
        let (event, detail) = match &entry.step {
            Step::Accepted => ("accepted", None),
            Step::Waiting => ("waiting", None),
            Step::Released { transaction_id, .. } => {
                ("released", Some(format!("transaction {transaction_id}").into()))
            }
            Step::WaitEnded { cause } => ("waitEnded", Some(cause.to_string().into())),
            Step::Cancelled { by } => ("cancelled", Some(format!("by {by}").into())),
            Step::Published { .. } => ("published", None),
            Step::Unconfirmed { detail } => ("unconfirmed", Some(detail.as_str().into())),
            Step::Unpublished { detail } => ("unpublished", Some(detail.as_str().into())),
            Step::Rerouted { from, to, partition } => {
                ("rerouted", Some(format!("from {from} to {to}, partition {partition}").into()))
            }
            Step::Republished { .. } => ("republished", None),
            Step::NotRepublished { detail } => ("notRepublished", Some(detail.as_str().into())),
            Step::Answered(answer) => ("answered", Some(answer.status.as_str().into())),
            Step::TookEffect(effect) => match effect.kind {
                EffectKind::Charging => ("charging", None),
                EffectKind::Stopped => ("stopped", None),
                EffectKind::Restarted => ("restarted", None),
                EffectKind::Status => ("status", effect.status.map(|status| status.as_str().into())),
            },
            Step::Expired { moved_to, .. } => {
                ("expired", moved_to.as_ref().map(|gateway| gateway.as_str().into()))
            }
        };
        Self { at: entry.at, event, detail, late: entry.late }
    }
}

/// Allows seeing the tokens of drivers.
const READ_DRIVERS: Scope = Scope::new("drivers:read");

impl<'a> CommandAnswer<'a> {
    /// The command `found` as `caller` may see it.
    pub(crate) fn seen_by(caller: &Caller, found: &'a RecordedCommand) -> Self {
        let answer = Self::from(found);
        if caller.has(READ_DRIVERS) { answer } else { Self { payload: masked(answer.payload), ..answer } }
    }
}

/// The payload with the token of the driver, if it has one, masked.
fn masked(mut payload: Cow<'_, Value>) -> Cow<'_, Value> {
    let Some(id_tag) = payload.get("idTag") else { return payload };
    let parsed = id_tag.as_str().and_then(|text| IdTag::parse(text).ok());
    let shown = parsed.map_or(Value::Null, |parsed| String::from(parsed.masked()).into());
    if let Some(fields) = payload.to_mut().as_object_mut() {
        fields.insert("idTag".to_owned(), shown);
    }
    payload
}

impl<'a> From<&'a RecordedCommand> for CommandAnswer<'a> {
    fn from(found: &'a RecordedCommand) -> Self {
        let (record, life) = (&found.record, &found.record.life);
        let (failure_code, failure) =
            life.failure().map(|failure| (failure.code.as_str(), failure.detail)).unzip();
        Self {
            command_id: record.id,
            status: life.state().as_str(),
            command_name: &record.name,
            pile_id: record.pile_id,
            charge_point_id: record.charge_point_id.as_str(),
            connector_id: found.connector_id,
            gateway_id: record.gateway_id.as_str(),
            route: record.route,
            seen_gateway_id: found.seen_gateway_id.as_ref().map(|id| id.as_str()),
            degraded: found.degraded,
            confidence: found.confidence,
            partition: found.partition,
            payload: Cow::Borrowed(&found.payload),
            session_id: record.session_id(),
            transaction_id: found.transaction_id.as_ref(),
            limits: found.limits.map(ShownLimits::from),
            issued_by: record.issued_by.as_ref(),
            issued_at: record.issued_at,
            expires_at: record.expires_at,
            published_at: life.published().map(|(at, _)| at),
            answer: life.answer().map(|(at, answer)| AnswerView {
                at,
                status: &answer.status,
                reason: answer.reason.as_deref(),
            }),
            effect: life.effect().map(|(at, effect)| EffectView {
                at,
                kind: effect.kind,
                status: effect.status,
            }),
            failure_code,
            failure,
            events: life.trail().iter().map(EventView::from).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn masks_the_driver_of_a_start_only() {
        let start = json!({ "connectorId": 1, "idTag": "04E91C5A2B3C80" });
        assert_eq!(*masked(Cow::Borrowed(&start)), json!({ "connectorId": 1, "idTag": "****C80" }));
        let reset = json!({ "type": "Hard" });
        assert!(matches!(masked(Cow::Borrowed(&reset)), Cow::Borrowed(same) if *same == reset));
    }
}
