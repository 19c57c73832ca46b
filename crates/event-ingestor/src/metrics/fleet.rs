//! The fleet as it was counted last.

use domain::status::ConnectorStatus;
use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;
use std::sync::{Arc, Mutex, PoisonError};
use storage::devices::device_counts::Census;

/// What was counted last; `None` while another replica counts.
pub(super) type Fleet = Arc<Mutex<Option<Census>>>;

/// Gauges that report, whenever they are asked, what was counted last.
pub(super) fn observed(meter: &Meter) -> Fleet {
    let fleet = Fleet::default();
    let counted = Arc::clone(&fleet);
    meter
        .i64_observable_gauge("fleet.charge_points")
        .with_description("Devices that were ever heard, by whether they are connected to a gateway")
        .with_callback(move |observer| {
            if let Some(census) = &*counted.lock().unwrap_or_else(PoisonError::into_inner) {
                observer.observe(census.online, &[KeyValue::new("connectivity", "online")]);
                observer.observe(census.offline, &[KeyValue::new("connectivity", "offline")]);
            }
        })
        .build();
    let counted = Arc::clone(&fleet);
    meter
        .i64_observable_gauge("fleet.connectors")
        .with_description("Connectors of devices that are online, by the status that they reported last")
        .with_callback(move |observer| {
            if let Some(census) = &*counted.lock().unwrap_or_else(PoisonError::into_inner) {
                // Those that none has are zero, not absent.
                for status in ConnectorStatus::ALL {
                    let count = census.connectors.get(status.as_str()).copied().unwrap_or_default();
                    observer.observe(count, &[KeyValue::new("status", status.as_str())]);
                }
            }
        })
        .build();
    let counted = Arc::clone(&fleet);
    meter
        .i64_observable_gauge("fleet.sessions.open")
        .with_description("Charging sessions that have not ended")
        .with_callback(move |observer| {
            if let Some(census) = &*counted.lock().unwrap_or_else(PoisonError::into_inner) {
                observer.observe(census.open_sessions, &[]);
            }
        })
        .build();
    fleet
}
