//! The plan of each phase: its traffic, ingestors, leases and settings.

use super::Phase;
use crate::environment::Plan;
use crate::faults::brokers::MockBrokers;
use crate::faults::{handover, quota, silence, slow, unreadable};
use crate::traffic::{DEPLOYED_PERCENT, Pace};
use std::time::Duration;

/// Events per second for measuring the time of a takeover.
const TAKEOVER_RATE: u32 = 6_000;
/// Events per second of most phases: enough that a batch is in flight at any time.
const USUAL_RATE: u32 = 2_000;
/// Events per second of phases in which a backlog has to be read afterwards, because everything is
/// slow or no ingestor runs.
const BACKLOG_RATE: u32 = 320;
const NO_SETTINGS: &[(&str, &str)] = &[];

impl Phase {
    pub(in crate::campaign) const fn plan(self) -> Plan {
        if self.uses_mock_brokers() {
            return MockBrokers::plan();
        }
        let (events_per_second, lease) = match self {
            Self::Kill => (TAKEOVER_RATE, Duration::from_millis(3_000)),
            Self::Slow | Self::Quota | Self::TopicRecreated | Self::Unreadable => {
                (BACKLOG_RATE, Duration::from_millis(2_000))
            }
            // The default.
            Self::Handover => (USUAL_RATE, Duration::from_secs(10)),
            // Short, because each heartbeat, a quarter of the lease, leads to one contest for every
            // partition.
            Self::Leases => (USUAL_RATE, Duration::from_millis(800)),
            _ => (USUAL_RATE, Duration::from_millis(2_000)),
        };
        // Where batches overlap on purpose, almost every batch should contain a marker.
        let marker_interval = Duration::from_millis(match self {
            Self::Leases => 25,
            Self::Slow => 200,
            _ => 100,
        });
        let pace = Pace {
            events_per_second,
            charge_points: 400,
            deployed_percent: DEPLOYED_PERCENT,
            marker_interval,
        };
        let (ingestors, settings) = match self {
            Self::Handover => (handover::INGESTORS, NO_SETTINGS),
            Self::Slow => (4, slow::SETTINGS),
            Self::Silence => (4, silence::SETTINGS),
            Self::Quota => (4, quota::SETTINGS),
            Self::Unreadable => (4, unreadable::SETTINGS),
            _ => (4, NO_SETTINGS),
        };
        Plan { partitions: 16, ingestors, lease, pace, settings }
    }
}
