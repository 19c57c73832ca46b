//! Whether a device is there: from signs of life and goodbyes, in whatever order they arrive.

use crate::event::GatewayEvent;
use crate::ids::{EventKey, GatewayId};
use crate::latest::{Latest, Offered, Report};
use crate::order::Stamp;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// The newest sign of life, and the goodbyes that are newer still.
#[derive(Debug, Clone, PartialEq)]
pub struct Liveness {
    /// The newest sign of life and the gateway that passed it on; `None` when only goodbyes were heard.
    pub seen: Option<Latest<Option<GatewayId>>>,
    /// Goodbyes newer than the newest sign of life. One from a pod that the device has left counts for nothing.
    pub goodbyes: Vec<Goodbye>,
    /// The newest instant of any event of the device.
    pub last_seen_at: DateTime<Utc>,
    /// The newest instant of a boot or a heartbeat.
    pub last_heartbeat_at: Option<DateTime<Utc>>,
}

/// A gateway's word that it lost the device.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Goodbye {
    /// Its place in the order of events.
    pub stamp: Stamp,
    /// The event that said so.
    pub event: EventKey,
    /// The gateway that lost the device.
    pub gateway: Option<GatewayId>,
}

/// More goodbyes than this, all newer than the newest sign of life, are not remembered: the oldest is forgotten.
const MAX_GOODBYES: usize = 8;

impl Liveness {
    /// A device of which nothing but the time of this first event is known.
    #[must_use]
    pub const fn new(first_seen_at: DateTime<Utc>) -> Self {
        Self { seen: None, goodbyes: Vec::new(), last_seen_at: first_seen_at, last_heartbeat_at: None }
    }

    /// The gateway that the device was last heard through.
    #[must_use]
    pub fn gateway(&self) -> Option<&GatewayId> {
        self.seen.as_ref()?.newest().value.as_ref()
    }

    /// Whether the device is there: heard of, and not said goodbye to since by the gateway that it was heard through.
    #[must_use]
    pub fn online(&self) -> bool {
        let Some(seen) = &self.seen else { return false };
        let seen = seen.newest();
        !self.goodbyes.iter().any(|goodbye| goodbye.stamp > seen.stamp && goodbye.ends(seen.value.as_ref()))
    }

    /// Takes a sign of life in.
    pub fn hear(&mut self, event: &GatewayEvent, stamp: Stamp) -> Offered {
        let report = Report { stamp, event: EventKey::of(&event.event_id), value: event.gateway_id.clone() };
        let offered = crate::latest::offer(&mut self.seen, report);
        self.forget_outlived_goodbyes();
        offered
    }

    /// Takes a goodbye in. It is `Stale` when it says nothing new: from a gateway that the device has left, or older than
    /// a sign of life.
    pub fn part(&mut self, event: &GatewayEvent, stamp: Stamp) -> Offered {
        let key = EventKey::of(&event.event_id);
        if let Some(held) = self.goodbyes.iter_mut().find(|held| held.event == key) {
            held.stamp = held.stamp.min(stamp);
            return Offered::Duplicate;
        }
        let was_online = self.online();
        self.goodbyes.push(Goodbye { stamp, event: key, gateway: event.gateway_id.clone() });
        self.goodbyes.sort_by_key(|goodbye| goodbye.stamp);
        self.forget_outlived_goodbyes();
        if was_online && !self.online() { Offered::Newest } else { Offered::Stale }
    }

    /// Takes a device that is online but was not heard for longer than `timeout`, at `now`, for gone: as if the gateway that
    /// it was heard through had said goodbye when the time was up. Says whether it did.
    pub fn fall_silent(&mut self, now: DateTime<Utc>, timeout: TimeDelta) -> bool {
        let Some(seen) = self.seen.as_ref().map(Latest::newest) else { return false };
        let gone_at = seen.stamp.at + timeout;
        if !self.online() || now <= gone_at {
            return false;
        }
        // Stamp and key follow from the sign of life alone: whoever notices, and whenever, notes the same.
        let stamp = Stamp { at: gone_at, ..seen.stamp };
        self.goodbyes.push(Goodbye { stamp, event: seen.event, gateway: seen.value.clone() });
        true
    }

    fn forget_outlived_goodbyes(&mut self) {
        if let Some(seen) = &self.seen {
            let newest = seen.newest().stamp;
            self.goodbyes.retain(|goodbye| goodbye.stamp.at >= newest.at);
        }
        let surplus = self.goodbyes.len().saturating_sub(MAX_GOODBYES);
        self.goodbyes.drain(..surplus);
    }
}

impl Goodbye {
    /// Whether this goodbye is of the gateway that the device was heard through. A gateway that gave no name ends
    /// nothing, unless the device was heard through one that gave none either.
    fn ends(&self, seen_through: Option<&GatewayId>) -> bool {
        seen_through.is_none_or(|gateway| self.gateway.as_ref() == Some(gateway))
    }
}
