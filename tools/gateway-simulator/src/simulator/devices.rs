//! Actions of many charge points.

use super::{Origin, Simulator};
use crate::device::{DeviceSpec, Input};
use crate::error::SimulatorError;
use domain::ids::ChargePointId;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use runtime::lock::RwLockExt as _;

impl Simulator {
    /// Connects many charge points, several concurrently; returns the number of events.
    ///
    /// # Errors
    /// The first error of [`connect`](Self::connect).
    pub async fn connect_all(
        &self,
        specs: impl IntoIterator<Item = DeviceSpec>,
    ) -> Result<usize, SimulatorError> {
        stream::iter(specs)
            .map(|spec| async { Ok(self.connect(spec).await?.len()) })
            .buffer_unordered(self.core.max_concurrent())
            .try_fold(0, |total, events| async move { Ok(total + events) })
            .await
    }

    /// Disconnects all charge points, like a gateway that is stopped in order.
    ///
    /// # Errors
    /// The first error of [`disconnect`](Self::disconnect).
    pub async fn disconnect_all(&self) -> Result<(), SimulatorError> {
        stream::iter(self.known())
            .map(Ok)
            .try_for_each_concurrent(self.core.max_concurrent(), |id| async move {
                let Some(slot) = self.core.slot(&id) else {
                    return Ok(());
                };
                let mut slot = slot.lock().await;
                let origin = Origin::now(slot.pod);
                let reaction = slot.apply(Input::Disconnect, &origin, &self.core);
                self.core.react(&mut slot, reaction, &origin).await.map(drop)
            })
            .await
    }

    /// All charge points that were ever connected.
    fn known(&self) -> Vec<ChargePointId> {
        let slots = self.core.slots.reading();
        slots.keys().cloned().collect()
    }
}
