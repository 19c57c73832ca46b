//! `/proc/<pid>`: the use of one process.

use crate::numbers::float;
use std::fs::read_to_string;

/// The fields of `/proc/<pid>/stat`.
#[derive(Debug, PartialEq, Eq)]
struct Stat<'a> {
    name: &'a str,
    parent: u32,
    /// The ticks of the process, and of its children that have exited and were reaped.
    ticks: u64,
}

/// Memory of one process.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Memory {
    /// Resident memory.
    pub resident_mb: f64,
    /// Memory that no other process shares.
    pub alone_mb: f64,
    /// Memory shared with other processes, as far as this one has touched it.
    pub shared_mb: f64,
}

/// The name is in parentheses and may contain some.
fn parse_stat(text: &str) -> Option<Stat<'_>> {
    let (_, rest) = text.split_once('(')?;
    let (name, rest) = rest.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
    // Counted from the state, the third field of the line: utime, stime, cutime, cstime.
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

/// CPU seconds of a process and of its reaped children.
pub fn cpu(pid: u32) -> Option<f64> {
    let text = read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(seconds(parse_stat(&text)?.ticks))
}

/// The parent's process id.
pub fn parent(pid: u32) -> Option<u32> {
    let text = read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(parse_stat(&text)?.parent)
}

/// The name of the process.
pub fn name(pid: u32) -> Option<String> {
    let text = read_to_string(format!("/proc/{pid}/stat")).ok()?;
    Some(parse_stat(&text)?.name.to_owned())
}

/// The memory of the process; `None` for a process that is about to exit.
pub fn memory(pid: u32) -> Option<Memory> {
    parse_memory(&read_to_string(format!("/proc/{pid}/status")).ok()?)
}

/// The ids of all processes.
pub fn all() -> Vec<u32> {
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

/// The ids of the running children of `pid`.
pub fn children(pid: u32) -> Vec<u32> {
    all().into_iter().filter(|child| parent(*child) == Some(pid)).collect()
}

/// CPU seconds of this process's threads with the name `name`.
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
    fn parses_a_name_with_spaces_and_parentheses() {
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
