//! The devices of a load run, and their next events.

use super::device::{DeviceEvent, LoadDevice};
use crate::behaviour::Behaviour;
use crate::device::{Connector, Input, TransactionIds};
use crate::error::SimulatorError;
use crate::random::Random;
use crate::settings::{GatewaySettings, LoadSettings};
use chrono::{DateTime, TimeDelta, Utc};
use domain::event::{EventKind, GatewayEvent};
use domain::ids::{ChargePointId, ConnectorId, EventId, GatewayId, IdTag};
use domain::status::ConnectorStatus;
use uuid::Uuid;

/// Of a hundred events, 50 are heartbeats, 35 meter values, 12 statuses and 3 of transactions. Each
/// start and each end of a transaction also leads to two statuses, so the steps have other weights.
const HEARTBEATS: usize = 50;
const METER_VALUES: usize = 35;
const PAUSES: usize = 6;
const SESSIONS: usize = 3;

/// At a deployed gateway, this share of the transactions that end is the newest one: often it is in
/// no meter values, and only its stop shows it.
const SHORT_SESSIONS: f64 = 0.25;

/// Devices by number.
#[derive(Debug)]
pub(super) struct Fleet {
    devices: Vec<LoadDevice>,
    pods: Vec<GatewayId>,
    /// The connectors on which transactions run.
    charging: Vec<(usize, ConnectorId)>,
    connectors: usize,
    moves: f64,
    random: Random,
    ids: TransactionIds,
    behaviour: Behaviour,
}

