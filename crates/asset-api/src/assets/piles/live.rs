//! Derives the shown state of a pile from the live state of its charge point.

use crate::freshness::{Confidence, FreshnessPolicy};
use chrono::{DateTime, Utc};
use domain::latest::Latest;
use domain::status::{ConnectorStatus, PileStatus};
use storage::assets::availability::Trust;
use storage::assets::piles::{LiveConnector, LiveView};

/// The confidence in `live`.
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

/// The pile's status, rolled up from its connectors.
pub fn status(live: Option<&LiveView>) -> PileStatus {
    live.map_or(PileStatus::Unknown, |live| {
        let connectors = live.connectors.iter();
        PileStatus::roll_up(
            live.online,
            connectors.filter_map(|(id, connector)| Some((*id, connector_status(connector)?))),
        )
    })
}

/// The time of the newest status of any connector; `None` when none was reported.
pub fn status_at(live: &LiveView) -> Option<DateTime<Utc>> {
    let reports = live.connectors.values().filter_map(|connector| connector.state.status.as_ref());
    reports.map(Latest::at).max()
}

/// The status that a connector last reported.
pub fn connector_status(connector: &LiveConnector) -> Option<ConnectorStatus> {
    connector.state.status.as_ref().map(|status| status.newest().value.status)
}

/// The current power, in W: the newest meter value, unless the connector has stopped charging
/// since. Devices do not send a final value of zero.
pub fn power_w(connector: &LiveConnector) -> Option<f64> {
    let power = connector.state.power_w?;
    let latest = connector.state.status.as_ref();
    let stopped = latest.is_some_and(|latest| {
        latest.newest().value.status != ConnectorStatus::Charging && latest.at() > power.at
    });
    (!stopped).then_some(power.value)
}

/// Energy of the open session of a connector, in Wh.
pub fn session_energy_wh(connector: &LiveConnector) -> Option<f64> {
    let session = connector.session.as_ref()?;
    session.energy_wh(connector.state.registers.of_session(session))
}
