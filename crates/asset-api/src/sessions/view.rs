//! Sessions and meter samples in responses.

use chrono::{DateTime, Utc};
use domain::ids::{ChargePointId, CommandId, ConnectorId, IdTag, SessionId, TransactionId};
use domain::measure::Dated;
use domain::sessions::session::{ChargingSession, SessionState, StartedBy};
use schemars::JsonSchema;
use serde::Serialize;
use storage::devices::meter_samples::MeterSample;

/// A charging session. `endedAt`, `endReason` and `meterStopWh` are null while it is open.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Session")]
pub struct SessionView<'a> {
    id: SessionId,
    charge_point_id: &'a ChargePointId,
    connector_id: ConnectorId,
    transaction_id: Option<&'a TransactionId>,
    id_tag: Option<&'a IdTag>,
    reservation_id: Option<i64>,
    command_id: Option<CommandId>,
    started_at: DateTime<Utc>,
    started_by: StartedBy,
    ended_at: Option<DateTime<Utc>>,
    end_reason: Option<&'a str>,
    meter_start_wh: Option<f64>,
    meter_stop_wh: Option<f64>,
    energy_wh: Option<f64>,
}

impl<'a> SessionView<'a> {
    /// Combines a session with `register`, the newest register of its connector, from which the
    /// energy of an open session is computed.
    pub fn of(session: &'a ChargingSession, register: Option<Dated<f64>>) -> Self {
        let (end_reason, meter_stop_wh) = match &session.state {
            SessionState::Open => (None, None),
            SessionState::Ended { reason, meter_stop_wh, .. } => (reason.as_deref(), *meter_stop_wh),
        };
        Self {
            id: session.id,
            charge_point_id: &session.charge_point_id,
            connector_id: session.connector_id,
            transaction_id: session.transaction_id.as_ref(),
            id_tag: session.id_tag.as_ref(),
            reservation_id: session.reservation_id,
            command_id: session.command_id,
            started_at: session.started_at,
            started_by: session.started_by,
            ended_at: session.ended_at(),
            end_reason,
            meter_start_wh: session.meter_start_wh,
            meter_stop_wh,
            energy_wh: session.energy_wh(register),
        }
    }
}

/// The values of a connector's meter at one instant. Null values were not reported.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "MeterSample")]
pub struct SampleView {
    taken_at: DateTime<Utc>,
    energy_wh: Option<f64>,
    power_w: Option<f64>,
    voltage_v: Option<f64>,
    current_a: Option<f64>,
    soc_percent: Option<f64>,
    temperature_c: Option<f64>,
}

impl SampleView {
    pub const fn of(sample: &MeterSample) -> Self {
        Self {
            taken_at: sample.taken_at,
            energy_wh: sample.energy_wh,
            power_w: sample.power_w,
            voltage_v: sample.voltage_v,
            current_a: sample.current_a,
            soc_percent: sample.soc_percent,
            temperature_c: sample.temperature_c,
        }
    }
}
