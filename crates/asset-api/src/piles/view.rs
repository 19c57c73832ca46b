//! A pile as responses show it: static and live in one.

use super::live::{self, Confidence};
use chrono::{DateTime, Utc};
use domain::asset::{CurrentType, Pile};
use domain::ids::{ChargePointId, ConnectorId, GatewayId, PileId, SessionId, StationId};
use domain::latest::Latest;
use domain::status::ConnectorStatus;
use domain::text::Label;
use serde::Serialize;
use storage::piles::{LiveConnector, LiveView};

/// A pile.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PileView<'a> {
    id: PileId,
    station_id: StationId,
    charge_point_id: &'a ChargePointId,
    name: Option<&'a Label>,
    model: &'a Label,
    vendor: Option<&'a Label>,
    serial_number: Option<&'a Label>,
    rated_power_kw: f64,
    current_type: CurrentType,
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
    version: i64,
}

/// A connector of a pile, as far as heard.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ConnectorView<'a> {
    connector_id: ConnectorId,
    status: &'static str,
    status_at: Option<DateTime<Utc>>,
    error_code: Option<&'a str>,
    session_id: Option<SessionId>,
    power_w: Option<f64>,
    energy_wh: Option<f64>,
    session_energy_wh: Option<f64>,
}

impl<'a> PileView<'a> {
    /// `pile` beside what its device reports; one that is there is heard after `silent_since`.
    pub fn of(pile: &'a Pile, live: Option<&'a LiveView>, silent_since: DateTime<Utc>) -> Self {
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
            confidence: live::confidence(live, silent_since),
            last_heartbeat_at: live.and_then(|live| live.last_heartbeat_at),
            last_seen_at: live.map(|live| live.last_seen_at),
            gateway_id: live.and_then(|live| live.gateway_id.as_ref()),
            firmware_version: live.and_then(|live| live.firmware_version.as_deref()),
            connectors: live.map(connectors).unwrap_or_default(),
            created_at: pile.edition.created_at,
            updated_at: pile.edition.updated_at,
            version: pile.edition.version,
        }
    }
}

fn connectors(live: &LiveView) -> Vec<ConnectorView<'_>> {
    let outlets = live.connectors.values().filter(|connector| !connector.state.id.is_whole());
    outlets.map(ConnectorView::of).collect()
}

impl<'a> ConnectorView<'a> {
    fn of(connector: &'a LiveConnector) -> Self {
        let report = connector.state.status.as_ref().map(Latest::newest);
        Self {
            connector_id: connector.state.id,
            status: live::connector_status(connector).map_or("Unknown", ConnectorStatus::as_str),
            status_at: report.map(|report| report.stamp.at),
            error_code: report.and_then(|report| report.value.error_code.as_deref()),
            session_id: connector.session.as_ref().map(|session| session.id),
            power_w: live::power_w(connector),
            energy_wh: connector.state.energy_wh.map(|energy| energy.value),
            session_energy_wh: live::session_energy_wh(connector),
        }
    }
}
