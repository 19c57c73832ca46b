//! The bodies of changes.

use crate::commands::{CommandRecord, CommandState, EffectKind, RouteSource};
use crate::devices::presence::Confidence;
use crate::ids::{
    ChargePointId, CommandId, ConnectorId, GatewayId, IdTag, PileId, SessionId, StationId, TransactionId,
};
use crate::sessions::session::{ChargingSession, SessionState, StartedBy};
use crate::status::ConnectorStatus;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A connector has another status, or reports another error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectorStatusChanged {
    /// The connector; 0 is the whole device.
    pub connector_id: ConnectorId,
    /// Its status now.
    pub status: ConnectorStatus,
    /// Its status in the change before; `None` when this is the first.
    pub previous_status: Option<ConnectorStatus>,
    /// OCPP 1.6 error code, unless `NoError`.
    pub error_code: Option<String>,
    /// Error code of the vendor.
    pub vendor_error_code: Option<String>,
}

/// A device came, went, or moved to another gateway, or what is known of that can be trusted more or less than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectivityChanged {
    /// Whether it is there now.
    pub online: bool,
    /// The gateway that it was last heard through.
    pub gateway_id: Option<GatewayId>,
    /// How far `online` can be trusted.
    #[serde(default)]
    pub confidence: Confidence,
}

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum SessionPhase {
    /// It goes on.
    Open,
    /// It ended.
    Ended,
    /// It never was: what came late tells the story otherwise.
    Withdrawn,
}

impl SessionPhase {
    /// Every phase.
    pub const ALL: [Self; 3] = [Self::Open, Self::Ended, Self::Withdrawn];
}

/// A session, whole, as it is known now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionChanged {
    /// Its id.
    pub session_id: SessionId,
    /// Where it stands.
    pub phase: SessionPhase,
    /// The connector.
    pub connector_id: ConnectorId,
    /// The gateway's transaction id; `None` while not told.
    pub transaction_id: Option<TransactionId>,
    /// Who charges.
    #[serde(
        flatten,
        serialize_with = "crate::id_tag_parts::serialize_whole",
        deserialize_with = "crate::id_tag_parts::deserialize"
    )]
    pub id_tag: Option<IdTag>,
    /// The reservation that it fulfils.
    pub reservation_id: Option<i64>,
    /// The command that it was started by, if it was by one.
    #[serde(default)]
    pub command_id: Option<CommandId>,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// What shows that it began; a start that arrives later replaces weaker evidence.
    #[serde(default)]
    pub started_by: StartedBy,
    /// Energy register when it began, in Wh.
    pub meter_start_wh: Option<f64>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// OCPP 1.6 reason.
    pub end_reason: Option<String>,
    /// Energy register when it ended, in Wh.
    pub meter_stop_wh: Option<f64>,
}

/// A command was recorded, or it became known what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandChanged {
    /// Its id.
    pub command_id: CommandId,
    /// The pile that is commanded.
    pub pile_id: PileId,
    /// The OCPP 1.6 action.
    pub name: String,
    /// Where it stands now.
    pub state: CommandState,
    /// The gateway that it goes to.
    pub gateway_id: GatewayId,
    /// How that gateway was found; `None` for commands of releases that did not record it.
    #[serde(default)]
    pub route: Option<RouteSource>,
    /// When it was asked for.
    pub issued_at: DateTime<Utc>,
    /// After this it is not carried out any more.
    pub expires_at: DateTime<Utc>,
    /// What the device answered.
    #[serde(default)]
    pub answer: Option<CommandAnswered>,
    /// What it was seen to have caused.
    #[serde(default)]
    pub effect: Option<CommandTookEffect>,
    /// Of a start that no session shows yet: the status that its connector went to. A field of its own,
    /// which followers of the previous release ignore.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_effect: Option<CommandReachedStatus>,
    /// The session that it began or ended, or is to end.
    #[serde(default)]
    pub session_id: Option<SessionId>,
    /// Which kind of failure it met, see [`FailureCode`](crate::commands::FailureCode).
    #[serde(default)]
    pub failure_code: Option<String>,
    /// What is known of that.
    pub failure: Option<String>,
}

/// The answer of a device to a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandAnswered {
    /// When.
    pub at: DateTime<Utc>,
    /// OCPP 1.6's word, as the gateway sent it.
    pub status: String,
    /// Why, when told.
    pub reason: Option<String>,
}

/// That what a command was for has happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandTookEffect {
    /// When.
    pub at: DateTime<Utc>,
    /// What happened; never [`EffectKind::Status`].
    pub kind: EffectKind,
}

/// That the connector of a start went to a status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CommandReachedStatus {
    /// When.
    pub at: DateTime<Utc>,
    /// `Preparing`, `Charging`, `SuspendedEV` or `SuspendedEVSE`.
    pub status: ConnectorStatus,
}

/// What was done to an asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum AssetAction {
    /// It was registered.
    Created,
    /// It was edited.
    Updated,
    /// It was taken out of sight.
    Retired,
    /// It was brought back.
    Restored,
}

impl AssetAction {
    /// Every action.
    pub const ALL: [Self; 4] = [Self::Created, Self::Updated, Self::Retired, Self::Restored];

    /// The word for it in the API and in storage.
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

/// A station was registered, edited, retired or restored; asset-api shows what it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StationChanged {
    /// The station.
    pub station_id: StationId,
    /// What was done.
    pub action: AssetAction,
    /// Its version since.
    pub version: i64,
}

/// A pile was registered, edited, retired or restored; asset-api shows what it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PileChanged {
    /// The pile.
    pub pile_id: PileId,
    /// The station that it stands in.
    pub station_id: StationId,
    /// The device in it. When a pile gets another device both are told, and this is the new one.
    pub charge_point_id: ChargePointId,
    /// What was done.
    pub action: AssetAction,
    /// Its version since.
    pub version: i64,
}

impl SessionChanged {
    /// A session as it is known now.
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
    /// A command as it stands now.
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
