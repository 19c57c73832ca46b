//! A pile in responses: registered data and live state in one object.

use super::live;
use crate::freshness::{Confidence, FreshnessPolicy};
use chrono::{DateTime, Utc};
use domain::assets::{ConnectorType, CurrentType, Outlet, Outlets, Pile, RatedPower};
use domain::ids::{ChargePointId, ConnectorId, GatewayId, PileId, SessionId, StationId};
use domain::latest::Latest;
use domain::status::{ConnectorStatus, PileStatus};
use domain::text::Label;
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use storage::assets::piles::{LiveConnector, LiveView};

/// A pile with its live state. Live fields are null when the charge point never reported them.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Pile")]
pub struct PileView<'a> {
    /// The id of the pile, a version 7 UUID.
    id: PileId,
    /// The station at which the pile is installed.
    station_id: StationId,
    /// The device that is assigned to the pile: its serial number, as the gateway uses it.
    charge_point_id: &'a ChargePointId,
    /// The name of the pile on site, 1 to 200 characters; null if it is not set.
    name: Option<&'a Label>,
    /// The model of the pile, as the operator registered it.
    model: &'a Label,
    /// The vendor of the pile, as the operator registered it; null if it is not set.
    vendor: Option<&'a Label>,
    /// The serial number on the plate, as the operator registered it; null if it is not set.
    serial_number: Option<&'a Label>,
    /// The rated power of the pile, in kW.
    #[schemars(with = "RatedPower")]
    rated_power_kw: f64,
    /// Alternating or direct current; null if it is not stated.
    current_type: Option<CurrentType>,
    /// The state of the pile as one word: `Offline` if the device is not online, else the status of
    /// the device as a whole if that is `Faulted` or `Unavailable`, else the best status of its
    /// connectors. `Unknown` if the device never reported, or is online and has reported no status.
    #[schemars(with = "PileStatus")]
    status: &'static str,
    /// Whether the device is connected to a gateway: an event was received, and neither a later
    /// disconnection nor silence ended that. False if the device never reported.
    online: bool,
    /// When the newest status of any connector, 0 included, was reported, RFC 3339 in UTC. Null if
    /// no status was ever reported.
    status_at: Option<DateTime<Utc>>,
    /// How far `online` and the statuses can be trusted.
    confidence: Confidence,
    /// When the newest boot or heartbeat was sent to Kafka, RFC 3339 in UTC, whatever time the
    /// device claims. Null if there was none.
    last_heartbeat_at: Option<DateTime<Utc>>,
    /// When the newest event of any kind was sent to Kafka, RFC 3339 in UTC. Null if the device
    /// never reported.
    last_seen_at: Option<DateTime<Utc>>,
    /// The gateway that last reported the device. Null if no event of the device named a gateway.
    gateway_id: Option<&'a GatewayId>,
    /// The firmware version in the last boot report of the device; null if it reported none.
    firmware_version: Option<&'a str>,
    /// The declared and the reported connectors by ascending number, without connector 0. Empty if
    /// there are none.
    connectors: Vec<ConnectorView<'a>>,
    /// When the pile was created, RFC 3339 in UTC.
    created_at: DateTime<Utc>,
    /// When the pile was last edited, RFC 3339 in UTC; equal to `createdAt` until the first edit.
    /// Reports of the device do not change it.
    updated_at: DateTime<Utc>,
    /// When the pile was retired, RFC 3339 in UTC; null while it is not retired.
    retired_at: Option<DateTime<Utc>>,
    /// The revision of the pile: 1 when it is created, plus one for each edit. The `ETag` is this
    /// number in quotes.
    version: i64,
}

/// A connector of a pile: declared at registration, reported by the charge point, or both.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Connector")]
struct ConnectorView<'a> {
    /// The number of the connector at its device, from 1.
    connector_id: ConnectorId,
    /// The connector type, as declared; null if the connector was only reported.
    #[serde(rename = "type")]
    kind: Option<ConnectorType>,
    /// The highest power of the connector, in kW, as declared; null if it is not stated or the
    /// connector was only reported.
    max_power_kw: Option<f64>,
    /// The status of the connector now: `Offline` if its device is offline, else `reportedStatus`,
    /// or `Unknown` if there is none.
    #[schemars(with = "PileStatus")]
    status: &'static str,
    /// The status that the device last reported for this connector, at `statusAt`, even if the
    /// device is offline now. Null if it never reported one.
    reported_status: Option<ConnectorStatus>,
    /// How far the state can be trusted, as for the pile; `unknown` if the connector was never
    /// reported, unless its device is offline.
    confidence: Confidence,
    /// When `reportedStatus` was reported, RFC 3339 in UTC; null if no status was reported.
    status_at: Option<DateTime<Utc>>,
    /// The OCPP 1.6 error code of the last reported status; null for `NoError` and if none was
    /// reported.
    error_code: Option<&'a str>,
    /// The open session at the connector; null if no session is open.
    session_id: Option<SessionId>,
    /// The newest reading of the active power, in W. Null if there is none, and once a status other
    /// than `Charging` is newer than the reading.
    power_w: Option<f64>,
    /// The newest reading of the connector's cumulative energy register, in Wh; null if the device
    /// has not reported one.
    energy_wh: Option<f64>,
    /// The energy of the open session so far, in Wh: the newest reading minus the register at its
    /// start. Null if no session is open or a register is missing.
    session_energy_wh: Option<f64>,
}

