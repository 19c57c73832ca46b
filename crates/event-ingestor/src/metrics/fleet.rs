//! The metrics of the latest device counts.

use domain::status::ConnectorStatus;
use opentelemetry::KeyValue;
use opentelemetry::metrics::Meter;
use runtime::lock::MutexExt as _;
use std::sync::{Arc, Mutex};
use storage::devices::device_counts::DeviceCounts;

/// The latest counts; `None` while another replica counts.
pub(super) type Fleet = Arc<Mutex<Option<DeviceCounts>>>;

/// Gauges that report the latest counts at every scrape.
pub(super) fn observed(meter: &Meter) -> Fleet {
    let fleet = Fleet::default();
    let counted = Arc::clone(&fleet);
    meter
        .i64_observable_gauge("fleet.charge_points")
        .with_description("Devices that were ever heard, by whether they are connected to a gateway")
        .with_callback(move |observer| {
            if let Some(device_counts) = &*counted.locked() {
                observer.observe(device_counts.online, &[KeyValue::new("connectivity", "online")]);
                observer.observe(device_counts.offline, &[KeyValue::new("connectivity", "offline")]);
            }
        })
        .build();
    let counted = Arc::clone(&fleet);
    meter
        .i64_observable_gauge("fleet.connectors")
        .with_description("Connectors of online devices, by their last reported status")
        .with_callback(move |observer| {
            if let Some(device_counts) = &*counted.locked() {
                // Statuses of no connector are reported as zero, not absent.
                for status in ConnectorStatus::ALL {
                    let count = device_counts.connectors.get(status.as_str()).copied().unwrap_or_default();
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
            if let Some(device_counts) = &*counted.locked() {
                observer.observe(device_counts.open_sessions, &[]);
            }
        })
        .build();
    let counted = Arc::clone(&fleet);
    meter
        .i64_observable_gauge("fleet.sessions.long_open")
        .with_description("Charging sessions that have been open for longer than ingest.long_open_session_h")
        .with_callback(move |observer| {
            if let Some(device_counts) = &*counted.locked() {
                observer.observe(device_counts.long_open_sessions, &[]);
            }
        })
        .build();
    fleet
}
