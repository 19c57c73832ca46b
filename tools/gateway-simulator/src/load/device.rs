//! A device of a load run.

use crate::device::{Device, DeviceSpec, Input, Pace, Reaction, TransactionIds};
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use domain::event::EventKind;
use domain::ids::{ChargePointId, ConnectorId};
use std::collections::BTreeSet;

/// A device and its pod.
#[derive(Debug)]
pub(super) struct LoadDevice {
    pub(super) device: Device,
    /// The pod to which it is connected.
    pub(super) pod: usize,
    /// Connectors whose transaction is not in any meter values yet.
    unread: BTreeSet<ConnectorId>,
    last: DateTime<Utc>,
}

/// An event of a device.
#[derive(Debug)]
pub(super) struct DeviceEvent {
    /// The device's number.
    pub(super) device: usize,
    /// The pod that observed it.
    pub(super) pod: usize,
    pub(super) at: DateTime<Utc>,
    pub(super) kind: EventKind,
}

impl LoadDevice {
    /// A device whose energy registers show `register_wh` at first.
    pub(super) fn new(id: ChargePointId, connectors: u16, pod: usize, register_wh: f64) -> Self {
        let never =
            Pace { heartbeat: None, phase: 1.0, meter: None, finishing: None, reboot: TimeDelta::zero() };
        let spec = DeviceSpec::new(id).with_connectors(connectors).with_register_wh(register_wh);
        let last = DateTime::<Utc>::MIN_UTC;
        Self { device: Device::new(spec, never), pod, unread: BTreeSet::new(), last }
    }

    /// The instant of the next event: `now` in whole milliseconds, and later than all earlier
    /// events. Gateways may write times in milliseconds; two charges of one instant cannot be
    /// distinguished.
    pub(super) fn next_instant(&mut self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.last = now.trunc_subsecs(3).max(self.last + TimeDelta::milliseconds(1));
        self.last
    }

    /// Applies `input`.
    pub(super) fn apply(&mut self, input: Input, now: DateTime<Utc>, ids: &TransactionIds) -> Reaction {
        match &input {
            Input::Start(connector, _) => {
                self.unread.insert(*connector);
            }
            Input::ReadMeter(connector) | Input::Unplug(connector) => {
                self.unread.remove(connector);
            }
            _ => {}
        }
        self.device.apply(input, now, ids)
    }

    /// Whether a stop alone would not identify the transaction on `connector`, because another
    /// connector also has a transaction that is not in any meter values.
    pub(super) fn needs_reading(&self, connector: ConnectorId) -> bool {
        self.unread.contains(&connector) && self.unread.len() > 1
    }
}
