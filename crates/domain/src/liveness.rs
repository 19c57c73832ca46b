//! Whether a device is there: from signs of life and goodbyes, in whatever order they arrive.

use crate::event::GatewayEvent;
use crate::ids::{EventKey, GatewayId};
use crate::latest::{Latest, Offered, Report};
use crate::order::Stamp;
use crate::presence::{Doubt, GoodbyeCause};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The newest sign of life, and the goodbyes that are newer still.
#[derive(Debug, Clone, PartialEq)]
pub struct Liveness {
    /// The newest sign of life and the gateway that passed it on; `None` when only goodbyes were heard.
    pub seen: Option<Latest<Option<GatewayId>>>,
    /// Goodbyes newer than the newest sign of life. One from a pod that the device has left counts for nothing.
    pub goodbyes: Vec<Goodbye>,
    /// Why it may be gone although nothing said so; counts only while the sign of life that it names is the newest.
    pub doubt: Option<Doubt>,
    /// When the newest sign of life was written, by PostgreSQL's clock. Loaded, and set by the statement that writes the state;
    /// `None` while that is not known.
    pub written_at: Option<DateTime<Utc>>,
    /// The newest instant of any event of the device.
    pub last_seen_at: DateTime<Utc>,
    /// The newest instant of a boot or a heartbeat.
    pub last_heartbeat_at: Option<DateTime<Utc>>,
}

/// That the device is gone: a gateway reported it lost, or it did not end its silence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Goodbye {
    /// Its place in the order of events.
    pub stamp: Stamp,
    /// The event that said so; of silence, the last sign of life before it.
    pub event: EventKey,
    /// The gateway that lost the device.
    pub gateway: Option<GatewayId>,
    /// Why.
    #[serde(default)]
    pub cause: GoodbyeCause,
}

/// More goodbyes than this, all newer than the newest sign of life, are not remembered: the oldest is forgotten.
const MAX_GOODBYES: usize = 8;

impl Liveness {
    /// A device of which nothing but the time of this first event is known.
    #[must_use]
    pub const fn new(first_seen_at: DateTime<Utc>) -> Self {
        Self {
            seen: None,
            goodbyes: Vec::new(),
            doubt: None,
            written_at: None,
            last_seen_at: first_seen_at,
            last_heartbeat_at: None,
        }
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
        !self.goodbyes.iter().any(|goodbye| goodbye.ends(seen))
    }

    /// Takes a sign of life in.
    pub fn hear(&mut self, event: &GatewayEvent, stamp: Stamp) -> Offered {
        let report = Report { stamp, event: EventKey::of(&event.event_id), value: event.gateway_id.clone() };
        let offered = crate::latest::offer(&mut self.seen, report);
        self.forget_outlived();
        offered
    }

    /// Takes a gateway's goodbye in. It is `Stale` when it says nothing new: from a gateway that the device has left, or older
    /// than a sign of life.
    pub fn part(&mut self, event: &GatewayEvent, stamp: Stamp) -> Offered {
        let key = EventKey::of(&event.event_id);
        if let Some(held) = self.goodbyes.iter_mut().find(|held| held.event == key) {
            held.stamp = held.stamp.min(stamp);
            return Offered::Duplicate;
        }
        let was = (self.online(), self.confidence());
        self.goodbyes.push(Goodbye {
            stamp,
            event: key,
            gateway: event.gateway_id.clone(),
            cause: GoodbyeCause::Told,
        });
        self.goodbyes.sort_by_key(|goodbye| goodbye.stamp);
        self.forget_outlived();
        if was == (self.online(), self.confidence()) { Offered::Stale } else { Offered::Newest }
    }

    fn forget_outlived(&mut self) {
        if let Some(seen) = &self.seen {
            let seen = seen.newest();
            self.goodbyes.retain(|goodbye| match goodbye.cause {
                GoodbyeCause::Told => goodbye.stamp.at >= seen.stamp.at,
                GoodbyeCause::Unanswered | GoodbyeCause::Unasked => goodbye.event == seen.event,
            });
            self.doubt.take_if(|doubt| doubt.heard != seen.event);
        }
        let surplus = self.goodbyes.len().saturating_sub(MAX_GOODBYES);
        self.goodbyes.drain(..surplus);
    }
}

impl Goodbye {
    /// Whether this goodbye ends what `seen`, the newest sign of life, shows: a gateway's, if it is later and of the gateway that
    /// the device was heard through; that of silence, until the device is heard again. A gateway that gave no name ends
    /// nothing, unless the device was heard through one that gave none either.
    pub(crate) fn ends(&self, seen: &Report<Option<GatewayId>>) -> bool {
        match self.cause {
            GoodbyeCause::Told => {
                let same = seen.value.as_ref().is_none_or(|gateway| self.gateway.as_ref() == Some(gateway));
                same && self.stamp > seen.stamp
            }
            GoodbyeCause::Unanswered | GoodbyeCause::Unasked => self.event == seen.event,
        }
    }
}
