//! SIGTERM drains: no request is cut, no batch is incomplete, the exit code is 0.

use crate::services::{free_address, is_ready, ready, start, terminate};
use domain::event::{EventKind, GatewayEvent};
use domain::ids::{ChargePointId, EventId, GatewayId};
use gateway_simulator::Load;
use reqwest::Client;
use runtime::Shutdown;
use serde_json::{Value, json};
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use system_tests::{COMMAND_PARTITIONS, PATIENT_MS, Platform, steady};
use testkit::{TestDatabase, eventually};
use tokio::process::Child;

const PATIENCE: Duration = Duration::from_secs(120);
/// The time between "not ready" and the end of accepting, which a load balancer needs to notice.
const DELAY: Duration = Duration::from_secs(4);

/// Callers behind a load balancer: they call while the service reports that it is ready.
struct Callers {
    url: String,
    body: Value,
    status: u16,
    ready: AtomicBool,
    /// When the service was asked to stop.
    stopped: Arc<OnceLock<Instant>>,
}

impl Callers {
    /// Calls with eight concurrent callers while `admin` reports ready; every call must be answered
    /// completely with the due status. Returns the number of calls.
    async fn call(self, admin: &str) -> u64 {
        let callers = Arc::new(self);
        let calling: Vec<_> = (0..8).map(|_| tokio::spawn(Arc::clone(&callers).keep_calling())).collect();
        while is_ready(admin).await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        callers.ready.store(false, Relaxed);
        let mut answered = 0;
        for caller in calling {
            answered += caller.await.unwrap();
        }
        answered
    }

    async fn keep_calling(self: Arc<Self>) -> u64 {
        // No connection is kept, because a service that stops closes idle ones, which is not tested
        // here.
        let client = Client::builder().pool_max_idle_per_host(0).timeout(PATIENCE).build().unwrap();
        let mut answered = 0;
        while self.ready.load(Relaxed) {
            let answer = match client.post(&self.url).json(&self.body).send().await {
                Ok(answer) => answer,
                // A caller that a busy machine suspended calls after the service has stopped accepting.
                Err(error) if error.is_connect() && self.is_past_the_delay() => break,
                Err(error) => panic!("a call was cut: {error:?}"),
            };
            assert_eq!(answer.status(), self.status);
            assert!(answer.json::<Value>().await.unwrap().is_object());
            answered += 1;
        }
        answered
    }

    fn is_past_the_delay(&self) -> bool {
        self.stopped.get().is_some_and(|at| at.elapsed() >= DELAY)
    }
}

