//! Callers that send commands to all piles in turn, and their responses.

use super::site::{DEADLINE, Site};
use reqwest::Client;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use testkit::eventually;
use tokio::task::{AbortHandle, JoinSet};
use uuid::Uuid;

const CALLERS: usize = 6;
/// The pause between two calls of a caller.
const PAUSE: Duration = Duration::from_millis(10);
/// The tolerated excess over the deadline on a busy machine.
const LATE: Duration = Duration::from_secs(30);
/// The codes that a caller may receive when a dependency is down; not that of a late request, which
/// names no dependency.
const AWAY: [&str; 4] =
    ["BROKER_UNAVAILABLE", "COMMAND_OUTCOME_UNKNOWN", "DATABASE_UNAVAILABLE", "ROUTE_STORE_UNAVAILABLE"];

/// An answered request.
#[derive(Debug)]
pub enum Call {
    /// With 202.
    Accepted { command: Uuid, partition: i32 },
    /// With 503; the command is named only if there is one.
    Refused { code: String, command: Option<Uuid> },
}

/// Running callers; they stop when they are dropped.
pub struct Callers {
    tally: Arc<Tally>,
    calling: JoinSet<Vec<Call>>,
    handles: Vec<AbortHandle>,
    partitions: i32,
}

#[derive(Default)]
struct Tally {
    ended: AtomicBool,
    accepted: Mutex<BTreeMap<i32, u64>>,
    refused: Mutex<BTreeMap<String, u64>>,
}

impl Callers {
    pub fn start(site: &Site) -> Self {
        let tally = Arc::new(Tally::default());
        let mut calling = JoinSet::new();
        let handles = (0..CALLERS).map(|number| {
            let mut urls = site.resets.clone();
            urls.rotate_left(number % site.resets.len());
            calling.spawn(keep_calling(urls, Arc::clone(&tally)))
        });
        Self { handles: handles.collect(), calling, tally, partitions: site.servers.topic.1 }
    }

    /// Waits until new commands for every partition are accepted.
    pub async fn accepted_everywhere(&self) {
        // The last ones that were in flight before, and a new one.
        let enough = u64::try_from(CALLERS).unwrap() + 1;
        let before = self.tally.accepted.lock().unwrap().clone();
        eventually("commands for all partitions to be accepted", || async {
            self.check();
            let now = self.tally.accepted.lock().unwrap();
            let of =
                |counts: &BTreeMap<i32, u64>, partition| counts.get(&partition).copied().unwrap_or_default();
            (0..self.partitions).all(|partition| of(&now, partition) >= of(&before, partition) + enough)
        })
        .await;
    }

    /// Waits until new commands are refused with one of these codes.
    pub async fn refused(&self, codes: &[&str]) {
        let count = || {
            let refused = self.tally.refused.lock().unwrap();
            codes.iter().filter_map(|code| refused.get(*code)).sum::<u64>()
        };
        let before = count();
        eventually(&format!("commands to be refused: {codes:?}"), || async {
            self.check();
            count() >= before + 3
        })
        .await;
    }

    /// Fails at once if a caller has failed.
    fn check(&self) {
        let at_work = self.handles.iter().all(|caller| !caller.is_finished());
        assert!(at_work, "a caller received an unexpected response");
    }

    /// Stops the callers; returns all their responses.
    pub async fn stop(self) -> Vec<Call> {
        self.tally.ended.store(true, Relaxed);
        self.calling.join_all().await.into_iter().flatten().collect()
    }
}

async fn keep_calling(urls: Vec<String>, tally: Arc<Tally>) -> Vec<Call> {
    let client = Client::builder().timeout(DEADLINE + LATE).build().unwrap();
    let mut calls = Vec::new();
    for url in urls.iter().cycle() {
        if tally.ended.load(Relaxed) {
            break;
        }
        let call = call(&client, url).await;
        match &call {
            Call::Accepted { partition, .. } => {
                *tally.accepted.lock().unwrap().entry(*partition).or_default() += 1;
            }
            Call::Refused { code, .. } => {
                *tally.refused.lock().unwrap().entry(code.clone()).or_default() += 1;
            }
        }
        calls.push(call);
        tokio::time::sleep(PAUSE).await;
    }
    calls
}

/// Every response is 202, or 503 with a code and a time to retry, and comes in time.
async fn call(client: &Client, url: &str) -> Call {
    let begun = Instant::now();
    let answer = client.post(url).send().await.unwrap();
    assert!(begun.elapsed() < DEADLINE + LATE, "{:?}", begun.elapsed());
    let (status, retry) = (answer.status().as_u16(), answer.headers().contains_key("retry-after"));
    let body: Value = answer.json().await.unwrap();
    match status {
        202 => Call::Accepted {
            command: Uuid::parse_str(body["commandId"].as_str().unwrap()).unwrap(),
            partition: i32::try_from(body["partition"].as_i64().unwrap()).unwrap(),
        },
        503 => refused(&body, retry),
        _ => panic!("{status}: {body}"),
    }
}

fn refused(body: &Value, retry: bool) -> Call {
    let code = body["code"].as_str().unwrap().to_owned();
    let words = body["detail"].as_str().unwrap_or_default().split(' ');
    let command = words.filter_map(|word| Uuid::try_parse(word).ok()).next();
    assert!(retry, "{body}");
    assert!(AWAY.contains(&code.as_str()), "{body}");
    // A caller that must ask for the outcome must know the command's id.
    assert!(command.is_some() || code != "COMMAND_OUTCOME_UNKNOWN", "{body}");
    Call::Refused { code, command }
}
