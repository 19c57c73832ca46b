//! The entry of a device in the simulator; its lock gives exclusive access to the device.

use super::Core;
use crate::device::{Device, Input, Reaction};
use crate::driver::Driver;
use chrono::{DateTime, Utc};
use runtime::trace::TraceHeaders;

/// A device, its pod and its driver.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) device: Device,
    pub(crate) driver: Option<Driver>,
    /// The pod to which it is, or was last, connected.
    pub(crate) pod: usize,
    /// The time of its next timer.
    timer: Option<DateTime<Utc>>,
}

/// The origin of an event.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// The pod that sends it.
    pub(crate) pod: usize,
    /// When it happens.
    pub(crate) at: DateTime<Utc>,
    /// The id of its trace.
    pub(crate) trace_id: Option<String>,
    /// The trace as headers.
    pub(crate) trace: TraceHeaders,
}

impl Origin {
    /// An event that happens now, without a cause.
    pub(crate) fn now(pod: usize) -> Self {
        Self { pod, at: runtime::clock::now(), trace_id: None, trace: TraceHeaders::default() }
    }
}

impl Slot {
    pub(super) const fn new(device: Device, driver: Option<Driver>, pod: usize) -> Self {
        Self { device, driver, pod, timer: None }
    }

    pub(crate) const fn is_online(&self) -> bool {
        self.device.is_up()
    }

    /// Whether it is connected to this pod.
    pub(crate) fn is_on(&self, pod: usize) -> bool {
        self.is_online() && self.pod == pod
    }

    /// Applies `input` to the device and sets its next timer.
    pub(crate) fn apply(&mut self, input: Input, origin: &Origin, core: &Core) -> Reaction {
        let reaction = self.device.apply(input, origin.at, &core.transaction_ids);
        self.set_timer(core);
        reaction
    }

    /// The input that is due when the timer fires: of the driver, or of the device itself.
    pub(super) fn wake(&mut self, now: DateTime<Utc>) -> Input {
        self.timer = None;
        let driver = self.driver.as_mut().filter(|driver| driver.due() <= now);
        driver.and_then(|driver| driver.act(&self.device, now)).unwrap_or(Input::Tick)
    }

    fn set_timer(&mut self, core: &Core) {
        let driver = self.driver.as_ref().map(Driver::due);
        let driver = driver.filter(|_| self.is_online());
        let Some(due) = self.device.due().into_iter().chain(driver).min() else {
            return;
        };
        if self.timer.is_none_or(|set| due < set) {
            self.timer = Some(due);
            core.schedule.set(due, self.device.spec().charge_point_id.clone());
        }
    }
}
