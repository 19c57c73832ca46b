//! The broker's process: which process listens on its port, and its version.

use super::proc;
use std::fs::{read_link, read_to_string};
use std::path::Path;

/// What the broker's process shows.
#[derive(Debug, Clone, Default)]
pub struct Broker {
    /// Its process id, if it runs on this machine.
    pub pid: Option<u32>,
    /// Its version, if it is a JVM with Kafka's jars in one folder.
    pub version: Option<String>,
    /// The maximum heap of the JVM.
    pub heap: Option<String>,
}

impl Broker {
    /// Finds the broker at `address`, which is `host:port`.
    pub fn at(address: &str) -> Self {
        let Some(pid) = listening_at(address) else {
            return Self::default();
        };
        let command = read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let words: Vec<&str> = command.split('\0').collect();
        let heap = words.iter().find_map(|word| word.strip_prefix("-Xmx")).map(str::to_owned);
        let folder = words.iter().find_map(|word| word.strip_suffix("/*"));
        Self { pid: Some(pid), version: folder.and_then(|folder| version(Path::new(folder))), heap }
    }
}

/// The version in the name of the jar, `kafka_2.13-4.0.0.jar`.
fn version(jars: &Path) -> Option<String> {
    let names =
        std::fs::read_dir(jars).ok()?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names
        .filter_map(|name| {
            Some(name.strip_prefix("kafka_")?.strip_suffix(".jar")?.split_once('-')?.1.to_owned())
        })
        .min()
}

/// The process of this machine that listens at `address`, which ends in `:port`, or is a URL with a
/// path after the port.
pub fn listening_at(address: &str) -> Option<u32> {
    let digits = address.rsplit_once(':')?.1.split('/').next()?;
    listener(digits.parse().ok()?)
}

/// The process that listens on a TCP port of this machine.
fn listener(port: u16) -> Option<u32> {
    let tables = ["/proc/net/tcp", "/proc/net/tcp6"].map(|path| read_to_string(path).unwrap_or_default());
    let inode = tables.iter().find_map(|table| listening_inode(table, port))?;
    let socket = format!("socket:[{inode}]");
    let holds = |pid: &u32| {
        let files = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
        files
            .filter_map(|file| read_link(file.path()).ok())
            .any(|target| target.as_os_str() == socket.as_str())
    };
    proc::all().into_iter().find(holds)
}

/// The inode of the socket in state LISTEN on `port`.
fn listening_inode(table: &str, port: u16) -> Option<&str> {
    let suffix = format!(":{port:04X}");
    table.lines().skip(1).find_map(|line| {
        let fields: Vec<&str> = line.split_whitespace().collect();
        let is_it = fields.get(1)?.ends_with(&suffix) && *fields.get(3)? == "0A";
        is_it.then(|| fields.get(9).copied()).flatten()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_a_listening_socket_by_its_port() {
        let table = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n\
             0: 0100007F:4A94 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 111 1 0\n\
             1: 0100007F:4A94 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 222 1 0\n";
        assert_eq!(listening_inode(table, 19_092), Some("222"));
        assert_eq!(listening_inode(table, 19_093), None);
    }

    #[test]
    fn finds_this_process_by_its_listening_port() {
        let listening = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listening.local_addr().unwrap().port();
        let here = Some(std::process::id());
        assert_eq!(listening_at(&format!("127.0.0.1:{port}")), here);
        assert_eq!(listening_at(&format!("redis://127.0.0.1:{port}/0")), here);
        assert_eq!(listening_at("nowhere"), None);
    }
}
