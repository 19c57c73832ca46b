//! CPU and memory of each process that takes part, from `/proc`.

mod broker;
mod machine;
mod proc;
mod process_use;

pub use broker::{Broker, listening_at};
pub use machine::Machine;
pub use process_use::ProcessUse;

use crate::numbers::share;
use proc::{Memory, children, cpu, memory, parent, threads_cpu};
use std::collections::BTreeMap;
use std::time::{Duration, Instant};
use tokio::time::{sleep, sleep_until};

/// The name of the load generator's threads.
pub const LOAD_THREADS: &str = "load";

/// The processes to measure.
#[derive(Debug, Clone, Default)]
pub struct Meters {
    /// The ingestors' process ids.
    pub ingestors: Vec<u32>,
    /// The id of PostgreSQL's postmaster; `None` if it runs elsewhere.
    pub postgres: Option<u32>,
    /// PostgreSQL backends that serve the measurement itself.
    pub probes: Vec<u32>,
    /// The broker's process id; `None` if it runs elsewhere.
    pub broker: Option<u32>,
    /// command-dispatcher's process id, while it runs.
    pub dispatcher: Option<u32>,
    /// asset-api's process id, while it runs.
    pub asset_api: Option<u32>,
    /// Redis' process id; `None` if it runs elsewhere.
    pub redis: Option<u32>,
}

/// CPU seconds so far.
#[derive(Debug)]
pub struct MeterReading {
    at: Instant,
    cpu: BTreeMap<&'static str, f64>,
    machine: Machine,
}

