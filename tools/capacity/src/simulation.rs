//! The simulation of a day, minute by minute.

use crate::costs::{EVENTS, INGESTOR_CPU_S, ROWS_PER_CORE_S};
use crate::faults::Fault;
use crate::fleet::{Fleet, MINUTES_PER_DAY};
use crate::page_images::PageImages;
use crate::per_kind::EventCounts;
use crate::random::Random;

/// A shorter lag does not count as a backlog: some batches are in flight at any moment.
const CAUGHT_UP_S: f64 = 1.0;

/// A minute of the day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Minute {
    /// Connected devices.
    pub online: f64,
    /// Open sessions.
    pub charging: f64,
    /// Events that were sent.
    pub events: EventCounts,
    /// Rows that these events cause.
    pub rows: f64,
    /// Bytes of their records in Kafka, before replication and compression.
    pub kafka_bytes: f64,
    /// Bytes of write-ahead log, without page images.
    pub log_bytes: f64,
    /// Bytes of page images in the write-ahead log.
    pub page_image_bytes: f64,
    /// Growth of the tables that grow with time, in bytes.
    pub table_bytes: f64,
    /// Growth of the feed in bytes.
    pub feed_bytes: f64,
    /// `conn:` keys that were written to Redis.
    pub route_key_writes: f64,
    /// CPU seconds of all ingestors.
    pub ingestor_cpu_s: f64,
    /// Rows that were written, including those of earlier minutes.
    pub written_rows: f64,
    /// Unwritten rows at the end of the minute.
    pub backlog_rows: f64,
    /// Seconds until the last event of the minute is written.
    pub lag_s: f64,
}

impl Minute {
    /// Whether there is no backlog.
    pub fn is_caught_up(&self) -> bool {
        self.lag_s < CAUGHT_UP_S
    }
}

/// Devices that one fault disconnected.
#[derive(Debug, Clone, Copy)]
struct OfflineDevices {
    remaining: f64,
    reconnect_from: u32,
    reconnect_per_minute: f64,
}

struct Simulation<'a> {
    fleet: &'a Fleet,
    random: Random,
    charging: f64,
    offline: Vec<OfflineDevices>,
    page_images: PageImages,
    backlog_rows: f64,
}

/// Simulates a day of `fleet` with `faults`, after a day without; there is no backlog at midnight.
pub fn simulate(fleet: &Fleet, faults: &[Fault]) -> Vec<Minute> {
    let mut simulation = Simulation {
        fleet,
        random: Random::new(fleet.seed),
        charging: 0.0,
        offline: Vec::new(),
        page_images: PageImages::at_midnight(fleet),
        backlog_rows: 0.0,
    };
    // The day before provides the sessions that are open at midnight.
    for minute in 0..MINUTES_PER_DAY {
        simulation.step(minute, &[]);
    }
    simulation.page_images = PageImages::at_midnight(fleet);
    simulation.backlog_rows = 0.0;
    (0..MINUTES_PER_DAY).map(|minute| simulation.step(minute, faults)).collect()
}

impl Simulation<'_> {
    fn step(&mut self, minute: u32, faults: &[Fault]) -> Minute {
        let disconnected = faults.iter().map(|fault| self.disconnect(minute, fault)).sum();
        let connected = self.reconnect(minute);
        let online = self.online();
        let events =
            EventCounts { disconnected, ..self.draw_events(minute, online / self.fleet.piles, connected) };
        if minute.is_multiple_of(self.fleet.checkpoint_min) {
            self.page_images.checkpoint();
        }
        let page_image_bytes = self.page_images.write(&events);
        let rows = events.total_cost(&EVENTS, |cost| cost.rows);
        let rows_per_s = self.fleet.cores * ROWS_PER_CORE_S;
        let is_stopped = faults.iter().any(|fault| fault.stops_writes(minute));
        let capacity = if is_stopped { 0.0 } else { rows_per_s * 60.0 };
        let written_rows = capacity.min(self.backlog_rows + rows);
        self.backlog_rows += rows - written_rows;
        Minute {
            online,
            charging: self.charging,
            rows,
            kafka_bytes: events.total_cost(&EVENTS, |cost| cost.record_bytes),
            log_bytes: events.total_cost(&EVENTS, |cost| cost.log_bytes),
            page_image_bytes,
            table_bytes: events.total_cost(&EVENTS, |cost| cost.table_bytes),
            feed_bytes: events.total_cost(&EVENTS, |cost| cost.feed_bytes),
            route_key_writes: online * 60.0 / self.fleet.refresh_s + connected,
            ingestor_cpu_s: events.total() * INGESTOR_CPU_S,
            written_rows,
            backlog_rows: self.backlog_rows,
            lag_s: self.backlog_rows / rows_per_s,
            events,
        }
    }

    fn online(&self) -> f64 {
        self.fleet.piles - self.offline.iter().map(|devices| devices.remaining).sum::<f64>()
    }

    /// Disconnects devices if `fault` begins in this minute; returns for how many of them a gateway
    /// sends a `disconnected`.
    fn disconnect(&mut self, minute: u32, fault: &Fault) -> f64 {
        let (at, share, reconnect_from, is_reported) = match *fault {
            Fault::PodDeath { at, share } => (at, share, at, false),
            Fault::NetworkOutage { at, minutes, share } => (at, share, at + minutes, true),
            Fault::WriteOutage { .. } => return 0.0,
        };
        if at != minute {
            return 0.0;
        }
        let devices = (self.online() * share).floor();
        self.offline.push(OfflineDevices {
            remaining: devices,
            reconnect_from,
            reconnect_per_minute: (devices / self.fleet.reconnect_min).ceil(),
        });
        if is_reported { devices } else { 0.0 }
    }

    /// Reconnects devices; returns how many.
    fn reconnect(&mut self, minute: u32) -> f64 {
        let mut reconnected = 0.0;
        for devices in self.offline.iter_mut().filter(|devices| devices.reconnect_from <= minute) {
            let now = devices.reconnect_per_minute.min(devices.remaining);
            devices.remaining -= now;
            reconnected += now;
        }
        self.offline.retain(|devices| devices.remaining > 0.0);
        reconnected
    }

    /// Draws the events of a minute in which the share `online` of the devices is connected, of
    /// which `connected` devices have just reconnected.
    fn draw_events(&mut self, minute: u32, online: f64, connected: f64) -> EventCounts {
        let fleet = self.fleet;
        let free = fleet.piles * fleet.connectors - self.charging;
        let started = self.random.poisson(fleet.session_starts(minute) * online).min(free);
        // Durations are exponential: the chance to end does not depend on the time so far.
        let stopped = self.random.binomial(self.charging * online, (1.0 / fleet.session_min).min(1.0));
        let meter_values = self.random.poisson(self.charging * online * 60.0 / fleet.meter_s);
        self.charging += started - stopped;
        EventCounts {
            heartbeat: self.random.poisson(fleet.piles * online * 60.0 / fleet.heartbeat_s),
            meter_values,
            // Preparing and Charging, Finishing and Available; a device that connects reports each
            // of its connectors.
            status_changed: 2.0 * (started + stopped) + fleet.connectors * connected,
            started,
            stopped,
            connected,
            disconnected: 0.0,
        }
    }
}