impl Fleet {
    pub(super) fn new(
        load: &LoadSettings,
        gateway: &GatewaySettings,
        behaviour: Behaviour,
    ) -> Result<Self, SimulatorError> {
        if load.charge_points == 0 || load.connectors == 0 || gateway.pods == 0 {
            return Err(SimulatorError::Settings(
                "load needs at least one charge point, connector and pod".to_owned(),
            ));
        }
        let unusable = |key: &str, why: String| SimulatorError::Settings(format!("{key}: {why}"));
        let pods = (0..gateway.pods)
            .map(|number| GatewayId::parse(&format!("{}{number}", gateway.pod_prefix)))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| unusable("gateway.pod_prefix", error.to_string()))?;
        let devices = (0..load.charge_points)
            .map(|number| ChargePointId::parse(&format!("{}{number:06}", load.id_prefix)))
            .enumerate()
            .map(|(number, id)| {
                Ok(LoadDevice::new(id?, load.connectors, number % pods.len(), behaviour.first_register_wh()))
            })
            .collect::<Result<Vec<_>, domain::text::InvalidText>>()
            .map_err(|error| unusable("load.id_prefix", error.to_string()))?;
        Ok(Self {
            connectors: devices.len() * usize::from(load.connectors),
            devices,
            pods,
            charging: Vec::new(),
            moves: load.moves,
            random: Random::new(load.seed, "fleet"),
            // Also for a deployed gateway, whose ids are not unique: the ledger records the session
            // of each.
            ids: TransactionIds::beginning(runtime::clock::now()),
            behaviour,
        })
    }

    pub(super) fn charge_points(&self) -> impl Iterator<Item = ChargePointId> {
        self.devices.iter().map(|member| member.device.spec().charge_point_id.clone())
    }

    /// Connects all devices.
    pub(super) fn announce(&mut self, now: DateTime<Utc>) -> Vec<DeviceEvent> {
        (0..self.devices.len()).flat_map(|number| self.apply(number, Input::Connect, now)).collect()
    }

    /// Applies a random input to a random device.
    pub(super) fn step(&mut self, now: DateTime<Utc>) -> Vec<DeviceEvent> {
        if self.random.happens(self.moves) {
            return self.move_device(now);
        }
        let draw = self.random.below(HEARTBEATS + METER_VALUES + PAUSES + SESSIONS);
        if draw < HEARTBEATS {
            let number = self.random.below(self.devices.len());
            return self.apply(number, Input::Heartbeat, now);
        }
        if draw < HEARTBEATS + SESSIONS {
            return self.begin_or_end(now);
        }
        let chosen = self.random.below(self.charging.len());
        let Some((number, connector)) = self.charging.get(chosen).copied() else {
            return self.begin(now);
        };
        if draw < HEARTBEATS + SESSIONS + METER_VALUES {
            return self.apply(number, Input::ReadMeter(connector), now);
        }
        self.pause_or_resume(number, connector, now)
    }

    /// The event as the gateway reports it.
    pub(super) fn gateway_event(&self, event: &DeviceEvent) -> Result<GatewayEvent, SimulatorError> {
        let name = Uuid::now_v7().to_string();
        let event_id = EventId::parse(&name).map_err(|error| SimulatorError::Settings(error.to_string()))?;
        let member = self.devices.get(event.device);
        let member = member.ok_or(SimulatorError::Stopped)?;
        Ok(GatewayEvent {
            event_id,
            charge_point_id: member.device.spec().charge_point_id.clone(),
            gateway_id: self.pods.get(event.pod).cloned(),
            claimed_at: Some(event.at),
            trace_id: None,
            kind: event.kind.clone(),
        })
    }

    /// Keeps about half of the connectors busy.
    fn begin_or_end(&mut self, now: DateTime<Utc>) -> Vec<DeviceEvent> {
        if self.random.below(self.connectors) >= self.charging.len() {
            return self.begin(now);
        }
        let is_short = self.behaviour.is_deployed() && self.random.happens(SHORT_SESSIONS);
        let newest = self.charging.len().saturating_sub(1);
        let chosen = if is_short { newest } else { self.random.below(self.charging.len()) };
        let (number, connector) = self.charging.swap_remove(chosen);
        let mut events = Vec::new();
        let needs_reading = self.devices.get(number).is_some_and(|member| member.needs_reading(connector));
        if self.behaviour.is_deployed() && needs_reading {
            events = self.apply(number, Input::ReadMeter(connector), now);
        }
        events.extend(self.apply(number, Input::Unplug(connector), now));
        events
    }

    fn begin(&mut self, now: DateTime<Utc>) -> Vec<DeviceEvent> {
        let number = self.random.below(self.devices.len());
        let free = self.devices.get(number).and_then(|member| {
            let mut connectors = member.device.connectors().iter();
            connectors.find(|connector| connector.is_free()).map(Connector::id)
        });
        let id_tag = IdTag::parse(&format!("LOAD-{number}"));
        let (Some(connector), Ok(id_tag)) = (free, id_tag) else {
            return self.apply(number, Input::Heartbeat, now);
        };
        self.charging.push((number, connector));
        self.apply(number, Input::Start(connector, id_tag), now)
    }

    fn pause_or_resume(
        &mut self,
        number: usize,
        connector: ConnectorId,
        now: DateTime<Utc>,
    ) -> Vec<DeviceEvent> {
        let device = self.devices.get(number).map(|member| &member.device);
        let connected = device.and_then(|device| device.connector(connector));
        let next = match connected.map(Connector::status) {
            Some(ConnectorStatus::Charging) => ConnectorStatus::SuspendedEV,
            _ => ConnectorStatus::Charging,
        };
        self.apply(number, Input::Report(connector, next, None), now)
    }

    /// The new pod announces the device, then the old one reports the disconnection. At a deployed
    /// gateway, every second device comes without a boot, and only its next event shows the move.
    fn move_device(&mut self, now: DateTime<Utc>) -> Vec<DeviceEvent> {
        let number = self.random.below(self.devices.len());
        let step = 1 + self.random.below(self.pods.len().saturating_sub(1));
        let Some(member) = self.devices.get_mut(number) else {
            return Vec::new();
        };
        let old = member.pod;
        member.pod = (old + step) % self.pods.len();
        let has_moved = member.pod != old;
        let without_boot = self.behaviour.is_deployed() && self.random.happens(0.5);
        let input = if without_boot { Input::Resume } else { Input::Connect };
        let mut events = self.apply(number, input, now);
        if has_moved {
            events.push(DeviceEvent {
                device: number,
                pod: old,
                at: now + TimeDelta::milliseconds(1),
                kind: EventKind::Disconnected { reason: None },
            });
        }
        events
    }

    fn apply(&mut self, number: usize, input: Input, now: DateTime<Utc>) -> Vec<DeviceEvent> {
        let Some(member) = self.devices.get_mut(number) else {
            return Vec::new();
        };
        let at = if self.behaviour.is_deployed() { member.next_instant(now) } else { now };
        let reaction = member.apply(input, at, &self.ids);
        let pod = member.pod;
        let device_event = |kind| DeviceEvent { device: number, pod, at, kind };
        reaction.events.into_iter().map(device_event).collect()
    }
}