/// The greatest memory so far, in MB.
#[derive(Debug, Default)]
pub struct Peaks(BTreeMap<&'static str, f64>);

/// The use between two readings.
#[derive(Debug)]
pub struct MeteredInterval {
    before: MeterReading,
    after: MeterReading,
    peaks: Peaks,
}

/// The interval of reading the memory.
const POLL_INTERVAL: Duration = Duration::from_millis(500);

const INGESTOR: &str = "event-ingestor";
const DISPATCHER: &str = "command-dispatcher";
const ASSET_API: &str = "asset-api";
const POSTGRES: &str = "postgres";
const REDIS: &str = "redis";
/// The load generator.
pub const LOAD: &str = "load generator";
const MEASURING: &str = "measuring";
/// The broker.
pub const BROKER: &str = "kafka";
/// All that an event needs: the ingestors and the servers.
pub const OF_EVENTS: [&str; 3] = [INGESTOR, POSTGRES, BROKER];
/// All that a command needs: the services and the servers.
pub const OF_COMMANDS: [&str; 5] = [DISPATCHER, INGESTOR, POSTGRES, BROKER, REDIS];
/// All that the floor of a command needs: the servers, and the load generator, which is the floor
/// itself.
pub const OF_COMMAND_FLOOR: [&str; 4] = [POSTGRES, BROKER, REDIS, LOAD];
/// The order of the report.
const REPORT_ORDER: [&str; 8] = [ASSET_API, DISPATCHER, INGESTOR, POSTGRES, BROKER, REDIS, LOAD, MEASURING];

impl Meters {
    /// The postmaster of the server of `backend`, if it is a process of this machine.
    pub fn postgres_of(backend: u32) -> Option<u32> {
        let server = parent(backend)?;
        proc::name(server).filter(|name| name.starts_with("postgres")).map(|_| server)
    }

    /// Reads all meters at `from` and after `length`, and the memory in between.
    pub async fn measure(&self, from: Instant, length: Duration) -> MeteredInterval {
        sleep_until(from.into()).await;
        let (before, mut peaks) = (self.read(), Peaks::default());
        while from.elapsed() < length {
            sleep(POLL_INTERVAL.min(length.saturating_sub(from.elapsed()))).await;
            self.record_memory(&mut peaks);
        }
        MeteredInterval { before, after: self.read(), peaks }
    }

    /// The programs that are one process each.
    fn single_processes(&self) -> impl Iterator<Item = (&'static str, u32)> {
        let single_processes = [
            (BROKER, self.broker),
            (ASSET_API, self.asset_api),
            (DISPATCHER, self.dispatcher),
            (REDIS, self.redis),
        ];
        single_processes.into_iter().filter_map(|(name, pid)| Some((name, pid?)))
    }

    /// Reads all meters.
    pub fn read(&self) -> MeterReading {
        let probes: f64 = self.probes.iter().filter_map(|pid| cpu(*pid)).sum();
        let load = threads_cpu(LOAD_THREADS);
        let mut read = BTreeMap::new();
        if !self.ingestors.is_empty() {
            read.insert(INGESTOR, self.ingestors.iter().filter_map(|pid| cpu(*pid)).sum());
        }
        if let Some(server) = self.postgres {
            let live: f64 = children(server).into_iter().filter_map(cpu).sum();
            read.insert(POSTGRES, cpu(server).unwrap_or_default() + live - probes);
        }
        for (name, pid) in self.single_processes() {
            read.insert(name, cpu(pid).unwrap_or_default());
        }
        read.insert(LOAD, load);
        let own = cpu(std::process::id()).unwrap_or_default();
        read.insert(MEASURING, own - load + probes);
        MeterReading { at: Instant::now(), cpu: read, machine: Machine::read() }
    }

    /// Reads the memory. Of several ingestors the largest counts.
    pub fn record_memory(&self, peaks: &mut Peaks) {
        let resident = |pid: u32| memory(pid).map(|memory| memory.resident_mb);
        let ingestors = self.ingestors.iter().filter_map(|pid| resident(*pid));
        peaks.record(INGESTOR, ingestors.fold(0.0, f64::max));
        if let Some(server) = self.postgres {
            let processes = std::iter::once(server).chain(children(server));
            peaks.record(POSTGRES, total_mb(processes.filter_map(memory)));
        }
        for (name, pid) in self.single_processes() {
            peaks.record(name, resident(pid).unwrap_or_default());
        }
        peaks.record(MEASURING, resident(std::process::id()).unwrap_or_default());
    }
}

/// The memory of processes that share some: what each has alone, and what they share once.
fn total_mb(processes: impl Iterator<Item = Memory>) -> f64 {
    let (alone, shared) = processes
        .fold((0.0, 0.0_f64), |(alone, shared), one| (alone + one.alone_mb, shared.max(one.shared_mb)));
    alone + shared
}

impl Peaks {
    fn record(&mut self, name: &'static str, mb: f64) {
        let peak = self.0.entry(name).or_default();
        *peak = peak.max(mb);
    }
}

impl MeteredInterval {
    /// The use of each process, while `sent` events or calls were sent in about the same time, of
    /// which `seconds` is known.
    pub fn uses(&self, sent: f64, seconds: f64) -> Vec<ProcessUse> {
        let in_meters = share(sent * self.before.seconds_until(&self.after), seconds);
        self.before.until(&self.after, in_meters, &self.peaks)
    }

    /// Two identical readings.
    #[cfg(test)]
    pub fn nothing() -> Self {
        let meters = Meters::default();
        Self { before: meters.read(), after: meters.read(), peaks: Peaks::default() }
    }
}

impl MeterReading {
    /// The use of each process between `self` and `later`, in which `events` were sent.
    pub fn until(&self, later: &Self, events: f64, peaks: &Peaks) -> Vec<ProcessUse> {
        let seconds = self.seconds_until(later);
        let used = |name| Some((name, later.cpu.get(name)? - self.cpu.get(name)?));
        let used: Vec<_> = REPORT_ORDER.into_iter().filter_map(used).collect();
        let busy = self.machine.busy_until(&later.machine);
        let others = (busy - used.iter().map(|(_, cpu)| cpu).sum::<f64>()).max(0.0);
        let stolen = self.machine.stolen_until(&later.machine);
        let rest = [("everything else", others), ("stolen by the hypervisor", stolen)];
        let all = used.into_iter().chain(rest);
        all.map(|(name, cpu)| {
            ProcessUse::new(name, cpu, seconds, events, peaks.0.get(name).copied().filter(|mb| *mb > 0.0))
        })
        .collect()
    }

    /// Seconds between the two readings.
    pub fn seconds_until(&self, later: &Self) -> f64 {
        later.at.duration_since(self.at).as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn measures_the_cpu_time_of_this_process() {
        let meters = Meters { ingestors: vec![std::process::id()], ..Meters::default() };
        let before = meters.read();
        let (begun, used) = (Instant::now(), cpu(std::process::id()).unwrap());
        while cpu(std::process::id()).unwrap() < used + 0.1 {
            assert!(begun.elapsed().as_secs() < 60, "no CPU time was measured");
        }
        let mut peaks = Peaks::default();
        meters.record_memory(&mut peaks);
        let used = before.until(&meters.read(), 1_000.0, &peaks);
        let ingestor = &used[0];
        assert_eq!(ingestor.name, INGESTOR);
        assert!(ingestor.cpu_us_per_event > 50.0, "{ingestor:?}");
        assert!(ingestor.peak_mb.unwrap() > 1.0, "{ingestor:?}");
    }

    #[test]
    fn shared_memory_counts_once() {
        let one = |alone_mb, shared_mb| Memory { alone_mb, shared_mb, resident_mb: alone_mb + shared_mb };
        let total = total_mb([one(1.0, 50.0), one(2.0, 80.0)].into_iter());
        assert!((total - 83.0).abs() < 1e-9);
    }
}
