//! The deployed gateway: its events, its keys, how it handles commands, and how it ends.

mod commands;
mod events;
mod keys;
mod pods;
mod process;

use crate::harness::{Harness, settings as contract_settings};
use domain::commands::{CommandKind, TriggeredMessage};
use domain::ids::ChargePointId;
use gateway_simulator::{Manner, SimulatorSettings};

/// Settings of a deployed gateway whose devices sample every second.
fn settings() -> SimulatorSettings {
    let mut settings = contract_settings();
    settings.behaviour.manner = Manner::Deployed;
    settings.life.meter_interval_s = 1;
    settings
}

fn trigger(requested: TriggeredMessage) -> CommandKind {
    CommandKind::TriggerMessage { requested, connector_id: None }
}

/// Waits until the device has reported something after its first `earlier` acknowledged events.
async fn events_of(harness: &Harness, id: &ChargePointId, earlier: usize) -> Vec<String> {
    let names = || {
        let events = harness.simulator.events();
        let own = events.iter().filter(|sent| sent.event.charge_point_id == *id);
        own.skip(earlier).map(|sent| sent.event.kind.name().to_owned()).collect::<Vec<_>>()
    };
    testkit::eventually("an event", || async { !names().is_empty() }).await;
    names()
}
