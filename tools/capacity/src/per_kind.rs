//! Values per kind of event.

/// One value for each kind of event.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PerKind<T> {
    /// `charge_point.heartbeat`.
    pub heartbeat: T,
    /// `transaction.meter_values`.
    pub meter_values: T,
    /// `connector.status_changed`.
    pub status_changed: T,
    /// `transaction.started`.
    pub started: T,
    /// `transaction.stopped`.
    pub stopped: T,
    /// `charge_point.connected`.
    pub connected: T,
    /// `charge_point.disconnected`.
    pub disconnected: T,
}

/// The number of events of each kind.
pub type EventCounts = PerKind<f64>;

impl<T: Copy> PerKind<T> {
    /// The values in the order of the fields.
    pub const fn values(&self) -> [T; 7] {
        [
            self.heartbeat,
            self.meter_values,
            self.status_changed,
            self.started,
            self.stopped,
            self.connected,
            self.disconnected,
        ]
    }
}

impl EventCounts {
    /// The number of all events.
    pub fn total(&self) -> f64 {
        self.values().iter().sum()
    }

    /// The sum of `cost` over all events, when one event of each kind has the costs in `costs`.
    pub fn total_cost<T: Copy>(&self, costs: &PerKind<T>, cost: impl Fn(T) -> f64) -> f64 {
        self.values().into_iter().zip(costs.values()).map(|(count, of_kind)| count * cost(of_kind)).sum()
    }
}
