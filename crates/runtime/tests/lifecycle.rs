//! A service as a process: exit codes, ports, signals and memory.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a failing test helper fails the test"
)]

use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::PathBuf,
    process::{Child, ChildStderr, Command, Output, Stdio},
    time::{Duration, Instant},
};

use serde_json::Value;

/// The example `smallest`, which cargo builds together with the tests.
fn service() -> Command {
    let tests = std::env::current_exe().unwrap();
    let binary: PathBuf = tests.parent().unwrap().parent().unwrap().join("examples/smallest");
    assert!(binary.exists(), "{} is not built: run `cargo test -p runtime`", binary.display());
    let mut command = Command::new(binary);
    command.env_clear().stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn finish(command: &mut Command) -> Output {
    command.output().unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A running service, killed with its test.
struct Running {
    child: Child,
    log: BufReader<ChildStderr>,
    http: String,
    admin: String,
}

impl Running {
    /// Returns once a slow request is in progress.
    fn waits(&self) {
        until("the request is in progress", || get(&self.http, "/waiting").ends_with("\n1"));
    }

    /// A request of three seconds that is in progress. A busy machine may suspend the test for longer
    /// than that, and the next request is tried.
    fn slow_request(&self) -> TcpStream {
        let (mut sent_at, mut slow) = (Instant::now(), send(&self.http, "/slow/3000"));
        while !get(&self.http, "/waiting").ends_with("\n1") {
            if sent_at.elapsed() > Duration::from_secs(4) {
                (sent_at, slow) = (Instant::now(), send(&self.http, "/slow/3000"));
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        slow
    }

    fn start(variables: &[(&str, &str)]) -> Self {
        let mut child = service().envs(variables.iter().copied()).spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let admin = address(&mut log, "admin port open");
        let http = address(&mut log, "listening for HTTP");
        Self { child, log, http, admin }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// The exit code, and the rest of the log.
    fn wait(mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.log.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap().code(), rest)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has usually ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn address(log: &mut BufReader<ChildStderr>, message: &str) -> String {
    let mut line = String::new();
    while log.read_line(&mut line).unwrap() > 0 {
        let entry: Value = serde_json::from_str(&line).unwrap();
        if entry["message"] == message {
            return entry["address"].as_str().unwrap().to_owned();
        }
        line.clear();
    }
    panic!("the service ended before {message:?}");
}

fn send(address: &str, path: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n").unwrap();
    stream
}

fn answer(mut stream: TcpStream) -> String {
    let mut text = String::new();
    stream.read_to_string(&mut text).unwrap();
    text
}

fn get(address: &str, path: &str) -> String {
    answer(send(address, path))
}

fn until(what: &str, condition: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !condition() {
        assert!(Instant::now() < end, "timed out waiting until {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn exits_with_64_and_a_message_for_invalid_settings() {
    let output = finish(service().env("CHARGING__HTTP__LISTNE", "127.0.0.1:0"));
    assert_eq!(output.status.code(), Some(64));
    insta::assert_snapshot!(stderr(&output), @"smallest: the environment variable CHARGING__HTTP__LISTNE sets `http.listne`, which this service does not know; correct or remove it (defaults.toml names every key)");
    let output = finish(service().env("CHARGING__LOG__LEVEL", "=loud"));
    assert_eq!(output.status.code(), Some(64));
    let output = finish(service().arg("--frobnicate"));
    assert_eq!(output.status.code(), Some(64));
    insta::assert_snapshot!(stderr(&output), @r#"smallest: unknown argument "--frobnicate" (try --help)"#);
}

#[test]
fn prints_help_and_version() {
    let output = finish(service().arg("--help"));
    assert!(output.status.success());
    insta::assert_snapshot!(String::from_utf8(output.stdout).unwrap(), @r#"
    Usage: smallest [--config FILE] [COMMAND]

    Without a command the service runs until SIGTERM or SIGINT.

    Options:
      --config FILE    settings file that overrides the built-in defaults (or set CHARGING_CONFIG)
      --check-config   check the settings and exit
      --check-ready    check that the service running with these settings is ready, and exit
      --help           show this help
      --version        show the version

    Commands:
      fail             fails, to demonstrate an error
      say WORD [--loud]
                       prints a word

    Environment variables CHARGING__SECTION__KEY override both; see the service's defaults.toml.
    "#);
    assert!(finish(service().arg("--check-config")).status.success());
    assert!(finish(service().arg("--version")).status.success());
}

#[test]
fn a_command_receives_the_arguments_after_its_name() {
    let output = finish(service().args(["say", "now", "--loud"]));
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "NOW\n");
    let output = finish(service().args(["say", "--config"]));
    assert_eq!(
        String::from_utf8(output.stdout).unwrap(),
        "--config\n",
        "the service must not interpret them"
    );
    let output = finish(service().arg("say"));
    assert_eq!(output.status.code(), Some(64));
    insta::assert_snapshot!(stderr(&output), @"smallest: say: exactly one word is required (try --help)");
}

#[test]
fn a_failed_command_exits_with_1_and_logs_one_line_with_its_causes() {
    let output = finish(service().arg("fail"));
    assert_eq!(output.status.code(), Some(1));
    let log = stderr(&output);
    let errors: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter(|entry| entry["level"] == "ERROR")
        .collect();
    assert_eq!(errors.len(), 1, "{log}");
    assert_eq!(errors[0]["error"], "cannot write the report: the disk is full");
}

#[test]
fn finishes_running_requests_after_a_signal_and_exits_with_0() {
    let running = Running::start(&[("CHARGING__SHUTDOWN__DELAY_MS", "500")]);
    let slow = running.slow_request();
    running.signal(Signal::TERM);
    assert!(answer(slow).ends_with("waited 3000 ms"));
    let (code, log) = running.wait();
    assert_eq!(code, Some(0), "{log}");
}

#[test]
fn readiness_fails_during_the_delay_while_work_continues() {
    let running = Running::start(&[("CHARGING__SHUTDOWN__DELAY_MS", "60000")]);
    assert!(get(&running.admin, "/readyz").contains("200 OK"));
    running.signal(Signal::TERM);
    until("readiness fails", || get(&running.admin, "/readyz").contains("503 Service Unavailable"));
    assert!(get(&running.http, "/slow/0").contains("200 OK"), "work must continue during the delay");
    running.signal(Signal::TERM);
}

#[test]
fn closes_persistent_connections_with_a_response_during_the_delay() {
    let running = Running::start(&[("CHARGING__SHUTDOWN__DELAY_MS", "60000")]);
    let open = || {
        let stream = TcpStream::connect(&running.http).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    };
    let (mut kept, mut refused) = (open(), open());
    // Refused before any handler, so another part of the server answers.
    let too_long = format!("/slow/{}", "0".repeat(32 * 1024));
    let ask = |kept: &mut TcpStream, path: &str| {
        write!(kept, "GET {path} HTTP/1.1\r\nHost: test\r\n\r\n").unwrap();
        let mut head = [0; 1024];
        let read = kept.read(&mut head).unwrap();
        String::from_utf8_lossy(head.get(..read).unwrap()).to_lowercase()
    };
    assert!(!ask(&mut kept, "/slow/0").contains("connection: close"));
    assert!(!ask(&mut refused, &too_long).contains("connection: close"));
    running.signal(Signal::TERM);
    until("readiness fails", || get(&running.admin, "/readyz").contains("503 Service Unavailable"));
    let answer = ask(&mut kept, "/slow/0");
    assert!(answer.contains("200 ok") && answer.contains("connection: close"), "{answer}");
    let answer = ask(&mut refused, &too_long);
    assert!(answer.contains("problem+json") && answer.contains("connection: close"), "{answer}");
    let mut rest = String::new();
    for mut closed in [kept, refused] {
        assert_eq!(closed.read_to_string(&mut rest).unwrap(), 0, "the server must close the connection");
    }
    running.signal(Signal::TERM);
}

#[test]
fn check_ready_reports_the_readiness_of_a_running_service() {
    let ask = |admin: &str| {
        finish(
            service()
                .arg("--check-ready")
                .env("CHARGING__ADMIN__LISTEN", admin.replace("127.0.0.1", "0.0.0.0")),
        )
    };
    let running = Running::start(&[("CHARGING__SHUTDOWN__DELAY_MS", "60000")]);
    let ready = ask(&running.admin);
    assert!(ready.status.success(), "{}", stderr(&ready));
    running.signal(Signal::TERM);
    until("it is not ready", || stderr(&ask(&running.admin)).contains("not ready: HTTP/1.1 503"));
    let admin = running.admin.clone();
    running.signal(Signal::TERM);
    running.wait();
    let gone = ask(&admin);
    assert_eq!(gone.status.code(), Some(1));
    assert!(stderr(&gone).contains("no answer from"), "{}", stderr(&gone));
}

#[test]
fn a_second_signal_aborts() {
    let running = Running::start(&[]);
    let _slow = send(&running.http, "/slow/30000");
    running.waits();
    let started = Instant::now();
    running.signal(Signal::TERM);
    until("the service drains", || {
        TcpStream::connect(&running.http).is_err() || started.elapsed() > Duration::from_millis(500)
    });
    running.signal(Signal::INT);
    let (code, log) = running.wait();
    assert_eq!(code, Some(1));
    assert!(log.contains("aborted by a second signal"), "{log}");
    assert!(started.elapsed() < Duration::from_secs(19), "the grace period is 20 s");
}

#[test]
fn aborts_requests_at_the_end_of_the_grace_period() {
    let running = Running::start(&[("CHARGING__SHUTDOWN__GRACE_MS", "3000")]);
    let _slow = send(&running.http, "/slow/30000");
    running.waits();
    let started = Instant::now();
    running.signal(Signal::TERM);
    let (code, log) = running.wait();
    assert_eq!(code, Some(0), "{log}");
    assert!(log.contains("the grace period ended"), "{log}");
    assert!(started.elapsed() < Duration::from_secs(19), "took {:?}", started.elapsed());
}

#[test]
fn logs_each_request_as_one_flat_line_with_its_trace() {
    let running = Running::start(&[]);
    assert!(get(&running.http, "/nowhere").contains("404 Not Found"));
    assert!(get(&running.http, "/slow/1").contains("200 OK"));
    running.signal(Signal::TERM);
    let (_, log) = running.wait();
    let line = log.lines().find(|line| line.contains("\"access\"")).unwrap();
    let entry: Value = serde_json::from_str(line).unwrap();
    assert_eq!(entry["url.path"], "/nowhere");
    assert_eq!(entry["http.route"], "unmatched");
    assert_eq!(entry["http.response.status_code"], 404);
    assert_eq!(entry["trace_id"].as_str().unwrap().len(), 32);
    assert_eq!(entry["span_id"].as_str().unwrap().len(), 16);
    assert_eq!(entry.get("sub"), None, "no caller was identified");
    let line = log.lines().find(|line| line.contains("/slow/1")).unwrap();
    let entry: Value = serde_json::from_str(line).unwrap();
    assert_eq!(entry["sub"], "anonymous");
}

#[test]
fn an_idle_service_needs_less_than_40_mb() {
    let running = Running::start(&[]);
    let metrics = get(&running.admin, "/metrics");
    let resident = metrics
        .lines()
        .find_map(|line| line.strip_prefix("process_resident_memory_bytes "))
        .unwrap()
        .parse::<f64>()
        .unwrap();
    assert!(resident < 40e6, "{resident} bytes");
    println!("resident: {resident} bytes");
}
