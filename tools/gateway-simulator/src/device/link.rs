//! A charge point's connection to its gateway: connecting, disconnecting and restarting.

use super::{Device, LinkChange, Reaction};
use chrono::{DateTime, Utc};
use domain::commands::ResetKind;
use domain::event::{BootReport, EventKind};

/// Whether a charge point is connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkState {
    Down,
    Rebooting { until: DateTime<Utc> },
    Up { heartbeat_due: Option<DateTime<Utc>> },
}

impl Device {
    /// Whether it is connected to a gateway.
    #[must_use]
    pub const fn is_up(&self) -> bool {
        matches!(self.link, LinkState::Up { .. })
    }

    pub(super) fn boot_event(&self) -> EventKind {
        EventKind::Connected(BootReport {
            model: Some(self.spec.model.clone()),
            vendor: Some(self.spec.vendor.clone()),
            firmware_version: Some(self.spec.firmware.clone()),
            serial_number: Some(self.spec.charge_point_id.to_string()),
        })
    }

    /// Reports its boot and every connector.
    pub(super) fn link_up(&mut self, now: DateTime<Utc>, reaction: &mut Reaction) {
        self.resume(now, reaction);
        reaction.events.push(self.boot_event());
        let statuses = self.connectors.iter().map(|connector| connector.status_event());
        reaction.events.extend(statuses);
    }

    /// Reconnects without reporting anything, as after an interruption without a boot.
    pub(super) fn resume(&mut self, now: DateTime<Utc>, reaction: &mut Reaction) {
        let heartbeat_due = self.pace.heartbeat.map(|interval| now + self.pace.first(interval));
        self.link = LinkState::Up { heartbeat_due };
        reaction.link = Some(LinkChange::Up);
    }

    pub(super) fn link_down(&mut self, reason: &str, reaction: &mut Reaction) {
        if self.is_up() {
            reaction.link = Some(LinkChange::Down);
            reaction.events.push(EventKind::Disconnected { reason: Some(reason.to_owned()) });
        }
        self.link = LinkState::Down;
    }

    /// Ends every transaction and disconnects, to come back after a while.
    pub(super) fn restart(&mut self, kind: ResetKind, now: DateTime<Utc>, reaction: &mut Reaction) {
        let reason = match kind {
            ResetKind::Soft => "SoftReset",
            ResetKind::Hard => "HardReset",
        };
        for connector in &mut self.connectors {
            connector.stop(reason, now, reaction);
            connector.restart();
        }
        self.link_down("Reset", reaction);
        self.link = LinkState::Rebooting { until: now + self.pace.reboot };
    }
}
