//! Judges events: copies and reused ids, and what they show about their devices and commands.

use super::Judge;
use crate::check::device::Device;
use crate::check::known::Known;
use crate::check::reception::Reception;
use crate::check::rule::Rule;
use domain::event::{EventKind, GatewayEvent};

impl Judge {
    pub(super) fn observe_event(&mut self, event: &GatewayEvent, reception: &Reception) {
        let (id, position) = (&event.charge_point_id, reception.position);
        let named = || format!("{id} {}", event.event_id);
        let known = self.events.classify(event, position);
        let is_copy = matches!(known, Known::Copy(_));
        self.tallies.judge(Rule::EventRepeated, !is_copy, || match known {
            Known::Copy(first) => format!("{position}: {} was received before at {first}", named()),
            Known::New | Known::Other(_) => named(),
        });
        if is_copy {
            return; // a copy shows nothing new
        }
        self.tallies.judge(Rule::EventIdReused, known == Known::New, || match known {
            Known::Other(first) => format!("{position}: {} belongs to another event at {first}", named()),
            Known::New | Known::Copy(_) => named(),
        });
        match &event.kind {
            EventKind::Heartbeat => self.heartbeats += 1,
            EventKind::CommandAnswered(_) => self.answers += 1,
            _ => {}
        }
        let is_restated = match &event.kind {
            EventKind::StatusChanged(report) => {
                self.devices.get(id).is_none_or(|device| device.is_restated(report))
            }
            _ => false,
        };
        self.trials.observe_event(event, is_restated, reception.seen_at);
        if !self.devices.contains_key(id) && self.devices.len() >= self.parameters.max_devices {
            self.observed.records_of_unjudged += 1;
            return;
        }
        let device =
            self.devices.entry(id.clone()).or_insert_with(|| Device::new(position, reception.seen_at));
        if matches!(event.kind, EventKind::Disconnected { .. }) {
            self.observed.disconnections += 1;
        }
        device.observe_event(event, reception, !self.observed.has_grown, &self.parameters, &mut self.tallies);
    }
}
