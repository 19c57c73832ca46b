//! Services as processes, started and stopped as an operator does.

use rustix::process::{Pid, Signal, kill_process};
use std::process::Stdio;
use std::time::Duration;
use system_tests::binary;
use testkit::{TestDatabase, eventually};
use tokio::process::{Child, Command};

const PATIENCE: Duration = Duration::from_secs(90);

pub fn free_address() -> String {
    format!("127.0.0.1:{}", testkit::free_port())
}

pub fn start(name: &str, database: &TestDatabase, settings: &[(&str, &str)]) -> Child {
    Command::new(binary(name))
        .env("DATABASE_URL", &database.url)
        .envs(settings.iter().copied())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

pub async fn is_ready(admin: &str) -> bool {
    reqwest::get(format!("http://{admin}/readyz")).await.is_ok_and(|answer| answer.status().is_success())
}

pub async fn ready(admin: &str) {
    eventually("the service to be ready", || is_ready(admin)).await;
}

/// Stops the service with SIGTERM, and waits until it has exited with code 0.
pub async fn terminate(mut service: Child) {
    let pid = Pid::from_raw(service.id().unwrap().cast_signed()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    let status = tokio::time::timeout(PATIENCE, service.wait()).await.unwrap().unwrap();
    assert!(status.success(), "{status}");
}
