//! Whether a device is connected, derived from signs of life and disconnections regardless of their
//! order of arrival.
//!
//! They are ordered by their records, not by the times that they claim: a device is online because
//! the platform received an event, regardless of the device's clock. Every record of a sign of life
//! counts, even a copy. Of several copies of a disconnection only the first record counts.

use crate::event::GatewayEvent;
use crate::ids::{EventKey, GatewayId};
use crate::latest::Report;
use crate::merged::Merged;
use crate::order::Stamp;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// The newest sign of life, and the disconnections after it.
#[derive(Debug, Clone, PartialEq)]
pub struct Liveness {
    /// The record of the newest sign of life, with the gateway that holds the device; `None` if
    /// only disconnections were received.
    pub seen: Option<Report<Option<GatewayId>>>,
    /// The sign of life that named that gateway, if it is another one: a copy, or an event of a
    /// late clock, does not name a newer gateway.
    pub holder: Option<Stamp>,
    /// Disconnections. Those newer than the newest sign of life count; older ones are kept for a
    /// while, so that a copy does not count as a newer one. A disconnection from a gateway that the
    /// device has left has no effect.
    pub disconnections: Vec<Disconnection>,
    /// Why the device may be gone although no event reported it; counts only while the sign of life
    /// that it names is the newest.
    pub doubt: Option<Doubt>,
    /// When the newest sign of life was written, by PostgreSQL's clock. Loaded, and set by the
    /// statement that writes the state; `None` while unknown.
    pub written_at: Option<DateTime<Utc>>,
    /// When the newest record of the device was appended.
    pub last_seen_at: DateTime<Utc>,
    /// When the newest record of a boot or a heartbeat was appended.
    pub last_heartbeat_at: Option<DateTime<Utc>>,
}

/// A disconnection: a gateway lost the device, or the device did not end its silence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Disconnection {
    /// The position in the order of events.
    pub stamp: Stamp,
    /// The event that reported it; for silence, the last sign of life before it.
    pub event: EventKey,
    /// The gateway that lost the device; `None` if unknown.
    pub gateway: Option<GatewayId>,
    /// The cause.
    #[serde(default)]
    pub cause: DisconnectionCause,
}

/// Why a device counts as disconnected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisconnectionCause {
    /// Its gateway reported the disconnection.
    #[default]
    #[serde(rename = "told")]
    Reported,
    /// The device was probed and sent no sign of life.
    Unanswered,
    /// The device was silent and could not be probed.
    #[serde(rename = "unasked")]
    Unprobed,
}

/// Why an online device is doubtful.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoubtReason {
    /// No device of its gateway was heard, not even those that were probed.
    GatewaySilent,
}

/// An online device may be gone. The doubt ends with the next sign of life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// Since when, by the platform's clock.
    pub since: DateTime<Utc>,
    /// The reason.
    pub reason: DoubtReason,
    /// The newest sign of life at that time.
    pub heard: EventKey,
}

/// The maximum number of remembered disconnections; the oldest is forgotten first.
const MAX_DISCONNECTIONS: usize = 12;
/// How long before the newest sign of life a remembered disconnection may have been appended.
const GOODBYES_REMEMBERED: TimeDelta = TimeDelta::minutes(10);

impl Liveness {
    /// The state of a device of which only the time of its first event is known.
    #[must_use]
    pub const fn new(first_seen_at: DateTime<Utc>) -> Self {
        Self {
            seen: None,
            holder: None,
            disconnections: Vec::new(),
            doubt: None,
            written_at: None,
            last_seen_at: first_seen_at,
            last_heartbeat_at: None,
        }
    }

    /// The gateway that holds the device: the one through which it was last heard.
    #[must_use]
    pub fn gateway(&self) -> Option<&GatewayId> {
        self.seen.as_ref()?.value.as_ref()
    }

    /// Whether the device is online: heard, and not reported as disconnected since by the gateway
    /// through which it was heard.
    #[must_use]
    pub fn online(&self) -> bool {
        let Some(seen) = &self.seen else { return false };
        !self.disconnections.iter().any(|disconnection| disconnection.ends(seen))
    }

