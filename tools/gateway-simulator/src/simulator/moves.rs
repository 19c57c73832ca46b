//! Connecting, disconnecting and moving devices.

use super::publish::all_sent;
use super::{Core, Origin, Simulator, Slot};
use crate::device::{Device, DeviceSpec, Input};
use crate::driver::Driver;
use crate::error::SimulatorError;
use crate::publisher::SentEvent;
use crate::random::Random;
use domain::event::EventKind;
use domain::ids::ChargePointId;
use runtime::lock::RwLockExt as _;
use std::sync::Arc;
use tokio::sync::Mutex;

/// The fate of the `conn:` key of a device that vanishes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyFate {
    /// It stays until it expires: the pod died, or has not noticed.
    Expires,
    /// The pod deletes it.
    Deleted,
}

/// When the old pod reports the disconnection of a device that has moved to another pod.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Disconnection {
    /// Never.
    Never,
    /// Before the device connects again.
    InTime,
    /// After the device has announced itself at the other pod; the device must stay online.
    Late,
}

impl Simulator {
    /// Connects a charge point: its key is written, it announces itself and reports every
    /// connector.
    ///
    /// A charge point that was connected before comes back in its previous state; then only the pod
    /// of `spec` is used.
    ///
    /// # Errors
    /// When it is already connected, the pod does not exist, or Kafka does not acknowledge an
    /// event.
    pub async fn connect(&self, spec: DeviceSpec) -> Result<Vec<SentEvent>, SimulatorError> {
        let id = spec.charge_point_id.clone();
        let pod = self.core.pod_for(&spec)?;
        self.core.require_up(pod)?;
        let slot = self.core.slot_for(spec, pod);
        let mut slot = slot.lock().await;
        if slot.is_online() {
            return Err(SimulatorError::AlreadyConnected(id));
        }
        slot.pod = pod;
        self.core.apply_and_wait(&mut slot, Input::Connect).await
    }

    /// Disconnects a charge point; its pod reports the disconnection.
    ///
    /// # Errors
    /// When it is not connected, or Kafka does not acknowledge an event.
    pub async fn disconnect(&self, id: &ChargePointId) -> Result<Vec<SentEvent>, SimulatorError> {
        let slot = self.core.online_slot(id)?;
        let mut slot = slot.lock().await;
        if !slot.is_online() {
            return Err(SimulatorError::NotConnected(id.clone()));
        }
        self.core.apply_and_wait(&mut slot, Input::Disconnect).await
    }

    /// Disconnects a charge point without a report.
    ///
    /// # Errors
    /// When it is not connected, or its key cannot be deleted.
    pub async fn vanish(&self, id: &ChargePointId, key: KeyFate) -> Result<(), SimulatorError> {
        let slot = self.core.online_slot(id)?;
        let mut slot = slot.lock().await;
        if !slot.is_online() {
            return Err(SimulatorError::NotConnected(id.clone()));
        }
        let origin = Origin::now(slot.pod);
        drop(slot.apply(Input::Disconnect, &origin, &self.core));
        self.core.record_holder(id, None);
        match key {
            KeyFate::Expires => Ok(()),
            KeyFate::Deleted => self.core.delete_key(id, origin.pod).await,
        }
    }

    /// Moves a charge point to another pod. Returns the events in the order in which they were
    /// sent.
    ///
    /// # Errors
    /// When it is not connected, the pod does not exist, or Kafka does not acknowledge an event.
    pub async fn move_to_pod(
        &self,
        id: &ChargePointId,
        pod: usize,
        disconnection: Disconnection,
    ) -> Result<Vec<SentEvent>, SimulatorError> {
        self.core.require_up(pod)?;
        let slot = self.core.online_slot(id)?;
        let mut slot = slot.lock().await;
        if !slot.is_online() {
            return Err(SimulatorError::NotConnected(id.clone()));
        }
        let old = slot.pod;
        let mut sent = Vec::new();
        if disconnection == Disconnection::InTime {
            sent.extend(self.core.report_disconnection(id, old).await?);
        }
        slot.pod = pod;
        sent.extend(self.core.apply_and_wait(&mut slot, Input::Connect).await?);
        if disconnection == Disconnection::Late {
            sent.extend(self.core.report_disconnection(id, old).await?);
        }
        Ok(sent)
    }
}

impl Core {
    /// The pod that the specification names; otherwise one that is selected by the device's id.
    pub(super) fn pod_for(&self, spec: &DeviceSpec) -> Result<usize, SimulatorError> {
        let chosen = || Random::new(0, spec.charge_point_id.as_str()).below(self.pods.len());
        let pod = spec.pod.unwrap_or_else(chosen);
        self.pod(pod).map(|_| pod).ok_or(SimulatorError::NoSuchPod(pod))
    }

    /// The device's slot; a new device gets one.
    pub(super) fn slot_for(&self, mut spec: DeviceSpec, pod: usize) -> Arc<Mutex<Slot>> {
        spec.register_wh = spec.register_wh.or(Some(self.behaviour.first_register_wh()));
        let settings = &self.settings;
        let mut slots = self.slots.writing();
        let slot = slots.entry(spec.charge_point_id.clone()).or_insert_with(|| {
            let driver = Driver::new(&settings.life, &spec.charge_point_id, runtime::clock::now());
            let pace = settings.life.pace(&settings.behaviour, &spec.charge_point_id);
            let device = Device::new(spec, pace);
            Arc::new(Mutex::new(Slot::new(device, driver, pod)))
        });
        Arc::clone(slot)
    }

    fn online_slot(&self, id: &ChargePointId) -> Result<Arc<Mutex<Slot>>, SimulatorError> {
        self.slot(id).ok_or_else(|| SimulatorError::NotConnected(id.clone()))
    }

    /// Applies `input`, and keeps the device locked until all events are acknowledged.
    async fn apply_and_wait(&self, slot: &mut Slot, input: Input) -> Result<Vec<SentEvent>, SimulatorError> {
        let origin = Origin::now(slot.pod);
        let reaction = slot.apply(input, &origin, self);
        let pending = self.react(slot, reaction, &origin).await?;
        all_sent(pending).await
    }

    async fn report_disconnection(
        &self,
        id: &ChargePointId,
        pod: usize,
    ) -> Result<Vec<SentEvent>, SimulatorError> {
        let event = EventKind::Disconnected { reason: Some("ConnectionLost".to_owned()) };
        let pending = self.publish_event(id, event, &Origin::now(pod)).await?;
        all_sent(pending.into_iter().collect()).await
    }
}
