//! A device's place in the simulator; whoever holds its lock is alone with the device.

use super::Core;
use crate::device::{Device, Input, Reaction};
use crate::driver::Driver;
use chrono::{DateTime, Utc};
use runtime::trace::TraceHeaders;

/// A device, the pod that it belongs to, and who uses it.
#[derive(Debug)]
pub(crate) struct Slot {
    pub(crate) device: Device,
    pub(crate) driver: Option<Driver>,
    /// The pod that it is, or was last, connected to.
    pub(crate) pod: usize,
    /// For when its next alarm is set.
    alarm: Option<DateTime<Utc>>,
}

/// Where something told comes from.
#[derive(Debug, Clone)]
pub(crate) struct Origin {
    /// The pod that tells it.
    pub(crate) pod: usize,
    /// When it happens.
    pub(crate) at: DateTime<Utc>,
    /// The trace that it belongs to.
    pub(crate) trace_id: Option<String>,
    /// The same, as headers.
    pub(crate) trace: TraceHeaders,
}

impl Origin {
    /// Something that happens now, of its own accord.
    pub(crate) fn now(pod: usize) -> Self {
        Self { pod, at: runtime::clock::now(), trace_id: None, trace: TraceHeaders::default() }
    }
}

impl Slot {
    pub(super) const fn new(device: Device, driver: Option<Driver>, pod: usize) -> Self {
        Self { device, driver, pod, alarm: None }
    }

    pub(crate) const fn is_online(&self) -> bool {
        self.device.is_up()
    }

    /// Whether it is connected to this pod.
    pub(crate) fn is_on(&self, pod: usize) -> bool {
        self.is_online() && self.pod == pod
    }

    /// Lets something happen to the device, and sets the alarm that it wants then.
    pub(crate) fn apply(&mut self, input: Input, origin: &Origin, core: &Core) -> Reaction {
        let reaction = self.device.apply(input, origin.at, &core.transaction_ids);
        self.set_alarm(core);
        reaction
    }

    /// The alarm went off: what does the driver want, or the device by itself?
    pub(super) fn wake(&mut self, now: DateTime<Utc>) -> Input {
        self.alarm = None;
        let driver = self.driver.as_mut().filter(|driver| driver.due() <= now);
        driver.and_then(|driver| driver.act(&self.device, now)).unwrap_or(Input::Tick)
    }

    fn set_alarm(&mut self, core: &Core) {
        let driver = self.driver.as_ref().map(Driver::due);
        let driver = driver.filter(|_| self.is_online());
        let Some(due) = self.device.due().into_iter().chain(driver).min() else {
            return;
        };
        if self.alarm.is_none_or(|set| due < set) {
            self.alarm = Some(due);
            core.schedule.set(due, self.device.spec().charge_point_id.clone());
        }
    }
}