    /// Applies a sign of life.
    pub fn observe(&mut self, event: &GatewayEvent, stamp: Stamp) -> Merged {
        let gateway = event.gateway_id.clone();
        let held = self.holder.or(self.seen.as_ref().map(|seen| seen.stamp));
        let holds = held.is_none_or(|held| stamp.holding() > held.holding());
        match &mut self.seen {
            Some(seen) if stamp.record() == seen.stamp.record() => return Merged::Known,
            Some(seen) if stamp.record() < seen.stamp.record() => {
                if !holds {
                    return Merged::Stale;
                }
                seen.value = gateway;
                self.holder = Some(stamp);
                return Merged::Changed;
            }
            seen => {
                let known = seen.take().and_then(|seen| seen.value);
                let value = if holds { gateway } else { known };
                *seen = Some(Report { stamp, event: EventKey::of(&event.event_id), value });
                self.holder = held.filter(|_| !holds);
            }
        }
        // A sign of life ends disconnections that were concluded from silence.
        self.disconnections.retain(|disconnection| disconnection.cause == DisconnectionCause::Reported);
        self.doubt = None;
        self.forget_outlived();
        Merged::Changed
    }

    /// Applies a gateway's disconnection. It is `Stale` if it adds nothing: from a gateway that the
    /// device has left, or older than a sign of life.
    pub fn part(&mut self, event: &GatewayEvent, stamp: Stamp) -> Merged {
        let key = EventKey::of(&event.event_id);
        let is_copy =
            |held: &&mut Disconnection| held.event == key && held.cause == DisconnectionCause::Reported;
        if let Some(held) = self.disconnections.iter_mut().find(is_copy) {
            if stamp.record() < held.stamp.record() {
                held.stamp = stamp;
            }
            return Merged::Known;
        }
        let was = (self.online(), self.confidence());
        self.disconnections.push(Disconnection {
            stamp,
            event: key,
            gateway: event.gateway_id.clone(),
            cause: DisconnectionCause::Reported,
        });
        self.disconnections.sort_by_key(|disconnection| disconnection.stamp.record());
        self.forget_outlived();
        if was == (self.online(), self.confidence()) { Merged::Stale } else { Merged::Changed }
    }

    fn forget_outlived(&mut self) {
        if let Some(seen) = &self.seen {
            let horizon = seen.stamp.appended_at - GOODBYES_REMEMBERED;
            self.disconnections.retain(|disconnection| disconnection.stamp.appended_at >= horizon);
        }
        let surplus = self.disconnections.len().saturating_sub(MAX_DISCONNECTIONS);
        self.disconnections.drain(..surplus);
    }
}

impl Disconnection {
    /// When the device disconnected: by the gateway's event, or when its timeout ended.
    pub(crate) fn at(&self) -> DateTime<Utc> {
        match self.cause {
            DisconnectionCause::Reported => self.stamp.heard_at(),
            DisconnectionCause::Unanswered | DisconnectionCause::Unprobed => self.stamp.at,
        }
    }

    /// Whether this disconnection ends what `seen`, the newest sign of life, shows. A gateway's
    /// disconnection does if it is later and from the gateway through which the device was heard.
    /// One from silence does until the device is heard again. A gateway without a name ends
    /// nothing, unless the device was heard through one without a name.
    pub(crate) fn ends(&self, seen: &Report<Option<GatewayId>>) -> bool {
        match self.cause {
            DisconnectionCause::Reported => {
                let same = seen.value.as_ref().is_none_or(|gateway| self.gateway.as_ref() == Some(gateway));
                // One with the very same record is the silence after it, as releases before
                // 2026-11-28 stored it.
                same && self.stamp.record() >= seen.stamp.record()
            }
            DisconnectionCause::Unanswered | DisconnectionCause::Unprobed => self.event == seen.event,
        }
    }
}
