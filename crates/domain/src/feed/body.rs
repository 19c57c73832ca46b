//! The bodies of changes.

use crate::assets::Placement;
use crate::commands::{CommandRecord, CommandState, EffectKind, RouteSource};
use crate::devices::presence::Confidence;
use crate::ids::{
    Actor, ChargePointId, CommandId, ConnectorId, GatewayId, IdTag, PileId, SessionId, StationId,
    TransactionId,
};
use crate::sessions::session::{ChargingSession, SessionState, StartedBy};
use crate::status::ConnectorStatus;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A connector has another status or reports another error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectorStatusChanged {
    /// The connector; 0 is the whole device.
    pub connector_id: ConnectorId,
    /// The current status.
    pub status: ConnectorStatus,
    /// The status in the previous change; `None` in the first change.
    pub previous_status: Option<ConnectorStatus>,
    /// OCPP 1.6 error code, unless `NoError`.
    pub error_code: Option<String>,
    /// Error code of the vendor.
    pub vendor_error_code: Option<String>,
    /// The time that the device claims, if that is implausible: the change then has the time of its
    /// record. `None` otherwise, and in changes of releases without this field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claimed_at: Option<DateTime<Utc>>,
}

/// A device connected, disconnected or moved to another gateway, or the confidence in that state
/// changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectivityChanged {
    /// Whether the device is online.
    pub online: bool,
    /// The gateway through which the device was last heard.
    pub gateway_id: Option<GatewayId>,
    /// How far `online` can be trusted.
    #[serde(default)]
    pub confidence: Confidence,
}

/// The phase of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SessionPhase {
    /// The session is open.
    Open,
    /// The session ended.
    Ended,
    /// The session did not take place: late events lead to other sessions.
    Withdrawn,
}

impl SessionPhase {
    /// All phases.
    pub const ALL: [Self; 3] = [Self::Open, Self::Ended, Self::Withdrawn];
}

/// The complete current state of a session.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionChanged {
    /// The session id.
    pub session_id: SessionId,
    /// The phase.
    pub phase: SessionPhase,
    /// Where the device was when the session began; `None` if it was assigned to no pile.
    #[serde(flatten)]
    pub place: Option<Placement>,
    /// The connector.
    pub connector_id: ConnectorId,
    /// The gateway's transaction id; `None` until it is reported.
    pub transaction_id: Option<TransactionId>,
    /// The driver; `None` if unknown.
    #[serde(
        flatten,
        serialize_with = "crate::id_tag_parts::serialize_whole",
        deserialize_with = "crate::id_tag_parts::deserialize"
    )]
    pub id_tag: Option<IdTag>,
    /// The reservation that the session fulfils.
    pub reservation_id: Option<i64>,
    /// The command that started the session; `None` if no command did.
    #[serde(default)]
    pub command_id: Option<CommandId>,
    /// When the session began.
    pub started_at: DateTime<Utc>,
    /// The evidence of the beginning; a start that arrives later replaces weaker evidence.
    #[serde(default)]
    pub started_by: StartedBy,
    /// The energy register at the beginning, in Wh.
    pub meter_start_wh: Option<f64>,
    /// When the session ended; `None` while it is open.
    pub ended_at: Option<DateTime<Utc>>,
    /// OCPP 1.6 reason.
    pub end_reason: Option<String>,
    /// The energy register at the end, in Wh.
    pub meter_stop_wh: Option<f64>,
}

/// A command was recorded or its outcome changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandChanged {
    /// The command id.
    pub command_id: CommandId,
    /// The commanded pile.
    pub pile_id: PileId,
    /// The OCPP 1.6 action.
    pub name: String,
    /// The current state.
    pub state: CommandState,
    /// The gateway to which the command is sent.
    pub gateway_id: GatewayId,
    /// How that gateway was found; `None` for commands of releases that did not record it.
    #[serde(default)]
    pub route: Option<RouteSource>,
    /// The `sub` of the caller that requested the command; `None` for stops that the platform sends
    /// by itself, and for commands of releases that did not record it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_by: Option<Actor>,
    /// When the command was requested.
    pub issued_at: DateTime<Utc>,
    /// The command must not be carried out after this instant.
    pub expires_at: DateTime<Utc>,
    /// The answer of the device; `None` until there is one.
    #[serde(default)]
    pub answer: Option<CommandAnswered>,
    /// The observed effect; `None` until there is one.
    #[serde(default)]
    pub effect: Option<CommandTookEffect>,
    /// For a start without a session: the status to which its connector changed. A separate field,
    /// which followers of the previous release ignore.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_effect: Option<CommandReachedStatus>,
    /// The session that the command began or ended, or is to end.
    #[serde(default)]
    pub session_id: Option<SessionId>,
    /// The kind of failure, see [`FailureCode`](crate::commands::FailureCode).
    #[serde(default)]
    pub failure_code: Option<String>,
    /// The known details of the failure.
    pub failure: Option<String>,
}

