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
    id: PileId,
    station_id: StationId,
    charge_point_id: &'a ChargePointId,
    name: Option<&'a Label>,
    model: &'a Label,
    vendor: Option<&'a Label>,
    serial_number: Option<&'a Label>,
    #[schemars(with = "RatedPower")]
    rated_power_kw: f64,
    current_type: Option<CurrentType>,
    #[schemars(with = "PileStatus")]
    status: &'static str,
    online: bool,
    status_at: Option<DateTime<Utc>>,
    confidence: Confidence,
    last_heartbeat_at: Option<DateTime<Utc>>,
    last_seen_at: Option<DateTime<Utc>>,
    gateway_id: Option<&'a GatewayId>,
    firmware_version: Option<&'a str>,
    connectors: Vec<ConnectorView<'a>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    retired_at: Option<DateTime<Utc>>,
    version: i64,
}

/// A connector of a pile: declared at registration, reported by the charge point, or both.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Connector")]
struct ConnectorView<'a> {
    connector_id: ConnectorId,
    #[serde(rename = "type")]
    kind: Option<ConnectorType>,
    max_power_kw: Option<f64>,
    #[schemars(with = "PileStatus")]
    status: &'static str,
    reported_status: Option<ConnectorStatus>,
    confidence: Confidence,
    status_at: Option<DateTime<Utc>>,
    error_code: Option<&'a str>,
    session_id: Option<SessionId>,
    power_w: Option<f64>,
    energy_wh: Option<f64>,
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
