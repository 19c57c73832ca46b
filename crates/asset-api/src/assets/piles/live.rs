//! What readers are told of a device, from what was heard of it.

use crate::freshness::{Confidence, FreshnessPolicy};
use chrono::{DateTime, Utc};
use domain::latest::Latest;
use domain::status::{ConnectorStatus, PileStatus};
use storage::assets::availability::Trust;
use storage::assets::piles::{LiveConnector, LiveView};

/// How far `live` can be trusted.
pub fn confidence(live: Option<&LiveView>, policy: FreshnessPolicy<'_>) -> Confidence {
    live.map_or(Confidence::Unknown, |live| {
        let trust = Trust {
            confidence: Some(live.confidence),
            partition: live.partition,
            online: live.online,
            heard_at: Some(live.heard_at),
        };
        policy.confidence(&trust)
    })
}

/// The pile's status as one word.
pub fn status(live: Option<&LiveView>) -> PileStatus {
    live.map_or(PileStatus::Unknown, |live| {
        let connectors = live.connectors.iter();
        PileStatus::roll_up(
            live.online,
            connectors.filter_map(|(id, connector)| Some((*id, connector_status(connector)?))),
        )
    })
}

/// When the newest of the statuses of a device was reported.
pub fn status_at(live: &LiveView) -> Option<DateTime<Utc>> {
    let reports = live.connectors.values().filter_map(|connector| connector.state.status.as_ref());
    reports.map(Latest::at).max()
}

/// The status that a connector last reported.
pub fn connector_status(connector: &LiveConnector) -> Option<ConnectorStatus> {
    connector.state.status.as_ref().map(|status| status.newest().value.status)
}

/// The power that flows, in W: the newest reading, unless the connector has stopped charging since. Devices do not send
/// a last reading of zero.
pub fn power_w(connector: &LiveConnector) -> Option<f64> {
    let power = connector.state.power_w?;
    let latest = connector.state.status.as_ref();
    let stopped = latest.is_some_and(|latest| {
        latest.newest().value.status != ConnectorStatus::Charging && latest.at() > power.at
    });
    (!stopped).then_some(power.value)
}

/// Energy of the session that goes on at a connector, in Wh.
pub fn session_energy_wh(connector: &LiveConnector) -> Option<f64> {
    let session = connector.session.as_ref()?;
    session.energy_wh(connector.state.registers.of_session(session))
}
