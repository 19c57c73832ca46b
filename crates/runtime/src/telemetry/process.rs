//! Process metrics from the kernel, under Prometheus' conventional names.

use std::fs;

use prometheus::{
    Counter, Gauge, Registry,
    core::{Collector, Desc},
    proto::MetricFamily,
};

use super::limits::Limits;

/// Clock ticks per second in `/proc`: the kernel's user-space ABI fixes it at 100.
const TICKS_PER_SECOND: f64 = 100.0;

pub(super) struct ProcessCollector {
    cpu_seconds: Counter,
    resident_bytes: Gauge,
    open_fds: Gauge,
    max_fds: Gauge,
    memory_limit_bytes: Gauge,
    cpu_limit_cores: Gauge,
    threads: Gauge,
    start_time: Gauge,
}

impl ProcessCollector {
    pub(super) fn register(registry: &Registry) -> prometheus::Result<()> {
        registry.register(Box::new(Self {
            cpu_seconds: Counter::new(
                "process_cpu_seconds_total",
                "User and system CPU time spent, in seconds",
            )?,
            resident_bytes: Gauge::new("process_resident_memory_bytes", "Resident memory, in bytes")?,
            open_fds: Gauge::new("process_open_fds", "Open file descriptors")?,
            max_fds: Gauge::new("process_max_fds", "Limit of open file descriptors")?,
            memory_limit_bytes: Gauge::new(
                "process_memory_limit_bytes",
                "Memory limit of the control group, in bytes",
            )?,
            cpu_limit_cores: Gauge::new(
                "process_cpu_limit_cores",
                "CPU limit of the control group, in cores",
            )?,
            threads: Gauge::new("process_threads", "Threads of the process")?,
            start_time: Gauge::new(
                "process_start_time_seconds",
                "Start of the process, in seconds since 1970",
            )?,
        }))
    }

    fn collectors(&self) -> [&dyn Collector; 8] {
        [
            &self.cpu_seconds,
            &self.resident_bytes,
            &self.open_fds,
            &self.max_fds,
            &self.memory_limit_bytes,
            &self.cpu_limit_cores,
            &self.threads,
            &self.start_time,
        ]
    }

    fn refresh(&self) {
        if let Some(stat) = read_stat() {
            let spent = (stat.cpu_ticks / TICKS_PER_SECOND - self.cpu_seconds.get()).max(0.0);
            self.cpu_seconds.inc_by(spent);
            self.threads.set(stat.threads);
            if let Some(boot) = boot_time_seconds() {
                self.start_time.set(boot + stat.start_ticks / TICKS_PER_SECOND);
            }
        }
        if let Some(bytes) = resident_bytes() {
            self.resident_bytes.set(bytes);
        }
        if let Ok(entries) = fs::read_dir("/proc/self/fd") {
            self.open_fds.set(entries.fold(0.0, |count, _entry| count + 1.0));
        }
        let limits = Limits::read();
        self.max_fds.set(limits.max_fds);
        self.memory_limit_bytes.set(limits.memory_bytes);
        self.cpu_limit_cores.set(limits.cpu_cores);
    }
}

impl Collector for ProcessCollector {
    fn desc(&self) -> Vec<&Desc> {
        self.collectors().into_iter().flat_map(Collector::desc).collect()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        self.refresh();
        self.collectors().into_iter().flat_map(Collector::collect).collect()
    }
}

struct Stat {
    cpu_ticks: f64,
    threads: f64,
    start_ticks: f64,
}

fn read_stat() -> Option<Stat> {
    let text = fs::read_to_string("/proc/self/stat").ok()?;
    // The second field is the program's name in parentheses and may itself contain spaces and
    // parentheses.
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    // Positions as in proc(5), counted from the third field.
    let number = |position: usize| fields.get(position - 3)?.parse::<f64>().ok();
    Some(Stat { cpu_ticks: number(14)? + number(15)?, threads: number(20)?, start_ticks: number(22)? })
}

fn boot_time_seconds() -> Option<f64> {
    let text = fs::read_to_string("/proc/stat").ok()?;
    text.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

fn resident_bytes() -> Option<f64> {
    let text = fs::read_to_string("/proc/self/status").ok()?;
    let kibibytes: f64 = text
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .ok()?;
    Some(kibibytes * 1024.0)
}
