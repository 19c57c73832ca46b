//! The devices of a load run, and their next events.

use super::member::{Happened, Member};
use crate::device::{Connector, Input, TransactionIds};
use crate::error::SimulatorError;
use crate::manners::Manners;
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

/// At a deployed gateway, this share of the ending transactions is one of the newest: often no
/// meter values have named it, and only its stop shows it.
const SHORT_CHARGES: f64 = 0.25;

/// Devices by number.
#[derive(Debug)]
pub(super) struct Fleet {
    devices: Vec<Member>,
    pods: Vec<GatewayId>,
    /// Where transactions run.
    charging: Vec<(usize, ConnectorId)>,
    connectors: usize,
    moves: f64,
    random: Random,
    ids: TransactionIds,
    manners: Manners,
}

impl Fleet {
    pub(super) fn new(
        load: &LoadSettings,
        gateway: &GatewaySettings,
        manners: Manners,
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
                Ok(Member::new(id?, load.connectors, number % pods.len(), manners.first_register_wh()))
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
            manners,
        })
    }

    pub(super) fn charge_points(&self) -> impl Iterator<Item = ChargePointId> {
        self.devices.iter().map(|member| member.device.spec().charge_point_id.clone())
    }

    /// Connects all devices.
    pub(super) fn announce(&mut self, now: DateTime<Utc>) -> Vec<Happened> {
        (0..self.devices.len()).flat_map(|number| self.apply(number, Input::Connect, now)).collect()
    }

    /// Lets something happen to some device.
    pub(super) fn step(&mut self, now: DateTime<Utc>) -> Vec<Happened> {
        if self.random.happens(self.moves) {
            return self.move_one(now);
        }
        let dice = self.random.below(HEARTBEATS + METER_VALUES + PAUSES + SESSIONS);
        if dice < HEARTBEATS {
            let number = self.random.below(self.devices.len());
            return self.apply(number, Input::Heartbeat, now);
        }
        if dice < HEARTBEATS + SESSIONS {
            return self.begin_or_end(now);
        }
        let chosen = self.random.below(self.charging.len());
        let Some((number, connector)) = self.charging.get(chosen).copied() else {
            return self.begin(now);
        };
        if dice < HEARTBEATS + SESSIONS + METER_VALUES {
            return self.apply(number, Input::ReadMeter(connector), now);
        }
        self.pause_or_resume(number, connector, now)
    }

    /// The event that the pod sends for it.
    pub(super) fn event(&self, happened: &Happened) -> Result<GatewayEvent, SimulatorError> {
        let name = Uuid::now_v7().to_string();
        let event_id = EventId::parse(&name).map_err(|error| SimulatorError::Settings(error.to_string()))?;
        let member = self.devices.get(happened.device);
        let member = member.ok_or(SimulatorError::Stopped)?;
        Ok(GatewayEvent {
            event_id,
            charge_point_id: member.device.spec().charge_point_id.clone(),
            gateway_id: self.pods.get(happened.pod).cloned(),
            claimed_at: Some(happened.at),
            trace_id: None,
            kind: happened.kind.clone(),
        })
    }

    /// Keeps about half of the connectors busy.
    fn begin_or_end(&mut self, now: DateTime<Utc>) -> Vec<Happened> {
        if self.random.below(self.connectors) >= self.charging.len() {
            return self.begin(now);
        }
        let is_short = self.manners.is_deployed() && self.random.happens(SHORT_CHARGES);
        let newest = self.charging.len().saturating_sub(1);
        let chosen = if is_short { newest } else { self.random.below(self.charging.len()) };
        let (number, connector) = self.charging.swap_remove(chosen);
        let mut happened = Vec::new();
        let needs_reading = self.devices.get(number).is_some_and(|member| member.needs_reading(connector));
        if self.manners.is_deployed() && needs_reading {
            happened = self.apply(number, Input::ReadMeter(connector), now);
        }
        happened.extend(self.apply(number, Input::Unplug(connector), now));
        happened
    }

    fn begin(&mut self, now: DateTime<Utc>) -> Vec<Happened> {
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
    ) -> Vec<Happened> {
        let device = self.devices.get(number).map(|member| &member.device);
        let held = device.and_then(|device| device.connector(connector));
        let next = match held.map(Connector::status) {
            Some(ConnectorStatus::Charging) => ConnectorStatus::SuspendedEV,
            _ => ConnectorStatus::Charging,
        };
        self.apply(number, Input::Report(connector, next, None), now)
    }

    /// The new pod announces the device, then the old one reports the disconnection. At a deployed
    /// gateway, every second device comes without a boot, and only its next event shows the move.
    fn move_one(&mut self, now: DateTime<Utc>) -> Vec<Happened> {
        let number = self.random.below(self.devices.len());
        let step = 1 + self.random.below(self.pods.len().saturating_sub(1));
        let Some(member) = self.devices.get_mut(number) else {
            return Vec::new();
        };
        let old = member.pod;
        member.pod = (old + step) % self.pods.len();
        let is_elsewhere = member.pod != old;
        let is_silent = self.manners.is_deployed() && self.random.happens(0.5);
        let input = if is_silent { Input::Resume } else { Input::Connect };
        let mut happened = self.apply(number, input, now);
        if is_elsewhere {
            happened.push(Happened {
                device: number,
                pod: old,
                at: now + TimeDelta::milliseconds(1),
                kind: EventKind::Disconnected { reason: None },
            });
        }
        happened
    }

    fn apply(&mut self, number: usize, input: Input, now: DateTime<Utc>) -> Vec<Happened> {
        let Some(member) = self.devices.get_mut(number) else {
            return Vec::new();
        };
        let at = if self.manners.is_deployed() { member.next_instant(now) } else { now };
        let reaction = member.apply(input, at, &self.ids);
        let pod = member.pod;
        let happened = |kind| Happened { device: number, pod, at, kind };
        reaction.events.into_iter().map(happened).collect()
    }
}