/// The answer of a device to a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandAnswered {
    /// When the device answered.
    pub at: DateTime<Utc>,
    /// The OCPP 1.6 status word, as the gateway sent it.
    pub status: String,
    /// The reason; `None` if none was reported.
    pub reason: Option<String>,
}

/// An observed effect of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandTookEffect {
    /// When the effect happened.
    pub at: DateTime<Utc>,
    /// The kind of effect; never [`EffectKind::Status`].
    pub kind: EffectKind,
}

/// The connector of a start changed to a status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandReachedStatus {
    /// When the connector changed to the status.
    pub at: DateTime<Utc>,
    /// `Preparing`, `Charging`, `SuspendedEV` or `SuspendedEVSE`.
    pub status: ConnectorStatus,
}

/// What was done to an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AssetAction {
    /// The asset was registered.
    Created,
    /// The asset was edited.
    Updated,
    /// The asset was retired.
    Retired,
    /// The asset was restored.
    Restored,
}

impl AssetAction {
    /// All actions.
    pub const ALL: [Self; 4] = [Self::Created, Self::Updated, Self::Retired, Self::Restored];

    /// The name in the API and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Retired => "retired",
            Self::Restored => "restored",
        }
    }
}

/// A station was registered, edited, retired or restored; asset-api returns its current state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StationChanged {
    /// The station.
    pub station_id: StationId,
    /// What was done.
    pub action: AssetAction,
    /// The revision of the station after the change.
    pub version: i64,
}

/// A pile was registered, edited, retired or restored; asset-api returns its current state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PileChanged {
    /// The pile.
    pub pile_id: PileId,
    /// The station of the pile.
    pub station_id: StationId,
    /// The assigned device. When a pile gets another device, a change is published for both; this
    /// is the new device.
    pub charge_point_id: ChargePointId,
    /// What was done.
    pub action: AssetAction,
    /// The revision of the pile after the change.
    pub version: i64,
}

impl SessionChanged {
    /// The current state of a session, without its place.
    #[must_use]
    pub fn of(session: &ChargingSession) -> Self {
        let (phase, end_reason, meter_stop_wh) = match &session.state {
            SessionState::Open => (SessionPhase::Open, None, None),
            SessionState::Ended { reason, meter_stop_wh, .. } => {
                (SessionPhase::Ended, reason.clone(), *meter_stop_wh)
            }
        };
        Self {
            session_id: session.id,
            phase,
            place: None,
            connector_id: session.connector_id,
            transaction_id: session.transaction_id.clone(),
            id_tag: session.id_tag.clone(),
            reservation_id: session.reservation_id,
            command_id: session.command_id,
            started_at: session.started_at,
            started_by: session.started_by,
            meter_start_wh: session.meter_start_wh,
            ended_at: session.ended_at(),
            end_reason,
            meter_stop_wh,
        }
    }
}

impl CommandChanged {
    /// The current state of a command.
    #[must_use]
    pub fn of(record: &CommandRecord) -> Self {
        let life = &record.life;
        let (failure_code, failure) =
            life.failure().map(|failure| (failure.code.as_str().to_owned(), failure.detail)).unzip();
        Self {
            command_id: record.id,
            pile_id: record.pile_id,
            name: record.name.clone(),
            state: life.state(),
            gateway_id: record.gateway_id.clone(),
            route: record.route,
            issued_by: record.issued_by.clone(),
            issued_at: record.issued_at,
            expires_at: record.expires_at,
            answer: life.answer().map(|(at, answer)| CommandAnswered {
                at,
                status: answer.status.clone(),
                reason: answer.reason.clone(),
            }),
            effect: life
                .effect()
                .filter(|(_, effect)| effect.kind != EffectKind::Status)
                .map(|(at, effect)| CommandTookEffect { at, kind: effect.kind }),
            status_effect: life
                .effect()
                .and_then(|(at, effect)| Some(CommandReachedStatus { at, status: effect.status? })),
            session_id: record.session_id(),
            failure_code,
            failure,
        }
    }
}
