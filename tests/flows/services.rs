//! Services as processes, started and stopped as an operator does.

use rustix::process::{Pid, Signal, kill_process};
use std::process::Stdio;
use std::time::Duration;
use system_tests::binary;
use testkit::{TestDatabase, eventually};
use tokio::process::{Child, Command};

/// Longer than the grace period.
const PATIENCE: Duration = Duration::from_secs(120);
/// Long time-outs for a busy machine, which the settings of a test may replace.
const PATIENT: [(&str, &str); 3] = [
    ("CHARGING__DATABASE__CONNECT_TIMEOUT_MS", "20000"),
    ("CHARGING__DATABASE__STATEMENT_TIMEOUT_MS", "20000"),
    ("CHARGING__SHUTDOWN__GRACE_MS", "60000"),
];
/// The same for services with an API.
const PATIENT_HTTP: (&str, &str) = ("CHARGING__HTTP__REQUEST_DEADLINE_MS", "50000");

pub fn free_address() -> String {
    format!("127.0.0.1:{}", testkit::free_port())
}

pub fn start(name: &str, database: &TestDatabase, settings: &[(&str, &str)]) -> Child {
    let mut command = Command::new(binary(name));
    if name != "gateway-simulator" {
        command.envs(PATIENT);
    }
    if ["asset-api", "command-dispatcher"].contains(&name) {
        command.envs([PATIENT_HTTP]);
    }
    command
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
