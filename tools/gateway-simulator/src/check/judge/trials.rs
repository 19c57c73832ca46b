//! The trials of devices: which devices can be commanded, and how their trials proceed.

use super::Judge;
use crate::check::device::Device;
use crate::check::trials::{Phase, Trial};
use chrono::{DateTime, Utc};
use domain::ids::{ChargePointId, CommandId, ConnectorId, GatewayId};

impl Judge {
    /// Devices that can be commanded, with the pods that hold them: key and events agree.
    pub fn commandable(&self) -> impl Iterator<Item = (&ChargePointId, &GatewayId)> {
        self.devices.iter().filter_map(|(id, device)| Some((id, device.held_by()?)))
    }

    /// A connector of that device with a known status, if there is any.
    #[must_use]
    pub fn connector_of(&self, id: &ChargePointId) -> Option<ConnectorId> {
        self.devices.get(id).and_then(Device::reported_connector)
    }

    /// Whether that device has been observed for long enough that its first events have been read.
    #[must_use]
    pub fn is_settled(&self, id: &ChargePointId, now: DateTime<Utc>) -> bool {
        self.devices.get(id).is_some_and(|device| device.is_settled(now, &self.parameters))
    }

    /// A trial of a device begins.
    pub fn begin_trial(&mut self, trial: Trial) {
        self.trials.begin(trial);
    }

    /// From now on, the effects at that device are effects of the commands of this phase.
    pub fn enter_phase(&mut self, id: &ChargePointId, phase: Phase) {
        self.trials.enter(id, phase);
    }

    /// How often that device has executed commands of this phase.
    #[must_use]
    pub fn effects(&self, id: &ChargePointId, phase: Phase) -> u32 {
        self.trials.effects(id, phase)
    }

    /// Whether a command was answered.
    #[must_use]
    pub fn is_answered(&self, command: CommandId) -> bool {
        self.trials.is_answered(command)
    }

    /// The trial of that device is over; its outcome can be judged.
    pub fn conclude_trial(&mut self, id: &ChargePointId) {
        let holder = self.devices.get(id).and_then(Device::held_by);
        self.observed.commanded += 1;
        self.trials.conclude(id, holder, &mut self.tallies);
    }

    /// A command could not be published.
    pub fn record_unpublished(&mut self) {
        self.observed.unpublished += 1;
    }
}
