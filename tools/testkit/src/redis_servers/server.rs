//! A single server as a process.

use crate::certificates::Certificate;
use crate::ports::free_port;
use rustix::process::{Pid, Signal, kill_process};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The time within which a server must respond after its start.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// The greatest number of ports that are tried when other processes take them.
const ATTEMPTS: u32 = 5;
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// A server; killed when dropped.
pub struct RedisServer {
    /// The port on loopback.
    pub port: u16,
    process: Child,
    folder: PathBuf,
    password: Option<&'static str>,
    tls_port: u16,
}

impl RedisServer {
    /// A server that also accepts TLS, on [`tls_address`](Self::tls_address), and requires a
    /// certificate of a client from `ca`.
    ///
    /// # Panics
    /// When `redis-server` is not installed, lacks TLS, or does not start.
    #[must_use]
    pub fn with_tls(certificate: &Certificate, ca: &str) -> Self {
        for _ in 0..ATTEMPTS {
            let tls_port = free_port();
            let tls = |folder: &Path| {
                let file = |name: &str, text: &str| {
                    let path = folder.join(name);
                    std::fs::write(&path, text).unwrap();
                    path.display().to_string()
                };
                format!(
                    "tls-port {tls_port}\ntls-cert-file {}\ntls-key-file {}\ntls-ca-cert-file {}\n",
                    file("server.crt", &certificate.pem),
                    file("server.key", &certificate.key),
                    file("ca.crt", ca)
                )
            };
            let mut server = Self::spawn(None, tls, &[]);
            if server.wait_until_ready() {
                server.tls_port = tls_port;
                return server;
            }
        }
        panic!("redis-server does not start with TLS")
    }

    /// Replaces the certificate of a server with TLS.
    ///
    /// # Panics
    /// When it does not accept the certificate.
    pub fn install(&self, certificate: &Certificate) {
        std::fs::write(self.folder.join("server.crt"), &certificate.pem).unwrap();
        std::fs::write(self.folder.join("server.key"), &certificate.key).unwrap();
        let [crt, key] =
            ["server.crt", "server.key"].map(|name| self.folder.join(name).display().to_string());
        self.command(&["CONFIG", "SET", "tls-cert-file", &crt, "tls-key-file", &key]);
    }

    /// `host:port` of TLS.
    #[must_use]
    pub fn tls_address(&self) -> String {
        format!("127.0.0.1:{}", self.tls_port)
    }

    /// A server with these arguments as settings, for example `--maxmemory 1mb`.
    ///
    /// # Panics
    /// When `redis-server` is not installed, or does not start.
    #[must_use]
    pub fn start(arguments: &[&str]) -> Self {
        Self::authenticated(None, arguments)
    }

    /// The same; `password` is needed for the test's own commands.
    pub(super) fn authenticated(password: Option<&'static str>, arguments: &[&str]) -> Self {
        Self::start_process(password, "", arguments)
    }

    /// A server with a settings file of this content, which the server may change.
    pub(super) fn configured(file: &str, arguments: &[&str]) -> Self {
        Self::start_process(None, file, arguments)
    }

    fn start_process(password: Option<&'static str>, file: &str, arguments: &[&str]) -> Self {
        for _ in 0..ATTEMPTS {
            let mut server = Self::spawn(password, |_folder| file.to_owned(), arguments);
            if server.wait_until_ready() {
                return server;
            }
        }
        panic!("redis-server does not start")
    }

    fn spawn(password: Option<&'static str>, file: impl FnOnce(&Path) -> String, arguments: &[&str]) -> Self {
        let (port, folder) = (free_port(), std::env::temp_dir().join(crate::unique("redis")));
        std::fs::create_dir(&folder).unwrap();
        let settings = folder.join("redis.conf");
        std::fs::write(&settings, file(&folder)).unwrap();
        let process = Command::new("redis-server")
            .arg(settings)
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--dir", folder.to_str().unwrap()])
            .args(["--logfile", folder.join("log").to_str().unwrap(), "--save", "", "--appendonly", "no"])
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("start redis-server");
        Self { port, process, folder, password, tls_port: 0 }
    }

    /// Waits until it responds; false if it has exited, as it does when its port is taken.
    fn wait_until_ready(&mut self) -> bool {
        let begun = Instant::now();
        while self.process.try_wait().unwrap().is_none() {
            // Another process's server may respond on this port.
            let own = format!("process_id:{}", self.process.id());
            let info = self.try_command(&["INFO", "server"]);
            if info.is_some_and(|info| info.lines().any(|line| line.trim() == own)) {
                return true;
            }
            assert!(begun.elapsed() < START_TIMEOUT, "redis-server does not respond: {}", self.log());
            std::thread::sleep(POLL_INTERVAL);
        }
        false
    }

    /// `host:port`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The response to a command, in the format of `redis-cli`.
    ///
    /// # Panics
    /// When it does not respond, or with an error.
    pub fn command(&self, command: &[&str]) -> String {
        self.try_command(command).unwrap_or_else(|| panic!("{command:?} failed: {}", self.log()))
    }

    /// The response to a command; `None` if it does not respond, or with an error.
    #[must_use]
    pub fn try_command(&self, command: &[&str]) -> Option<String> {
        let output = Command::new("redis-cli")
            .args(["-e", "-h", "127.0.0.1", "-p", &self.port.to_string()])
            .args(self.password.iter().flat_map(|password| ["--no-auth-warning", "-a", password]))
            .args(command)
            .stdin(Stdio::null())
            .output()
            .expect("start redis-cli");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim_end().to_owned())
    }

    /// Kills the server with SIGKILL.
    ///
    /// # Panics
    /// When it has already exited.
    pub fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Stops the process with SIGSTOP: its connections stay open, and it sends no responses.
    ///
    /// # Panics
    /// When it has exited.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Resumes the process with SIGCONT.
    ///
    /// # Panics
    /// When it has exited.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.process.id().cast_signed()).unwrap();
        kill_process(pid, signal).unwrap();
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        // It may have exited; its folder is disposable.
        drop(self.process.kill());
        drop(self.process.wait());
        drop(std::fs::remove_dir_all(&self.folder));
    }
}
