//! `/proc/<pid>`: what a process has used.

use crate::numbers::float;
use std::fs::read_to_string;

/// What `/proc/<pid>/stat` says.
#[derive(Debug, PartialEq, Eq)]
struct Stat<'a> {
    name: &'a str,
    parent: u32,
    /// Its own, and of children that have ended and were waited for.
    ticks: u64,
}

/// Memory of one process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Memory {
    /// All that is resident.
    pub resident_mb: f64,
    /// What no other process has.
    pub alone_mb: f64,
    /// Memory shared with other processes, as far as this one has touched it.
    pub shared_mb: f64,
}

/// The name stands in parentheses and may itself have some.
fn parse_stat(text: &str) -> Option<Stat<'_>> {
    let (_, rest) = text.split_once('(')?;
    let (name, rest) = rest.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    // Counted from the state, which is the third field of the line: utime, stime, cutime, cstime.
    let ticks = number(11)? + number(12)? + number(13)? + number(14)?;
    Some(Stat { name, parent: u32::try_from(number(1)?).ok()?, ticks })
}

/// The sizes in `/proc/<pid>/status`.
fn parse_memory(text: &str) -> Option<Memory> {
    let mb = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name))?;
        let kib: f64 = line.trim_start_matches(':').split_whitespace().next()?.parse().ok()?;
        Some(kib / 1024.0)
    };
    Some(Memory { resident_mb: mb("VmRSS")?, alone_mb: mb("RssAnon")?, shared_mb: mb("RssShmem")? })
}

fn seconds(ticks: u64) -> f64 {
    float(ticks) / float(rustix::param::clock_ticks_per_second())
}

/// CPU seconds of a process and of those of its children that have ended.
pub fn cpu(pid: u32) -> Option<f64> {
    let text = read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(seconds(parse_stat(&text)?.ticks))
}

/// Who started it.
pub fn parent(pid: u32) -> Option<u32> {
    let text = read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(parse_stat(&text)?.parent)
}

/// What it is called.
pub fn name(pid: u32) -> Option<String> {
    let text = read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(parse_stat(&text)?.name.to_owned())
}

/// Its memory; a process that is about to end has none.
pub fn memory(pid: u32) -> Option<Memory> {
    parse_memory(&read_to_string(format!("/proc/{pid}/status")).ok()?)
}

/// All processes.
pub fn all() -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// Processes that `pid` has started and that run.
pub fn children(pid: u32) -> Vec<u32> {
    all().into_iter().filter(|child| parent(*child) == Some(pid)).collect()
}

/// CPU seconds of this process's threads called `name`.
pub fn threads_cpu(name: &str) -> f64 {
    let tasks = std::fs::read_dir("/proc/self/task").into_iter().flatten().flatten();
    let texts = tasks.filter_map(|task| read_to_string(task.path().join("stat")).ok());
    let ticks = texts.filter_map(|text| {
        let stat = parse_stat(&text)?;
        (stat.name == name).then_some(stat.ticks)
    });
    seconds(ticks.sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_parentheses_is_no_hindrance() {
        let line = "21505 (postgres: a (b) c) S 21504 21505 21505 0 -1 4194560 8 9 1 0 70 30 500 200 20 0 1 0 11 3 0";
        let stat = parse_stat(line).unwrap();
        assert_eq!(stat, Stat { name: "postgres: a (b) c", parent: 21_504, ticks: 800 });
        assert_eq!(parse_stat("1 (init) S 0 1"), None);
    }

    #[test]
    fn memory_is_read_in_mb() {
        let status = "Name:\tx\nVmHWM:\t  9000 kB\nVmRSS:\t    2048 kB\nRssAnon:\t    1024 kB\nRssFile:\t     512 kB\nRssShmem:\t     512 kB\n";
        let memory = parse_memory(status).unwrap();
        assert_eq!(memory, Memory { resident_mb: 2.0, alone_mb: 1.0, shared_mb: 0.5 });
        assert_eq!(parse_memory("Name:\tkthreadd\n"), None);
    }
}
