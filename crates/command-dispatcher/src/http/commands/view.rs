//! The JSON form of commands.

use crate::dispatch::delivery::RoutedCommand;
use chrono::{DateTime, Utc};
use domain::commands::{CommandState, EffectKind, FailureCode, RouteSource, Step, TrailEntry};
use domain::devices::presence::Confidence;
use domain::ids::{CommandId, ConnectorId, PileId, SessionId, TransactionId};
use domain::status::ConnectorStatus;
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
    command_id: CommandId,
    #[schemars(with = "CommandState")]
    status: &'static str,
    command_name: &'a str,
    pile_id: PileId,
    charge_point_id: &'a str,
    gateway_id: &'a str,
    route: Option<RouteSource>,
    confidence: Confidence,
    partition: i32,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

impl<'a> From<&'a RoutedCommand> for AcceptedAnswer<'a> {
    fn from(RoutedCommand { command, pile_id, partition, way, confidence, .. }: &'a RoutedCommand) -> Self {
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
            issued_at: command.issued_at,
            expires_at: command.expires_at,
        }
    }
}

/// The same response, to a repeated request.
impl<'a> From<&'a RecordedCommand> for AcceptedAnswer<'a> {
    fn from(RecordedCommand { record, partition, confidence, .. }: &'a RecordedCommand) -> Self {
        Self {
            command_id: record.id,
            status: CommandState::Accepted.as_str(),
            command_name: &record.name,
            pile_id: record.pile_id,
            charge_point_id: record.charge_point_id.as_str(),
            gateway_id: record.gateway_id.as_str(),
            route: record.route,
            confidence: *confidence,
            partition: *partition,
            issued_at: record.issued_at,
            expires_at: record.expires_at,
        }
    }
}

/// A command, its state, and its history.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Command")]
pub(crate) struct CommandAnswer<'a> {
    command_id: CommandId,
    #[schemars(with = "CommandState")]
    status: &'static str,
    command_name: &'a str,
    pile_id: PileId,
    charge_point_id: &'a str,
    connector_id: Option<ConnectorId>,
    gateway_id: &'a str,
    route: Option<RouteSource>,
    seen_gateway_id: Option<&'a str>,
    degraded: bool,
    confidence: Confidence,
    partition: i32,
    #[schemars(with = "Map<String, Value>")]
    payload: &'a Value,
    session_id: Option<SessionId>,
    transaction_id: Option<&'a TransactionId>,
    issued_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    published_at: Option<DateTime<Utc>>,
    answer: Option<AnswerView<'a>>,
    effect: Option<EffectView>,
    #[schemars(with = "Option<FailureCode>")]
    failure_code: Option<&'static str>,
    failure: Option<String>,
    events: Vec<EventView<'a>>,
}

/// What the device answered.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "DeviceAnswer")]
struct AnswerView<'a> {
    at: DateTime<Utc>,
    status: &'a str,
    reason: Option<&'a str>,
}

/// The observed effect of the command.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Effect")]
struct EffectView {
    at: DateTime<Utc>,
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
    at: DateTime<Utc>,
    event: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<Cow<'a, str>>,
    late: bool,
}

impl<'a> From<&'a TrailEntry> for EventView<'a> {
    fn from(entry: &'a TrailEntry) -> Self {
        let (event, detail) = match &entry.step {
            Step::Accepted => ("accepted", None),
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
            payload: &found.payload,
            session_id: record.session_id(),
            transaction_id: found.transaction_id.as_ref(),
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
