//! Actions of connected charge points. Every action returns once Kafka has acknowledged its events.

use super::publish::all_sent;
use super::{Core, Origin, Simulator};
use crate::device::Input;
use crate::error::SimulatorError;
use crate::publisher::{Outgoing, Position, SentEvent};
use domain::event::GatewayEvent;
use domain::ids::{ChargePointId, ConnectorId, IdTag};
use domain::status::ConnectorStatus;
use runtime::trace::TraceHeaders;

impl Simulator {
    /// Makes the device send a heartbeat.
    ///
    /// # Errors
    /// When it is not connected, or Kafka does not acknowledge its events; the same for all
    /// actions.
    pub async fn heartbeat(&self, id: &ChargePointId) -> Result<Vec<SentEvent>, SimulatorError> {
        self.core.act(id, Input::Heartbeat).await
    }

    /// Makes a connector (0 for the whole charge point) report this status and error code, whatever
    /// they were before.
    ///
    /// # Errors
    /// As for [`heartbeat`](Self::heartbeat).
    pub async fn set_status(
        &self,
        id: &ChargePointId,
        connector: ConnectorId,
        status: ConnectorStatus,
        error_code: Option<&str>,
    ) -> Result<Vec<SentEvent>, SimulatorError> {
        let input = Input::Report(connector, status, error_code.map(str::to_owned));
        self.core.act(id, input).await
    }

    /// Plugs a vehicle in: Available becomes Preparing.
    ///
    /// # Errors
    /// As for [`heartbeat`](Self::heartbeat).
    pub async fn plug_in(
        &self,
        id: &ChargePointId,
        connector: ConnectorId,
    ) -> Result<Vec<SentEvent>, SimulatorError> {
        self.core.act(id, Input::PlugIn(connector)).await
    }

    /// Unplugs the vehicle: a transaction ends, and the connector is Available.
    ///
    /// # Errors
    /// As for [`heartbeat`](Self::heartbeat).
    pub async fn unplug(
        &self,
        id: &ChargePointId,
        connector: ConnectorId,
    ) -> Result<Vec<SentEvent>, SimulatorError> {
        self.core.act(id, Input::Unplug(connector)).await
    }

    /// A driver starts charging with a card at the device.
    ///
    /// # Errors
    /// As for [`heartbeat`](Self::heartbeat).
    pub async fn start_charging(
        &self,
        id: &ChargePointId,
        connector: ConnectorId,
        id_tag: &IdTag,
    ) -> Result<Vec<SentEvent>, SimulatorError> {
        self.core.act(id, Input::Start(connector, id_tag.clone())).await
    }

    /// A driver stops charging at the device.
    ///
    /// # Errors
    /// As for [`heartbeat`](Self::heartbeat).
    pub async fn stop_charging(
        &self,
        id: &ChargePointId,
        connector: ConnectorId,
    ) -> Result<Vec<SentEvent>, SimulatorError> {
        self.core.act(id, Input::Stop(connector)).await
    }

    /// Makes a connector report its meter now.
    ///
    /// # Errors
    /// As for [`heartbeat`](Self::heartbeat).
    pub async fn read_meter(
        &self,
        id: &ChargePointId,
        connector: ConnectorId,
    ) -> Result<Vec<SentEvent>, SimulatorError> {
        self.core.act(id, Input::ReadMeter(connector)).await
    }

    /// Sends an event exactly as given, in the gateway's dialect: for example a duplicate, a late
    /// event, or one with an implausible time.
    ///
    /// # Errors
    /// When Kafka does not acknowledge it.
    pub async fn send(&self, event: GatewayEvent) -> Result<SentEvent, SimulatorError> {
        self.core.send(event, &TraceHeaders::default()).await?.sent().await
    }

    /// Sends these bytes instead of an event of that device.
    ///
    /// # Errors
    /// When Kafka does not acknowledge them.
    pub async fn send_bytes(&self, id: &ChargePointId, value: Vec<u8>) -> Result<Position, SimulatorError> {
        let (outgoing, receipt) = Outgoing::new(id.as_str(), value, runtime::clock::now()).with_receipt();
        self.core.publisher.enqueue(outgoing).await?;
        receipt.await.map_err(|_gone| SimulatorError::Stopped)?
    }
}

impl Core {
    /// Applies `input` to a connected device.
    async fn act(&self, id: &ChargePointId, input: Input) -> Result<Vec<SentEvent>, SimulatorError> {
        let not_connected = || SimulatorError::NotConnected(id.clone());
        let slot = self.slot(id).ok_or_else(not_connected)?;
        let mut slot = slot.lock().await;
        if !slot.is_online() {
            return Err(not_connected());
        }
        let origin = Origin::now(slot.pod);
        let reaction = slot.apply(input, &origin, self);
        let pending = self.react(&mut slot, reaction, &origin).await?;
        drop(slot);
        all_sent(pending).await
    }
}
