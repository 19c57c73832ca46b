//! Killing and restarting pods, and reconnecting their devices.

use super::publish::all_sent;
use super::{Core, Origin, Simulator};
use crate::device::Input;
use crate::error::SimulatorError;
use crate::publisher::SentEvent;
use domain::ids::ChargePointId;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use runtime::lock::RwLockExt as _;

/// How a device reconnects after it lost its gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reconnect {
    /// As after a boot: it announces itself and reports every connector.
    WithBoot,
    /// As after an interruption: it reports nothing until something happens. The deployed gateway
    /// writes no key then, so the key still names the pod of the last boot.
    WithoutBoot,
}

impl Simulator {
    /// Kills a pod: its devices lose their connections, it reports nothing, their keys stay, and
    /// events that it has not sent yet are lost. It reads no commands until it is restarted, and
    /// the offsets of those that it read are not committed. Returns the devices that were connected
    /// to it; they stay disconnected until they are reconnected.
    ///
    /// # Errors
    /// When no pod has this number, or the pod is down.
    pub async fn kill_pod(&self, pod: usize) -> Result<Vec<ChargePointId>, SimulatorError> {
        let killed = self.core.pod(pod).ok_or(SimulatorError::NoSuchPod(pod))?;
        if !killed.kill() {
            return Err(SimulatorError::PodDown(pod));
        }
        self.core.claims().kill(pod, runtime::clock::now());
        Ok(self.core.disconnect_pod(pod).await)
    }

    /// Starts a killed pod again with its old id. In the contract's manner it continues at its
    /// last offsets. A deployed one starts at the last committed offsets, or without any at the
    /// oldest, and so executes commands again.
    ///
    /// # Errors
    /// When no pod has this number; one that is up is left alone.
    pub fn restart_pod(&self, pod: usize) -> Result<(), SimulatorError> {
        let restarted = self.core.pod(pod).ok_or(SimulatorError::NoSuchPod(pod))?;
        if restarted.restart() {
            self.core.claims().restart(pod);
        }
        Ok(())
    }

    /// Connects a known device to that pod, whether or not its old connection is closed.
    /// No pod reports a disconnection. Returns the events that were sent.
    ///
    /// # Errors
    /// When it was never connected, the pod does not exist or is down, or Kafka does not
    /// acknowledge an event.
    pub async fn reconnect(
        &self,
        id: &ChargePointId,
        pod: usize,
        how: Reconnect,
    ) -> Result<Vec<SentEvent>, SimulatorError> {
        self.core.require_up(pod)?;
        let slot = self.core.slot(id).ok_or_else(|| SimulatorError::NotConnected(id.clone()))?;
        let mut slot = slot.lock().await;
        slot.pod = pod;
        let input = match how {
            Reconnect::WithBoot => Input::Connect,
            Reconnect::WithoutBoot => Input::Resume,
        };
        let origin = Origin::now(pod);
        let reaction = slot.apply(input, &origin, &self.core);
        let pending = self.core.react(&mut slot, reaction, &origin).await?;
        drop(slot);
        all_sent(pending).await
    }

    /// Reconnects many devices to one pod; returns the number of events.
    ///
    /// # Errors
    /// The first error of [`reconnect`](Self::reconnect).
    pub async fn reconnect_all(
        &self,
        ids: impl IntoIterator<Item = ChargePointId>,
        pod: usize,
        how: Reconnect,
    ) -> Result<usize, SimulatorError> {
        stream::iter(ids)
            .map(|id| async move { Ok(self.reconnect(&id, pod, how).await?.len()) })
            .buffer_unordered(self.core.max_concurrent())
            .try_fold(0, |total, events| async move { Ok(total + events) })
            .await
    }

    /// Whether a pod runs; `None` if no pod has this number.
    #[must_use]
    pub fn is_pod_up(&self, pod: usize) -> Option<bool> {
        self.core.pod(pod).map(super::Pod::is_up)
    }

    /// Kills all pods, like a gateway that panics, and stops.
    pub(crate) async fn abandon(&self) {
        for pod in 0..self.core.pods.len() {
            // A pod that is already down need not be killed.
            drop(self.kill_pod(pod).await);
        }
        self.stop().await;
    }
}

impl Core {
    pub(super) fn require_up(&self, pod: usize) -> Result<(), SimulatorError> {
        match self.pod(pod) {
            None => Err(SimulatorError::NoSuchPod(pod)),
            Some(found) if !found.is_up() => Err(SimulatorError::PodDown(pod)),
            Some(_) => Ok(()),
        }
    }

    /// Disconnects the devices of a pod; returns them.
    async fn disconnect_pod(&self, pod: usize) -> Vec<ChargePointId> {
        let slots: Vec<_> = {
            let slots = self.slots.reading();
            slots.iter().map(|(id, slot)| (id.clone(), std::sync::Arc::clone(slot))).collect()
        };
        let mut lost = Vec::new();
        for (id, slot) in slots {
            let mut slot = slot.lock().await;
            if slot.pod != pod {
                continue;
            }
            // A rebooting device has a timer, and would come back to a pod that is down.
            if slot.is_online() || slot.device.due().is_some() {
                lost.push(id.clone());
            }
            drop(slot.apply(Input::Disconnect, &Origin::now(pod), self));
            self.record_holder(&id, None);
        }
        lost
    }
}
