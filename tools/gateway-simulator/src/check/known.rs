//! Recognises copies among the latest events, with bounded memory.

use super::log_position::LogPosition;
use domain::digest::fnv1a_64;
use domain::event::GatewayEvent;
use std::collections::{HashMap, VecDeque};

/// Digests of the latest events.
#[derive(Debug, Clone)]
pub(super) struct KnownEvents {
    /// By the digest of device and event id: the digest of the content, and the first position.
    seen: HashMap<u64, (u64, LogPosition)>,
    order: VecDeque<u64>,
    capacity: usize,
    /// Whether events were forgotten.
    pub(super) is_full: bool,
}

/// The result for an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// The id is new.
    New,
    /// The same event was received before, at that position.
    Copy(LogPosition),
    /// Another event with this id was received before, at that position.
    Other(LogPosition),
}

impl KnownEvents {
    pub(super) fn new(capacity: usize) -> Self {
        Self { seen: HashMap::new(), order: VecDeque::new(), capacity: capacity.max(1), is_full: false }
    }

    /// Remembers the event, and returns whether it was received before.
    pub(super) fn classify(&mut self, event: &GatewayEvent, position: LogPosition) -> Known {
        let name = fnv1a_64(format!("{}/{}", event.charge_point_id, event.event_id).as_bytes());
        // Without pod and trace, which may differ when another pod sends the event again.
        let content = fnv1a_64(format!("{:?}{:?}", event.claimed_at, event.kind).as_bytes());
        match self.seen.get(&name) {
            Some((known, first)) if *known == content => return Known::Copy(*first),
            Some((_, first)) => return Known::Other(*first),
            None => {}
        }
        self.seen.insert(name, (content, position));
        self.order.push_back(name);
        if self.order.len() > self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
            self.is_full = true;
        }
        Known::New
    }
}
