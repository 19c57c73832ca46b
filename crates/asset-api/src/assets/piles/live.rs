//! What readers are told of a device, from what was heard of it.

use crate::freshness::Reading;
use chrono::{DateTime, Utc};
use domain::latest::Latest;
use domain::status::{ConnectorStatus, PileStatus};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;
use storage::assets::availability::Trust;
use storage::assets::piles::{LiveConnector, LiveView};

/// How far what is shown can be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// It is so, as far as anyone knows.
    Live,
    /// The device should have been heard since, and nobody has said yet that it is gone; or there may be more to know, for
    /// ingestors are behind.
    Stale,
    /// It may be otherwise: the device is online, but its gateway is silent; or it is offline because of silence alone, for it could
    /// not be asked.
    Doubtful,
    /// The device is offline: it was asked for a sign of life and sent none.
    Unanswered,
    /// The device was never heard.
    Unknown,
}

/// What is known beside what a device says.
#[derive(Clone, Copy)]
pub struct Doubts<'a> {
    /// A device that is there is heard after this.
    pub silent_since: DateTime<Utc>,
    /// How far ingestors are.
    pub reading: &'a Reading,
}

/// How far `live` can be trusted.
pub fn confidence(live: Option<&LiveView>, doubts: Doubts<'_>) -> Confidence {
    live.map_or(Confidence::Unknown, |live| {
        let trust = Trust {
            confidence: Some(live.confidence),
            partition: live.partition,
            online: live.online,
            heard_at: Some(live.heard_at),
        };
        of_trust(&trust, doubts)
    })
}

/// The same from what decides it.
pub fn of_trust(trust: &Trust, doubts: Doubts<'_>) -> Confidence {
    let is_silent = trust.online && trust.heard_at.is_some_and(|at| at < doubts.silent_since);
    match trust.confidence {
        None => Confidence::Unknown,
        Some(_) if doubts.reading.is_behind(trust.partition) => Confidence::Stale,
        Some(domain::devices::presence::Confidence::Doubtful) => Confidence::Doubtful,
        Some(domain::devices::presence::Confidence::Unanswered) => Confidence::Unanswered,
        Some(domain::devices::presence::Confidence::Live) if is_silent => Confidence::Stale,
        Some(domain::devices::presence::Confidence::Live) => Confidence::Live,
    }
}

/// How many piles there are of each confidence; none of those that are not here.
pub fn count_by_confidence<'a>(
    trust: impl IntoIterator<Item = (&'a Trust, i64)>,
    doubts: Doubts<'_>,
) -> BTreeMap<Confidence, i64> {
    let mut counts = BTreeMap::new();
    for (trust, count) in trust {
        *counts.entry(of_trust(trust, doubts)).or_default() += count;
    }
    counts
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
