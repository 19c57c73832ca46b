//! The limits that the kernel sets for this process; infinity where there is none.

use std::{fs, path::PathBuf};

#[derive(Debug, PartialEq)]
pub(super) struct Limits {
    /// Open file descriptors, the soft limit.
    pub(super) max_fds: f64,
    /// Memory of the control group, which in a container is the limit of the container.
    pub(super) memory_bytes: f64,
    /// CPU time of the control group per elapsed time.
    pub(super) cpu_cores: f64,
}

impl Limits {
    pub(super) fn read() -> Self {
        let limits = fs::read_to_string("/proc/self/limits").unwrap_or_default();
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let of_group = |file| fs::read_to_string(control_group(&groups)?.join(file)).ok();
        Self {
            max_fds: max_fds(&limits).unwrap_or(f64::INFINITY),
            memory_bytes: of_group("memory.max").as_deref().and_then(number).unwrap_or(f64::INFINITY),
            cpu_cores: of_group("cpu.max").as_deref().and_then(cpu_cores).unwrap_or(f64::INFINITY),
        }
    }
}

/// `text` is `/proc/self/limits`: name, soft limit, hard limit and unit, in columns.
fn max_fds(text: &str) -> Option<f64> {
    number(
        text.lines().find_map(|line| line.strip_prefix("Max open files"))?.split_ascii_whitespace().next()?,
    )
}

/// The folder of the control group, version 2. `text` is `/proc/self/cgroup`.
fn control_group(text: &str) -> Option<PathBuf> {
    let path = text.lines().find_map(|line| line.strip_prefix("0::/"))?;
    Some(PathBuf::from("/sys/fs/cgroup").join(path))
}

/// `text` is `cpu.max`: a quota and a period in µs.
fn cpu_cores(text: &str) -> Option<f64> {
    let (quota, period) = text.split_once(' ')?;
    Some(number(quota)? / number(period)?)
}

/// `None` for `max` and `unlimited`.
fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_limits_of_files_and_of_the_control_group() {
        let text = "Limit                     Soft Limit           Hard Limit           Units     \n\
                    Max open files            1024                 1048576              files     \n";
        assert_eq!(max_fds(text), Some(1024.0));
        assert_eq!(
            max_fds("Max open files            unlimited            unlimited            files"),
            None
        );
        assert_eq!(cpu_cores("150000 100000\n"), Some(1.5));
        assert_eq!(cpu_cores("max 100000\n"), None);
        assert_eq!(number("536870912\n"), Some(536_870_912.0));
        assert_eq!(number("max\n"), None);
    }

    #[test]
    fn finds_the_control_group_of_a_container_and_of_a_unit() {
        assert_eq!(control_group("0::/\n"), Some(PathBuf::from("/sys/fs/cgroup")));
        let unit = "0::/system.slice/asset-api.service\n";
        assert_eq!(control_group(unit), Some(PathBuf::from("/sys/fs/cgroup/system.slice/asset-api.service")));
        assert_eq!(control_group("5:memory:/docker/1\n"), None);
    }

    #[test]
    fn this_process_has_a_limit_of_files() {
        assert!(Limits::read().max_fds >= 1.0);
    }
}
