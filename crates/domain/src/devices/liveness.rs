//! Whether a device is there: from signs of life and goodbyes, in whatever order they arrive.
//!
//! They are ordered by their records, not by the times that they claim: a device is there because the platform was told so, whatever
//! its clock says. Every record of a sign of life counts, even a copy. Of copies of a goodbye only the first record counts.

use crate::event::GatewayEvent;
use crate::ids::{EventKey, GatewayId};
use crate::latest::{Offered, Report};
use crate::order::Stamp;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// The newest sign of life, and the goodbyes that are newer still.
#[derive(Debug, Clone, PartialEq)]
pub struct Liveness {
    /// The record of the newest sign of life, with the gateway that holds the device; `None` when only goodbyes were heard.
    pub seen: Option<Report<Option<GatewayId>>>,
    /// The sign of life that named that gateway, if it is another one: a copy, or a clock that is late, names no newer gateway.
    pub holder: Option<Stamp>,
    /// Goodbyes, of which those newer than the newest sign of life count; older ones are held for a while, so that a copy is no newer
    /// goodbye. One from a pod that the device has left has no effect.
    pub goodbyes: Vec<Goodbye>,
    /// Why it may be gone although nothing said so; counts only while the sign of life that it names is the newest.
    pub doubt: Option<Doubt>,
    /// When the newest sign of life was written, by PostgreSQL's clock. Loaded, and set by the statement that writes the state;
    /// `None` while that is not known.
    pub written_at: Option<DateTime<Utc>>,
    /// When the newest record of the device was appended.
    pub last_seen_at: DateTime<Utc>,
    /// When the newest record of a boot or a heartbeat was appended.
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

/// Why a device counts as gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GoodbyeCause {
    /// Its gateway reported it lost.
    #[default]
    Told,
    /// It was asked for a sign of life and sent none.
    Unanswered,
    /// It was silent, and it could not be asked.
    Unasked,
}

/// Why a device that is online is doubted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DoubtReason {
    /// None of the devices of its gateway was heard, not even those that were asked.
    GatewaySilent,
}

/// That a device which is online may be gone. It ends with the next sign of life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Doubt {
    /// Since when, by the platform's clock.
    pub since: DateTime<Utc>,
    /// Why.
    pub reason: DoubtReason,
    /// The newest sign of life at that time.
    pub heard: EventKey,
}

/// More goodbyes than this are not remembered: the oldest is forgotten.
const MAX_GOODBYES: usize = 12;
/// How long before the newest sign of life a goodbye was appended that is still remembered.
const GOODBYES_REMEMBERED: TimeDelta = TimeDelta::minutes(10);

impl Liveness {
    /// A device of which nothing but the time of this first event is known.
    #[must_use]
    pub const fn new(first_seen_at: DateTime<Utc>) -> Self {
        Self {
            seen: None,
            holder: None,
            goodbyes: Vec::new(),
            doubt: None,
            written_at: None,
            last_seen_at: first_seen_at,
            last_heartbeat_at: None,
        }
    }

    /// The gateway that holds the device: the one that it was last heard through.
    #[must_use]
    pub fn gateway(&self) -> Option<&GatewayId> {
        self.seen.as_ref()?.value.as_ref()
    }

    /// Whether the device is there: heard of, and not said goodbye to since by the gateway that it was heard through.
    #[must_use]
    pub fn online(&self) -> bool {
        let Some(seen) = &self.seen else { return false };
        !self.goodbyes.iter().any(|goodbye| goodbye.ends(seen))
    }

    /// Takes a sign of life in.
    pub fn hear(&mut self, event: &GatewayEvent, stamp: Stamp) -> Offered {
        let gateway = event.gateway_id.clone();
        let held = self.holder.or(self.seen.as_ref().map(|seen| seen.stamp));
        let holds = held.is_none_or(|held| stamp.holding() > held.holding());
        match &mut self.seen {
            Some(seen) if stamp.record() == seen.stamp.record() => return Offered::Duplicate,
            Some(seen) if stamp.record() < seen.stamp.record() => {
                if !holds {
                    return Offered::Stale;
                }
                seen.value = gateway;
                self.holder = Some(stamp);
                return Offered::Newest;
            }
            seen => {
                let known = seen.take().and_then(|seen| seen.value);
                let value = if holds { gateway } else { known };
                *seen = Some(Report { stamp, event: EventKey::of(&event.event_id), value });
                self.holder = held.filter(|_| !holds);
            }
        }
        // What was concluded from silence ends with it.
        self.goodbyes.retain(|goodbye| goodbye.cause == GoodbyeCause::Told);
        self.doubt = None;
        self.forget_outlived();
        Offered::Newest
    }

    /// Takes a gateway's goodbye in. It is `Stale` when it says nothing new: from a gateway that the device has left, or older
    /// than a sign of life.
    pub fn part(&mut self, event: &GatewayEvent, stamp: Stamp) -> Offered {
        let key = EventKey::of(&event.event_id);
        let is_copy = |held: &&mut Goodbye| held.event == key && held.cause == GoodbyeCause::Told;
        if let Some(held) = self.goodbyes.iter_mut().find(is_copy) {
            if stamp.record() < held.stamp.record() {
                held.stamp = stamp;
            }
            return Offered::Duplicate;
        }
        let was = (self.online(), self.confidence());
        self.goodbyes.push(Goodbye {
            stamp,
            event: key,
            gateway: event.gateway_id.clone(),
            cause: GoodbyeCause::Told,
        });
        self.goodbyes.sort_by_key(|goodbye| goodbye.stamp.record());
        self.forget_outlived();
        if was == (self.online(), self.confidence()) { Offered::Stale } else { Offered::Newest }
    }

    fn forget_outlived(&mut self) {
        if let Some(seen) = &self.seen {
            let horizon = seen.stamp.appended_at - GOODBYES_REMEMBERED;
            self.goodbyes.retain(|goodbye| goodbye.stamp.appended_at >= horizon);
        }
        let surplus = self.goodbyes.len().saturating_sub(MAX_GOODBYES);
        self.goodbyes.drain(..surplus);
    }
}

impl Goodbye {
    /// When the device went: by the gateway, or when its time was up.
    pub(crate) fn at(&self) -> DateTime<Utc> {
        match self.cause {
            GoodbyeCause::Told => self.stamp.heard_at(),
            GoodbyeCause::Unanswered | GoodbyeCause::Unasked => self.stamp.at,
        }
    }

    /// Whether this goodbye ends what `seen`, the newest sign of life, shows: a gateway's, if it is later and of the gateway that
    /// the device was heard through; that of silence, until the device is heard again. A gateway that gave no name ends
    /// nothing, unless the device was heard through one that gave none either.
    pub(crate) fn ends(&self, seen: &Report<Option<GatewayId>>) -> bool {
        match self.cause {
            GoodbyeCause::Told => {
                let same = seen.value.as_ref().is_none_or(|gateway| self.gateway.as_ref() == Some(gateway));
                // One of the very same record is the silence after it, as releases before 2026-11-28 stored it.
                same && self.stamp.record() >= seen.stamp.record()
            }
            GoodbyeCause::Unanswered | GoodbyeCause::Unasked => self.event == seen.event,
        }
    }
}
