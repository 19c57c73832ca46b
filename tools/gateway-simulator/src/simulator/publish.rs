//! Publishes a device's reactions: keys to Redis, events to Kafka.

use super::{Core, Origin, Slot};
use crate::device::{LinkChange, Reaction};
use crate::error::SimulatorError;
use crate::publisher::{Outgoing, Receipt, SentEvent};
use domain::event::{EventKind, GatewayEvent};
use domain::ids::{ChargePointId, EventId};
use runtime::lock::MutexExt as _;
use runtime::trace::TraceHeaders;
use uuid::Uuid;

/// An event that is being sent.
#[derive(Debug)]
#[must_use = "whether it arrives shows only when it is awaited"]
pub(crate) struct Pending {
    event: GatewayEvent,
    receipt: Receipt,
}

impl Pending {
    /// Waits until Kafka has acknowledged it.
    pub(super) async fn sent(self) -> Result<SentEvent, SimulatorError> {
        let position = self.receipt.await.map_err(|_gone| SimulatorError::Stopped)??;
        Ok(SentEvent { event: self.event, position })
    }
}

/// Waits until Kafka has acknowledged all of them.
pub(super) async fn all_sent(pending: Vec<Pending>) -> Result<Vec<SentEvent>, SimulatorError> {
    let mut sent = Vec::with_capacity(pending.len());
    for event in pending {
        sent.push(event.sent().await?);
    }
    Ok(sent)
}

impl Core {
    /// Queues the events of a device's reaction, in order. A key is written before the device is
    /// announced, and deleted after its disconnection is reported, if the gateway deletes keys. If
    /// a key cannot be written, the events are sent anyway: a refresh may still write it.
    pub(crate) async fn react(
        &self,
        slot: &mut Slot,
        reaction: Reaction,
        origin: &Origin,
    ) -> Result<Vec<Pending>, SimulatorError> {
        let id = slot.device.spec().charge_point_id.clone();
        if reaction.link == Some(LinkChange::Up) {
            self.record_holder(&id, Some(origin.pod));
        }
        let key =
            if self.behaviour.writes_key(&reaction) { self.write_key(&id, origin.pod).await } else { Ok(()) };
        let mut pending = Vec::with_capacity(reaction.events.len());
        for event in reaction.events {
            pending.extend(self.publish_event(&id, event, origin).await?);
        }
        if reaction.link == Some(LinkChange::Down) {
            self.record_holder(&id, None);
            if self.behaviour.maintains_keys() {
                self.delete_key(&id, origin.pod).await?;
            }
        }
        key.map(|()| pending)
    }

    /// Queues one event, unless the pod does not send such events or is down.
    pub(crate) async fn publish_event(
        &self,
        charge_point_id: &ChargePointId,
        event: EventKind,
        origin: &Origin,
    ) -> Result<Option<Pending>, SimulatorError> {
        let Some(pod) = self.pod(origin.pod).filter(|pod| pod.is_up()) else {
            return Ok(None);
        };
        let Some(kind) = self.behaviour.reported(event) else {
            return Ok(None);
        };
        let name = Uuid::now_v7().to_string();
        let event_id = EventId::parse(&name).map_err(|error| SimulatorError::Settings(error.to_string()))?;
        let event = GatewayEvent {
            event_id,
            charge_point_id: charge_point_id.clone(),
            gateway_id: Some(pod.id.clone()),
            claimed_at: Some(origin.at),
            trace_id: origin.trace_id.clone(),
            kind,
        };
        self.send(event, &origin.trace).await.map(Some)
    }

    /// Queues this event; in the order of its pod's events if it names one of these pods.
    pub(super) async fn send(
        &self,
        event: GatewayEvent,
        trace: &TraceHeaders,
    ) -> Result<Pending, SimulatorError> {
        let pod = self.pods.iter().find(|pod| event.gateway_id.as_ref() == Some(&pod.id));
        let value = self.behaviour.encode(&event);
        let (outgoing, receipt) = Outgoing::new(event.charge_point_id.as_str(), value, runtime::clock::now())
            .with_trace(trace)
            .with_event(event.clone())
            .with_receipt();
        match pod {
            Some(pod) => {
                let outgoing = outgoing.until_killed(pod.until_killed());
                match &pod.pacer {
                    Some(pacer) => pacer.enqueue(outgoing, &self.publisher),
                    None => self.publisher.enqueue(outgoing).await?,
                }
            }
            None => self.publisher.enqueue(outgoing).await?,
        }
        Ok(Pending { event, receipt })
    }

    async fn write_key(&self, id: &ChargePointId, pod: usize) -> Result<(), SimulatorError> {
        match self.pod(pod) {
            Some(holder) => Ok(self.directory.write(id, &holder.id).await?),
            None => Err(SimulatorError::NoSuchPod(pod)),
        }
    }

    pub(super) async fn delete_key(&self, id: &ChargePointId, pod: usize) -> Result<(), SimulatorError> {
        if let Some(holder) = self.pod(pod) {
            self.directory.delete(id, &holder.id).await?;
        }
        Ok(())
    }

    /// Records which pod holds a device, for the refreshes.
    pub(super) fn record_holder(&self, id: &ChargePointId, pod: Option<usize>) {
        let mut holders = self.holders.locked();
        match pod {
            Some(pod) => holders.insert(id.clone(), pod),
            None => holders.remove(id),
        };
    }
}