impl<'a> PileView<'a> {
    /// Combines `pile` with the live state of its charge point.
    pub fn of(pile: &'a Pile, live: Option<&'a LiveView>, policy: FreshnessPolicy<'_>) -> Self {
        let details = &pile.details;
        Self {
            id: pile.id,
            station_id: pile.station_id,
            charge_point_id: &details.charge_point_id,
            name: details.name.as_ref(),
            model: &details.model,
            vendor: details.vendor.as_ref(),
            serial_number: details.serial_number.as_ref(),
            rated_power_kw: details.rated_power_kw.kw(),
            current_type: details.current_type,
            status: live::status(live).as_str(),
            online: live.is_some_and(|live| live.online),
            status_at: live.and_then(live::status_at),
            confidence: live::confidence(live, policy),
            last_heartbeat_at: live.and_then(|live| live.last_heartbeat_at),
            last_seen_at: live.map(|live| live.last_seen_at),
            gateway_id: live.and_then(|live| live.gateway_id.as_ref()),
            firmware_version: live.and_then(|live| live.firmware_version.as_deref()),
            connectors: connectors(&details.connectors, live, live::confidence(live, policy)),
            created_at: pile.revision.created_at,
            updated_at: pile.revision.updated_at,
            retired_at: pile.revision.retired_at,
            version: pile.revision.version,
        }
    }
}

/// Joins declared and reported connectors by id; connector 0 is left out.
fn connectors<'a>(
    declared: &Outlets,
    live: Option<&'a LiveView>,
    confidence: Confidence,
) -> Vec<ConnectorView<'a>> {
    let declared = declared.iter().map(|outlet| (outlet.connector_id, (Some(outlet), None)));
    let mut all: BTreeMap<_, (Option<&Outlet>, Option<&LiveConnector>)> = declared.collect();
    let heard = live.into_iter().flat_map(|live| live.connectors.values());
    for connector in heard.filter(|connector| !connector.state.id.is_whole()) {
        all.entry(connector.state.id).or_default().1 = Some(connector);
    }
    let online = live.map(|live| live.online);
    let view = |(id, (outlet, connector))| ConnectorView::of(id, outlet, connector, online, confidence);
    all.into_iter().map(view).collect()
}

impl<'a> ConnectorView<'a> {
    /// A connector of a device. `online` is `None` when the device was never connected; `of_device`
    /// is the confidence in the device. A connector that was never reported has unknown confidence,
    /// unless the device is offline.
    fn of(
        id: ConnectorId,
        outlet: Option<&Outlet>,
        connector: Option<&'a LiveConnector>,
        online: Option<bool>,
        of_device: Confidence,
    ) -> Self {
        let reported_status = connector.and_then(live::connector_status);
        let is_known = connector.is_some() || online == Some(false);
        let latest = connector.and_then(|heard| heard.state.status.as_ref());
        let report = latest.map(Latest::newest);
        Self {
            connector_id: id,
            kind: outlet.map(|outlet| outlet.kind),
            max_power_kw: outlet.and_then(|outlet| outlet.max_power_kw).map(RatedPower::kw),
            status: PileStatus::of_connector(online, reported_status).as_str(),
            reported_status,
            confidence: if is_known { of_device } else { Confidence::Unknown },
            status_at: latest.map(Latest::at),
            error_code: report.and_then(|report| report.value.error_code.as_deref()),
            session_id: connector.and_then(|heard| heard.session.as_ref()).map(|session| session.id),
            power_w: connector.and_then(live::power_w),
            energy_wh: connector.and_then(|heard| heard.state.energy_wh).map(|energy| energy.value),
            session_energy_wh: connector.and_then(live::session_energy_wh),
        }
    }
}
