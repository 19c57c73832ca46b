//! One device of a load run.

use crate::device::{Device, DeviceSpec, Input, Pace, Reaction, TransactionIds};
use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};
use domain::event::EventKind;
use domain::ids::{ChargePointId, ConnectorId};
use std::collections::BTreeSet;

/// A device, and where it is.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) device: Device,
    /// The pod that it is connected to.
    pub(super) pod: usize,
    /// Connectors whose transaction no reading has named yet.
    unread: BTreeSet<ConnectorId>,
    last: DateTime<Utc>,
}

/// Something that happened to a device.
#[derive(Debug)]
pub(super) struct Happened {
    /// The device's number.
    pub(super) device: usize,
    /// The pod that saw it.
    pub(super) pod: usize,
    pub(super) at: DateTime<Utc>,
    pub(super) kind: EventKind,
}

impl Member {
    /// A device whose energy registers show `register_wh` at first.
    pub(super) fn new(id: ChargePointId, connectors: u16, pod: usize, register_wh: f64) -> Self {
        let never =
            Pace { heartbeat: None, phase: 1.0, meter: None, finishing: None, reboot: TimeDelta::zero() };
        let spec = DeviceSpec::new(id).with_connectors(connectors).with_register_wh(register_wh);
        let last = DateTime::<Utc>::MIN_UTC;
        Self { device: Device::new(spec, never), pod, unread: BTreeSet::new(), last }
    }

    /// The instant of what happens next: `now`, in whole milliseconds, and later than all that happened
    /// before. Gateways may write times in milliseconds; two charges of one instant cannot be told apart.
    pub(super) fn next_instant(&mut self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.last = now.trunc_subsecs(3).max(self.last + TimeDelta::milliseconds(1));
        self.last
    }

    /// Does what `input` asks.
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

    /// Whether a stop alone could not tell that the transaction on `connector` was there: another
    /// connector charges, too, whose transaction no reading has named.
    pub(super) fn needs_reading(&self, connector: ConnectorId) -> bool {
        self.unread.contains(&connector) && self.unread.len() > 1
    }
}
