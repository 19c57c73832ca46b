//! Callers without long pauses, on connections that they keep like any client, and their responses.

use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use testkit::unique;
use tokio::task::JoinSet;
use uuid::Uuid;

const READERS: usize = 3;
const COMMANDERS: usize = 3;
/// The pause between two calls of a caller.
const READ: Duration = Duration::from_millis(20);
const WRITE: Duration = Duration::from_millis(50);
const COMMAND: Duration = Duration::from_millis(40);
/// Longer than the services' own deadline.
const PATIENCE: Duration = Duration::from_secs(40);

/// What the callers call.
#[derive(Clone)]
pub struct Targets {
    pub assets: SocketAddr,
    pub commands: SocketAddr,
    pub station: String,
    pub piles: Vec<String>,
}

/// Running callers; they stop when they are dropped.
pub struct Callers {
    shared: Arc<Shared>,
    calling: JoinSet<()>,
}

/// The results of all calls.
#[derive(Debug, Default)]
pub struct Calls {
    /// Calls with the expected response.
    pub answered: u64,
    /// The longest duration of a call.
    pub slowest: Duration,
    /// Stations that were created.
    pub made: Vec<String>,
    /// Commands that were accepted.
    pub accepted: Vec<Uuid>,
    /// Calls with an unexpected response.
    pub findings: Vec<String>,
}

struct Shared {
    targets: Targets,
    client: Client,
    ended: AtomicBool,
    calls: Mutex<Calls>,
}

impl Callers {
    pub fn start(targets: Targets) -> Self {
        let client = Client::builder().timeout(PATIENCE).build().unwrap();
        let shared = Arc::new(Shared { targets, client, ended: false.into(), calls: Mutex::default() });
        let mut calling = JoinSet::new();
        for number in 0..READERS {
            calling.spawn(Arc::clone(&shared).read(number));
        }
        calling.spawn(Arc::clone(&shared).make());
        for number in 0..COMMANDERS {
            calling.spawn(Arc::clone(&shared).command(number));
        }
        Self { shared, calling }
    }

    /// What the callers call.
    pub fn targets(&self) -> &Targets {
        &self.shared.targets
    }

    /// A line about the responses since the last call of this function.
    pub fn since(&self) -> String {
        let mut calls = self.shared.calls.lock().unwrap();
        let slowest = std::mem::take(&mut calls.slowest);
        let (answered, not) = (calls.answered, calls.findings.len());
        format!(
            "{answered} requests answered so far, {not} not answered; the slowest since took {} ms",
            slowest.as_millis()
        )
    }

    /// Stops the callers; returns when all calls have ended.
    pub async fn stop(mut self) -> Calls {
        self.shared.ended.store(true, Relaxed);
        while let Some(ended) = self.calling.join_next().await {
            ended.unwrap();
        }
        std::mem::take(&mut self.shared.calls.lock().unwrap())
    }
}

impl Shared {
    async fn read(self: Arc<Self>, number: usize) {
        let Targets { assets, station, piles, .. } = &self.targets;
        let mut paths = vec!["/api/v1/stations".to_owned(), format!("/api/v1/stations/{station}/piles")];
        paths.extend(piles.iter().map(|pile| format!("/api/v1/piles/{pile}")));
        for path in paths.iter().cycle().skip(number) {
            if self.ended.load(Relaxed) {
                return;
            }
            self.call(200, || self.client.get(format!("http://{assets}{path}"))).await;
            tokio::time::sleep(READ).await;
        }
    }

    async fn make(self: Arc<Self>) {
        let url = format!("http://{}/api/v1/stations", self.targets.assets);
        while !self.ended.load(Relaxed) {
            let name = unique("made");
            let made = self.call(201, || self.client.post(&url).json(&json!({ "name": name }))).await;
            if made.is_some() {
                self.calls.lock().unwrap().made.push(name);
            }
            tokio::time::sleep(WRITE).await;
        }
    }

    async fn command(self: Arc<Self>, number: usize) {
        let Targets { commands, piles, .. } = &self.targets;
        let body = json!({ "requestedMessage": "Heartbeat" });
        for pile in piles.iter().cycle().skip(number) {
            if self.ended.load(Relaxed) {
                return;
            }
            let url = format!("http://{commands}/api/v1/piles/{pile}/commands/trigger-message");
            let key = unique("key");
            let command = || self.client.post(&url).header("Idempotency-Key", &key).json(&body);
            if let Some(answer) = self.call(202, command).await {
                let id = Uuid::parse_str(answer["commandId"].as_str().unwrap()).unwrap();
                self.calls.lock().unwrap().accepted.push(id);
            }
            tokio::time::sleep(COMMAND).await;
        }
    }

    /// Calls, and records the result; returns the response's body if the status is `due`.
    async fn call(&self, due: u16, request: impl FnOnce() -> RequestBuilder) -> Option<Value> {
        let begun = Instant::now();
        let answer = answer(request()).await;
        let mut calls = self.calls.lock().unwrap();
        calls.slowest = calls.slowest.max(begun.elapsed());
        match answer {
            Ok((status, body)) if status == due => {
                calls.answered += 1;
                Some(body)
            }
            Ok((status, body)) => {
                calls.findings.push(format!("{status} instead of {due}: {body}"));
                None
            }
            Err(error) => {
                calls.findings.push(format!("no response instead of {due}: {error:?}"));
                None
            }
        }
    }
}

async fn answer(request: RequestBuilder) -> Result<(u16, Value), reqwest::Error> {
    let response = request.send().await?;
    let status = response.status().as_u16();
    Ok((status, response.json().await?))
}
