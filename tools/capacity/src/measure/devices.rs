//! Simulated devices that all do the same.

use chrono::{DateTime, TimeDelta, Utc};
use domain::event::{EventKind, GatewayEvent};
use domain::ids::{ChargePointId, ConnectorId, EventId, GatewayId, IdTag};
use gateway_simulator::DeviceSpec;
use gateway_simulator::device::{Device, Input, Pace, TransactionIds};
use uuid::Uuid;

const DEVICES: u32 = 2_000;

/// Devices that receive the same inputs.
pub struct Devices {
    devices: Vec<Device>,
    ids: TransactionIds,
    gateway: GatewayId,
}

impl Devices {
    /// Devices whose transactions begin at `now`. They send nothing without an input.
    pub fn new(now: DateTime<Utc>) -> anyhow::Result<Self> {
        let pace =
            Pace { heartbeat: None, phase: 0.0, meter: None, finishing: None, reboot: TimeDelta::seconds(3) };
        let device = |number: u32| {
            let id = ChargePointId::parse(&format!("SN2026-{number:07}"))?;
            Ok(Device::new(DeviceSpec::new(id), pace))
        };
        Ok(Self {
            devices: (0..DEVICES).map(device).collect::<anyhow::Result<_>>()?,
            ids: TransactionIds::beginning(now),
            gateway: GatewayId::parse("gateway-7d9f6c5b8-x2k4q")?,
        })
    }

    /// The inputs of a session, each with a prefix for the kinds of its events and the minutes that
    /// pass before it. The first meter values have a prefix: they also enter the ledger.
    pub fn session() -> anyhow::Result<[(&'static str, Input, i64); 7]> {
        let connector = ConnectorId::parse(1)?;
        let tag = IdTag::parse("04A2B3C4D5E680")?;
        Ok([
            ("", Input::Start(connector, tag), 20),
            ("first ", Input::ReadMeter(connector), 1),
            ("", Input::ReadMeter(connector), 1),
            ("", Input::Heartbeat, 5),
            ("", Input::ReadMeter(connector), 1),
            ("", Input::Stop(connector), 1),
            ("", Input::Unplug(connector), 1),
        ])
    }

    /// Applies `input` to each device. Returns the first events of all devices, then their second
    /// ones, and so on.
    pub fn apply(&mut self, input: &Input, now: DateTime<Utc>) -> anyhow::Result<Vec<Vec<GatewayEvent>>> {
        let mut events: Vec<Vec<GatewayEvent>> = Vec::new();
        for device in &mut self.devices {
            let id = device.spec().charge_point_id.clone();
            for (index, kind) in device.apply(input.clone(), now, &self.ids).events.into_iter().enumerate() {
                let event = event(id.clone(), self.gateway.clone(), now, kind)?;
                match events.get_mut(index) {
                    Some(others) => others.push(event),
                    None => events.push(vec![event]),
                }
            }
        }
        Ok(events)
    }
}

fn event(
    charge_point_id: ChargePointId,
    gateway: GatewayId,
    at: DateTime<Utc>,
    kind: EventKind,
) -> anyhow::Result<GatewayEvent> {
    Ok(GatewayEvent {
        event_id: EventId::parse(&Uuid::now_v7().to_string())?,
        charge_point_id,
        gateway_id: Some(gateway),
        claimed_at: Some(at),
        trace_id: None,
        kind,
    })
}
