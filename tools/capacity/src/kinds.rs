//! Numbers by kind of event.

/// One number, or whatever else, for each kind of event.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ByKind<T> {
    /// `charge_point.heartbeat`.
    pub heartbeat: T,
    /// `transaction.meter_values`.
    pub reading: T,
    /// `connector.status_changed`.
    pub status: T,
    /// `transaction.started`.
    pub start: T,
    /// `transaction.stopped`.
    pub stop: T,
    /// `charge_point.connected`.
    pub hello: T,
    /// `charge_point.disconnected`.
    pub goodbye: T,
}

/// Events, so many of each kind.
pub type Events = ByKind<f64>;

impl<T: Copy> ByKind<T> {
    /// All of them, in one order.
    pub const fn each(&self) -> [T; 7] {
        [self.heartbeat, self.reading, self.status, self.start, self.stop, self.hello, self.goodbye]
    }
}

impl Events {
    /// How many in all.
    pub fn total(&self) -> f64 {
        self.each().iter().sum()
    }

    /// What they come to, when one of each kind costs so much.
    pub fn at<T: Copy>(&self, costs: &ByKind<T>, cost: impl Fn(T) -> f64) -> f64 {
        self.each().into_iter().zip(costs.each()).map(|(number, of_kind)| number * cost(of_kind)).sum()
    }
}