/// Records the time in `stopped`, and stops the service.
async fn stop(service: Child, stopped: &OnceLock<Instant>) {
    stopped.set(Instant::now()).unwrap();
    terminate(service).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_request_is_cut_when_asset_api_stops() {
    let database = TestDatabase::new().await;
    let (http, admin, stopped) = (free_address(), free_address(), Arc::new(OnceLock::new()));
    let delay_ms = DELAY.as_millis().to_string();
    let settings = [
        ("CHARGING__HTTP__LISTEN", http.as_str()),
        ("CHARGING__ADMIN__LISTEN", admin.as_str()),
        ("CHARGING__SHUTDOWN__DELAY_MS", delay_ms.as_str()),
    ];
    let service = start("asset-api", &database, &settings);
    ready(&admin).await;
    let url = format!("http://{http}/api/v1/stations");
    let (body, ready) = (json!({ "name": "站" }), true.into());
    let callers = Callers { url, body, status: 201, ready, stopped: Arc::clone(&stopped) };
    let stored = "select count(*) from stations";
    let end = async {
        eventually("requests to be answered", || async { database.json(stored).await.as_u64() > Some(50) })
            .await;
        stop(service, &stopped).await;
    };
    let (created, ()) = tokio::join!(callers.call(&admin), end);
    assert_eq!(
        database.json(stored).await,
        json!(created),
        "every created station was answered, and every answered one was created"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn no_command_is_lost_when_command_dispatcher_stops() {
    let platform = Platform::start(|_| {}).await;
    let ingestor = platform.ingest();
    let (pile, device) = platform.register().await;
    hold(&platform, &device).await;
    platform.pile("the pile to be online", &pile, |pile| pile["online"] == true).await;
    ingestor.stop().await;
    let (http, admin, stopped) = (free_address(), free_address(), Arc::new(OnceLock::new()));
    let delay_ms = DELAY.as_millis().to_string();
    let settings = [
        ("CHARGING__HTTP__LISTEN", http.as_str()),
        ("CHARGING__ADMIN__LISTEN", admin.as_str()),
        ("CHARGING__SHUTDOWN__DELAY_MS", delay_ms.as_str()),
        ("CHARGING__REDIS__COMMAND_TIMEOUT_MS", PATIENT_MS),
        ("CHARGING__DISPATCH__PUBLISH_TIMEOUT_MS", PATIENT_MS),
        ("CHARGING__DISPATCH__TOPIC", platform.simulator_settings.topics.commands.as_str()),
        ("CHARGING__DISPATCH__PARTITIONS", &COMMAND_PARTITIONS.to_string()),
    ];
    let service = start("command-dispatcher", &platform.database, &settings);
    ready(&admin).await;
    let url = format!("http://{http}{pile}/commands/reset");
    let (body, ready) = (json!({}), true.into());
    let callers = Callers { url, body, status: 202, ready, stopped: Arc::clone(&stopped) };
    let published = "select count(*) from commands where state in ('published', 'confirmed')";
    let end = async {
        let enough = || async { platform.database.json(published).await.as_u64() > Some(50) };
        eventually("commands to be published", enough).await;
        stop(service, &stopped).await;
    };
    let (accepted, ()) = tokio::join!(callers.call(&admin), end);
    assert_eq!(platform.database.json(published).await, json!(accepted));
    assert_eq!(platform.database.json("select count(*) from commands").await, json!(accepted));
}

/// Makes a pod that does nothing hold the device.
async fn hold(platform: &Platform, device: &ChargePointId) {
    let event = GatewayEvent {
        event_id: EventId::parse("held").unwrap(),
        charge_point_id: device.clone(),
        gateway_id: GatewayId::parse("idle-pod").ok(),
        claimed_at: Some(runtime::clock::now()),
        trace_id: None,
        kind: EventKind::Heartbeat,
    };
    platform.simulator.send(event).await.unwrap();
    let key = format!("conn:{device}");
    platform.redis.set_with_ttl(&key, "idle-pod", PATIENCE * 10).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ingestor_that_stops_hands_over_at_once() {
    let platform = Platform::start(|_| {}).await;
    let admin = free_address();
    let settings = [
        ("CHARGING__ADMIN__LISTEN", admin.as_str()),
        ("CHARGING__INGEST__TOPIC", platform.simulator_settings.topics.events.as_str()),
        ("CHARGING__FEED__ENABLED", "false"),
        // Much longer than the test: a partition that is handed over has not just expired.
        ("CHARGING__INGEST__LEASE_MS", "600000"),
    ];
    let first = start("event-ingestor", &platform.database, &settings);
    let load = steady(300, 6, 50);
    let run = Load::new(&load, &platform.simulator_settings, &platform.kafka).await.unwrap();
    let never = Shutdown::new(PATIENCE);
    let next_offsets = "select coalesce(sum(next_offset), 0) from ingest_partitions";
    let written = || async { platform.database.json(next_offsets).await.as_u64() };
    let hand_over = async {
        eventually("events to be written", || async { written().await > Some(300) }).await;
        terminate(first).await;
        let held = "select count(*) from ingest_partitions where owner is not null and topic not like '%/%'";
        assert_eq!(platform.database.json(held).await, json!(0), "every partition is released");
        platform.ingest()
    };
    let (report, second) = tokio::join!(run.run(&load, &never), hand_over);
    let report = report.unwrap();
    eventually("everything to be written", || async { written().await == Some(report.acknowledged) }).await;
    let sessions = platform.database.json("select count(*) from sessions").await;
    assert_eq!(sessions, json!(report.ledger.sessions()));
    second.stop().await;
}
