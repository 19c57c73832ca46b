//! The judge: derives a verdict from observations. No I/O and no clock.

mod command_topic;
mod events;
mod missing_kinds;
mod records;
mod trials;

use super::clocks::Clocks;
use super::device::Device;
use super::key::Key;
use super::known::KnownEvents;
use super::log_position::LogPosition;
use super::parameters::Parameters;
use super::rule::Rule;
use super::tally::Tallies;
use super::trials::CommandTrials;
use super::verdict::{Observed, Verdict};
use chrono::{DateTime, Utc};
use domain::ids::ChargePointId;
use std::collections::{BTreeMap, BTreeSet};

/// Receives observations in their order, and returns a verdict at any time.
#[derive(Debug)]
pub struct Judge {
    parameters: Parameters,
    began: DateTime<Utc>,
    tallies: Tallies,
    devices: BTreeMap<ChargePointId, Device>,
    events: KnownEvents,
    trials: CommandTrials,
    clocks: Clocks,
    /// Heartbeats and answers that were received.
    heartbeats: u64,
    answers: u64,
    observed: Observed,
    /// Devices without events that had a key at the start and at the end.
    without_events: BTreeSet<ChargePointId>,
}

impl Judge {
    /// A judge without observations, whose check began at `began`.
    #[must_use]
    pub fn new(parameters: Parameters, began: DateTime<Utc>) -> Self {
        Self {
            events: KnownEvents::new(parameters.max_events),
            parameters,
            began,
            tallies: Tallies::default(),
            devices: BTreeMap::new(),
            trials: CommandTrials::default(),
            clocks: Clocks::default(),
            heartbeats: 0,
            answers: 0,
            observed: Observed::default(),
            without_events: BTreeSet::new(),
        }
    }

    /// Records how many partitions of the event topic are read.
    pub fn set_partitions(&mut self, partitions: usize) {
        self.observed.partitions = partitions;
    }

    /// A fetch returned records.
    pub fn record_fetch(&mut self) {
        self.tallies.kept(Rule::UnreadableBatch);
    }

    /// The batch at that position cannot be read from Kafka.
    pub fn record_unreadable_batch(&mut self, position: LogPosition) {
        self.tallies.broken(Rule::UnreadableBatch, || position.to_string());
    }

    /// Records could not be fetched, or keys could not be read, for a while.
    pub fn record_interruption(&mut self) {
        self.observed.interruptions += 1;
    }

    /// The event topic has gained partitions, which are not read.
    pub fn record_growth(&mut self) {
        self.observed.has_grown = true;
    }

    /// The devices whose keys must be read.
    #[must_use]
    pub fn devices(&self) -> Vec<ChargePointId> {
        self.devices.keys().cloned().collect()
    }

    /// The key of a device, as read at `at`.
    pub fn observe_key(&mut self, id: &ChargePointId, key: &Key, at: DateTime<Utc>) {
        self.observed.key_reads += 1;
        if let Some(device) = self.devices.get_mut(id) {
            device.observe_key(id, key, at, &self.parameters, &mut self.tallies);
        }
    }

    /// These devices had a key at the beginning and at the end.
    pub fn set_devices_with_key<'a>(&mut self, ids: impl IntoIterator<Item = &'a ChargePointId>) {
        let without_events = ids.into_iter().filter(|id| !self.devices.contains_key(id));
        self.without_events = without_events.cloned().collect();
    }

    /// The verdict on the observations up to `at`.
    #[must_use]
    pub fn verdict(&self, at: DateTime<Utc>) -> Verdict {
        let mut tallies = self.tallies.clone();
        let mut observed = self.observed.clone();
        let was_followed = observed.interruptions == 0;
        for (id, device) in &self.devices {
            device.conclude(id, at, was_followed, &self.parameters, &mut tallies);
        }
        if was_followed && at - self.began > self.parameters.heartbeat_timeout {
            for id in &self.without_events {
                tallies.broken(Rule::Silent, || format!("{id}: has a key, but has sent no event"));
            }
        }
        self.trials.judge_silent(&mut tallies);
        self.clocks.judge(self.parameters.clock_skew, &mut tallies);
        self.judge_missing_event_kinds(at, was_followed, &mut tallies);
        observed.seconds = (at - self.began).num_seconds().unsigned_abs();
        observed.devices = self.devices.len();
        observed.online = self.devices.values().filter(|device| device.is_online()).count();
        observed.max_devices = self.parameters.max_devices;
        observed.forgotten_events = self.events.is_full;
        Verdict::new(observed, &tallies)
    }
}
