//! A replica of an HTTP service, as a process.

use crate::release::Release;
use rustix::process::{Pid, Signal, kill_process};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;
use tokio::process::{Child, Command};

/// The grace period of Kubernetes, three times over for a busy machine.
const GRACE: Duration = Duration::from_secs(90);

/// The replica; killed when dropped.
pub struct Replica {
    /// The address of its API.
    pub http: SocketAddr,
    /// The address of its probes.
    pub admin: SocketAddr,
    log: PathBuf,
    child: Child,
}

impl Replica {
    /// Starts the binary with `settings`; its log goes to the folder `logs`.
    pub fn start(release: &Release, service: &str, settings: &[(&str, String)], logs: &Path) -> Self {
        let free_address = || SocketAddr::from(([127, 0, 0, 1], testkit::free_port()));
        let (http, admin) = (free_address(), free_address());
        let log = logs.join(format!("{service}-{}.log", http.port()));
        let child = Command::new(release.program(service))
            .envs(settings.iter().map(|(key, value)| (key, value)))
            .env("CHARGING__HTTP__LISTEN", http.to_string())
            .env("CHARGING__ADMIN__LISTEN", admin.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log).unwrap())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        Self { http, admin, log, child }
    }

    /// Stops it with SIGTERM and waits until it has exited with code 0.
    pub async fn stop(mut self) {
        let pid = Pid::from_raw(self.child.id().unwrap().cast_signed()).unwrap();
        kill_process(pid, Signal::TERM).unwrap();
        let ended = tokio::time::timeout(GRACE, self.child.wait()).await;
        let status = ended.expect("the replica exits").unwrap();
        assert!(status.success(), "{status}, see {}", self.log.display());
    }
}
