//! The whole platform in one test: services in this process, a simulated gateway, and its own
//! database and topics.
//!
//! Tests fail by panicking, and so does this crate.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod ingestor;
mod platform;
mod services;
mod topics;

pub use ingestor::Ingestor;
pub use platform::{Answer, Platform};
pub use topics::create_topic;

use gateway_simulator::settings::LoadSettings;

/// Partitions of a test's command topic: few, so that it is created quickly.
pub const COMMAND_PARTITIONS: u16 = 8;
/// Partitions of a test's event topic.
pub const EVENT_PARTITIONS: i32 = 4;

/// A time-out that is long enough on a machine that builds and tests at once.
pub const PATIENT_MS: &str = "20000";

/// Settings of an ingestor that notices silent devices within seconds. A device that does not fail to
/// answer a probe by twice the time-out would be doubtful.
pub const QUICK_SILENCE: [(&str, &str); 3] = [
    ("ingest.heartbeat_timeout_s", "15"),
    ("ingest.silence_check_ms", "200"),
    ("presence.probe_answer_s", "4"),
];

/// Settings of a command-dispatcher that probes silent devices, and no gateways, for such an ingestor.
pub const QUICK_PROBES: [(&str, &str); 4] = [
    ("presence.probe_after_s", "3"),
    ("presence.probe_interval_s", "8"),
    ("presence.probe_answer_s", "4"),
    ("presence.gateway_silence_s", "600"),
];

/// A load of `events_per_second` for `duration_s` without duplicates and moves.
#[must_use]
pub fn steady(events_per_second: u32, duration_s: u64, charge_points: u32) -> LoadSettings {
    LoadSettings {
        events_per_second,
        duration_s,
        charge_points,
        id_prefix: "LOAD-".to_owned(),
        connectors: 2,
        duplicates: 0.0,
        moves: 0.0,
        seed: 7,
    }
}

/// The binary `name` that `cargo build` left next to the tests.
///
/// # Panics
/// When it was not built.
#[must_use]
pub fn binary(name: &str) -> std::path::PathBuf {
    let test = std::env::current_exe().unwrap();
    let folder = test.ancestors().find(|folder| folder.ends_with("deps")).and_then(|deps| deps.parent());
    let binary = folder.expect("tests are in …/deps").join(name);
    assert!(binary.exists(), "{} does not exist: run `cargo build --workspace --bins`", binary.display());
    binary
}
