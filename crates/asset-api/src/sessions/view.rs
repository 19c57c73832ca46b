//! Sessions and meter samples in responses.

use super::CompleteSession;
use super::limits_view::LimitReachedView;
use crate::http::drivers::IdTags;
use chrono::{DateTime, Utc};
use domain::ids::{
    ChargePointId, CommandId, ConnectorId, IdTag, PileId, SessionId, StationId, TransactionId,
};
use domain::sessions::limits::ShownLimits;
use domain::sessions::session::{SessionState, StartedBy};
use domain::text::Label;
use schemars::JsonSchema;
use serde::Serialize;
use std::borrow::Cow;
use storage::devices::meter_samples::MeterSample;
use storage::sessions::PlacedSession;

/// A charging session. `endedAt`, `endReason` and `meterStopWh` are null while it is open.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Session")]
pub struct SessionView<'a> {
    /// The id of the session, a version 7 UUID. A start that arrives later and replaces weaker
    /// evidence gives the session another id.
    id: SessionId,
    /// The pile of the device when the session began. Null if the device was in no pile.
    pile_id: Option<PileId>,
    /// The station of the pile when the session began. Null if `pileId` is null.
    station_id: Option<StationId>,
    /// The operator of the station when the session began. Null if the station had none, or if
    /// `pileId` is null.
    operator_id: Option<&'a Label>,
    /// The device at which the session took place, by its serial number.
    charge_point_id: &'a ChargePointId,
    /// The connector of the device at which the session took place.
    connector_id: ConnectorId,
    /// The gateway's id of the transaction; null while the gateway has not sent one.
    transaction_id: Option<&'a TransactionId>,
    /// The token of the driver: as sent by the device, else that of the start command. Null if
    /// neither exists. Masked as `****` and its last three characters, or as `****` if it has less
    /// than eight, for callers without the scope `drivers:read`.
    id_tag: Option<Cow<'a, IdTag>>,
    /// The OCPP reservation that the session fulfils; null if the device reported none.
    reservation_id: Option<i64>,
    /// The command that started the session; null if there was none.
    command_id: Option<CommandId>,
    /// When the session began, RFC 3339 in UTC; `startedBy` says from which evidence.
    started_at: DateTime<Utc>,
    /// The evidence for the session: the event of its start, readings that name its transaction, or
    /// only its stop.
    started_by: StartedBy,
    /// When the session ended, RFC 3339 in UTC; null while it is open.
    ended_at: Option<DateTime<Utc>>,
    /// The OCPP 1.6 reason of the stop; `Superseded` if the next session on the connector ended this
    /// one; `EndedByOperator` if an operator ended it, until a stop arrives and replaces that end.
    /// Null while the session is open, and if the stop gave no reason.
    end_reason: Option<&'a str>,
    /// The caller that ended the session: `sub` of its token, or `anonymous` without authentication.
    /// Null unless `endReason` is `EndedByOperator`, and once the audit no longer has its entry.
    end_issued_by: Option<&'a str>,
    /// The energy register of the connector at the start, in Wh. Null if neither an event nor a
    /// reading of the session shows it.
    meter_start_wh: Option<f64>,
    /// The energy register of the connector at the end, in Wh. Null while the session is open, and
    /// if neither an event nor a reading of the session shows it.
    meter_stop_wh: Option<f64>,
    /// The energy of the session, in Wh; of an open session the energy so far, by the newest
    /// reading. Null if a register is missing or the register ran backwards.
    energy_wh: Option<f64>,
    /// The limits that the start command set. Null if it set none, and once the limits are no longer
    /// kept (`stops.limit_retention_days`).
    limits: Option<ShownLimits>,
    /// The limit that the session reached first, at which the platform stops it. Null if it reached
    /// none.
    limit_reached: Option<LimitReachedView>,
}

impl<'a> SessionView<'a> {
    /// The view of a session for a caller that sees `id_tags`; the energy of an open session is
    /// computed from its newest register.
    pub(super) fn of(session: &'a CompleteSession, id_tags: IdTags) -> Self {
        let CompleteSession { placed, register, limits, end_issued_by } = session;
        let PlacedSession { session, place } = placed;
        let (end_reason, meter_stop_wh) = match &session.state {
            SessionState::Open => (None, None),
            SessionState::Ended { reason, meter_stop_wh, .. } => (reason.as_deref(), *meter_stop_wh),
        };
        Self {
            id: session.id,
            pile_id: place.as_ref().map(|place| place.pile_id),
            station_id: place.as_ref().map(|place| place.station_id),
            operator_id: place.as_ref().and_then(|place| place.operator_id.as_ref()),
            charge_point_id: &session.charge_point_id,
            connector_id: session.connector_id,
            transaction_id: session.transaction_id.as_ref(),
            id_tag: session.id_tag.as_ref().map(|id_tag| id_tags.show(id_tag)),
            reservation_id: session.reservation_id,
            command_id: session.command_id,
            started_at: session.started_at,
            started_by: session.started_by,
            ended_at: session.ended_at(),
            end_reason,
            end_issued_by: end_issued_by.as_deref(),
            meter_start_wh: session.meter_start_wh,
            meter_stop_wh,
            energy_wh: session.energy_wh(*register),
            limits: limits.as_ref().map(|recorded| recorded.limits.into()),
            limit_reached: limits.as_ref().and_then(LimitReachedView::of),
        }
    }
}

/// The values of a connector's meter at one instant. Null values were not reported.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "MeterSample")]
pub struct SampleView {
    /// When the values were read, RFC 3339 in UTC: the time of the device, or that of its event if
    /// the device sent no believable time.
    taken_at: DateTime<Utc>,
    /// The cumulative energy register (`Energy.Active.Import.Register`), in Wh; null if the reading
    /// has none.
    energy_wh: Option<f64>,
    /// The active power that the vehicle draws, in W; null if the reading has none.
    power_w: Option<f64>,
    /// The voltage, in V; null if the reading has none.
    voltage_v: Option<f64>,
    /// The current that the vehicle draws, in A; null if the reading has none.
    current_a: Option<f64>,
    /// The state of charge of the vehicle's battery, in %; null if the reading has none.
    soc_percent: Option<f64>,
    /// The temperature, in °C; null if the reading has none.
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
