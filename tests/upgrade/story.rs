//! The story: the previous release works, this release's migrations are applied, this release
//! replaces it, restarts, and is rolled back.

use crate::callers::{Callers, Targets};
use crate::deployment::Deployment;
use crate::release::Release;
use crate::{commands, ingestors};
use anyhow::ensure;
use chaos::campaign::kafka_settings;
use chaos::database_audit::AuditedDatabase;
use chaos::environment::{Environment, Plan, Servers};
use chaos::output::{Output, seconds};
use chaos::traffic::{DEPLOYED_PERCENT, Pace};
use chrono::TimeDelta;
use domain::ids::ChargePointId;
use gateway_simulator::settings::DEFAULTS;
use gateway_simulator::{DeviceSpec, Simulator, SimulatorSettings};
use reqwest::Client;
use runtime::Shutdown;
use runtime::kafka::Kafka;
use runtime::redis::Redis;
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use system_tests::{COMMAND_PARTITIONS, PATIENT_MS, binary, create_topic};
use testkit::{TestDatabase, TestTopic, eventually, kafka_brokers, unique};

const PILES: usize = 24;
/// Long enough that a merely slow ingestor loses no lease: a lost lease is a finding.
const LEASE: Duration = Duration::from_secs(15);
/// The time between "not ready" and the end of accepting; the charts have 5 s.
const DELAY_MS: &str = "2500";
/// The number of events whose writing shows that ingestors continue.
const SOME: i64 = 1_000;
/// More than are sent.
const COMMANDS: usize = 100_000;

/// Sessions of devices with a pile that have no place, or another one than their device at their
/// beginning. No device was edited since it was registered.
const UNPLACED: &str = "select count(*) from sessions join piles using (charge_point_id)
     where sessions.pile_id is distinct from piles.id or sessions.station_id is distinct from piles.station_id";

/// Everything that takes part.
struct Stage {
    environment: Environment,
    assets: Deployment,
    commands: Deployment,
    callers: Callers,
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the previous release: make upgrade-check"]
async fn an_upgrade_a_restart_and_a_rollback_lose_no_request_event_or_command() {
    let (old, new) = (Release::previous(), Release::this());
    let (database, topics) =
        (TestDatabase::empty().await, [TestTopic::new("events"), TestTopic::new("commands")]);
    let kafka = Kafka::new(&kafka_settings(&kafka_brokers()).unwrap()).unwrap();
    old.migrate(&database.url).await;
    let logs = binary("event-ingestor").with_file_name("upgrade-logs").join(&*topics[0]);
    std::fs::create_dir_all(&logs).unwrap();

    let mut environment = open_environment(&old, &database, &topics[0], &kafka, logs.clone()).await;
    create_topic(&kafka, &topics[1], COMMAND_PARTITIONS.into()).await;
    let simulator = simulator(&topics, &kafka).await;
    let settings = http_settings(&database, &topics[1]);
    let assets = Deployment::start(&old, "asset-api", settings[0].clone(), logs.clone()).await;
    let dispatchers = Deployment::start(&old, "command-dispatcher", settings[1].clone(), logs.clone()).await;
    let prefix = unique("CP");
    environment.bystanders = Some(prefix.clone());
    let targets = register(&assets, &dispatchers, &simulator, &prefix).await;
    let callers = Callers::start(targets);

    let mut stage = Stage { environment, assets, commands: dispatchers, callers };
    let played = stage.play(&database, &old, &new).await;
    let Stage { environment, callers, .. } = stage;
    environment.output.progress(&callers.since());
    let calls = callers.stop().await;
    let mut findings = calls.findings;
    let ended = async || Ok(environment.audited.number(commands::OPEN).await? == 0);
    let ended = environment.wait_until("all commands to reach their final states", ended).await;
    findings.extend(ended.err().map(|error| format!("{error:#}")));
    findings.extend(commands::findings(&database, &simulator, &calls.accepted).await);
    findings.extend(missing(&database, &calls.made).await);
    let unplaced = database.json(UNPLACED).await;
    findings
        .extend((unplaced != 0).then(|| format!("{unplaced} sessions of registered devices have no place")));
    simulator.stop().await;
    environment.output.progress(&format!("{} commands were confirmed", calls.accepted.len()));
    match environment.close(played).await {
        Ok(outcome) => {
            println!("{} events sent, {} of them copies", outcome.sent.events, outcome.sent.duplicates);
            findings.extend(outcome.findings);
        }
        Err(error) => findings.push(format!("{error:#}")),
    }
    assert_eq!(findings, [""; 0], "logs are in {}", logs.display());
    std::fs::remove_dir_all(logs).unwrap();
}

impl Stage {
    async fn play(&mut self, database: &TestDatabase, old: &Release, new: &Release) -> anyhow::Result<()> {
        self.environment.wait_until_shared().await?;
        self.progress("the previous release works");
        self.migrate(database, new).await?;
        self.roll(new, "replaced by").await?;
        self.roll(new, "restarted, as").await?;
        self.use_what_is_new().await;
        self.roll_back(old).await
    }

    /// Migrates under load. The previous release continues on the new schema.
    async fn migrate(&self, database: &TestDatabase, new: &Release) -> anyhow::Result<()> {
        let before = migrations(database).await;
        let (begun, written) = (Instant::now(), ingestors::written(&self.environment).await?);
        new.migrate(&database.url).await;
        let took = begun.elapsed();
        let meanwhile = ingestors::written(&self.environment).await? - written;
        let after = migrations(database).await;
        let unplaced = database.json(UNPLACED).await;
        ensure!(unplaced == 0, "{unplaced} sessions of registered devices have no place");
        ensure!(after > before, "there is nothing to migrate: put an earlier commit into previous-release");
        ingestors::go_on(&self.environment, SOME).await?;
        self.progress(&format!(
            "{} migrations took {}; {meanwhile} events were written meanwhile, and more by the previous release since",
            after - before,
            seconds(took)
        ));
        Ok(())
    }

    /// Records what only this release knows about the station that the callers list and command all
    /// the time: the previous release must work with it after the rollback.
    async fn use_what_is_new(&self) {
        let Targets { assets, station, .. } = &self.callers.targets();
        let post = async |path: &str, body: Value| {
            let answer = Client::new().post(format!("http://{assets}/api/v1{path}")).json(&body).send();
            assert_eq!(answer.await.unwrap().status(), 201, "{path}");
        };
        let (now, later) = (runtime::clock::now(), runtime::clock::now() + TimeDelta::hours(1));
        let window = json!({ "stationId": station, "endsAt": later, "reason": "upgrade" });
        post("/maintenance-windows", window).await;
        let exclusion =
            json!({ "stationId": station, "from": now, "until": later, "reason": "grid", "note": "upgrade" });
        post("/reliability/exclusions", exclusion).await;
        self.progress("the station has a maintenance window and downtime that does not count");
    }

    /// In the order of an upgrade.
    async fn roll(&mut self, release: &Release, how: &str) -> anyhow::Result<()> {
        ingestors::roll(&mut self.environment, release).await?;
        self.progress(&format!("event-ingestor is {how} {}", release.name));
        self.commands.roll(release).await;
        self.progress(&format!("command-dispatcher is {how} {}", release.name));
        self.assets.roll(release).await;
        self.progress(&format!("asset-api is {how} {}", release.name));
        ingestors::go_on(&self.environment, SOME).await
    }

    /// In the opposite order.
    async fn roll_back(&mut self, release: &Release) -> anyhow::Result<()> {
        self.assets.roll(release).await;
        self.commands.roll(release).await;
        ingestors::roll(&mut self.environment, release).await?;
        self.progress(&format!("all services are rolled back to {}", release.name));
        ingestors::go_on(&self.environment, SOME).await
    }

    fn progress(&self, what: &str) {
        self.environment.output.progress(what);
        self.environment.output.progress(&format!("  {}", self.callers.since()));
    }
}

async fn open_environment(
    release: &Release,
    database: &TestDatabase,
    topic: &str,
    kafka: &Kafka,
    logs: PathBuf,
) -> Environment {
    let plan = Plan {
        partitions: 6,
        ingestors: 2,
        lease: LEASE,
        pace: Pace {
            events_per_second: 200,
            charge_points: 100,
            deployed_percent: DEPLOYED_PERCENT,
            marker_interval: Duration::from_millis(100),
        },
        settings: &[],
    };
    create_topic(kafka, topic, plan.partitions).await;
    let servers = Servers {
        kafka: kafka_settings(&kafka_brokers()).unwrap(),
        ingestor: release.program("event-ingestor"),
        logs,
    };
    let audited = AuditedDatabase::open(&database.url).await.unwrap();
    Environment::open(plan, &servers, audited, topic, Output::start()).await.unwrap()
}

async fn simulator([events, commands]: &[TestTopic; 2], kafka: &Kafka) -> Simulator {
    let url = testkit::redis_url();
    let parsed: gateway_simulator::Settings =
        runtime::settings::parse(DEFAULTS, &[("redis.url", &url)]).unwrap();
    let mut settings = SimulatorSettings::default();
    (*events).clone_into(&mut settings.topics.events);
    (*commands).clone_into(&mut settings.topics.commands);
    settings.gateway.history = COMMANDS;
    let redis = Redis::connect(&parsed.redis).unwrap();
    Simulator::start(settings, kafka.clone(), redis, Shutdown::new(Duration::from_secs(1))).await.unwrap()
}

/// The settings of asset-api and of command-dispatcher; both releases know them.
fn http_settings(database: &TestDatabase, topic: &str) -> [Vec<(&'static str, String)>; 2] {
    let assets = vec![
        ("DATABASE_URL", database.url.clone()),
        ("CHARGING__SHUTDOWN__DELAY_MS", DELAY_MS.to_owned()),
        // The machine is busy with much else.
        ("CHARGING__HTTP__REQUEST_DEADLINE_MS", "30000".to_owned()),
        ("CHARGING__DATABASE__CONNECT_TIMEOUT_MS", "10000".to_owned()),
        ("CHARGING__DATABASE__STATEMENT_TIMEOUT_MS", "10000".to_owned()),
    ];
    let mut commands = assets.clone();
    commands.extend([
        ("REDIS_URL", testkit::redis_url()),
        ("KAFKA_BROKERS", kafka_brokers()),
        ("CHARGING__REDIS__COMMAND_TIMEOUT_MS", PATIENT_MS.to_owned()),
        ("CHARGING__DISPATCH__PUBLISH_TIMEOUT_MS", "10000".to_owned()),
        ("CHARGING__DISPATCH__TOPIC", topic.to_owned()),
        ("CHARGING__DISPATCH__PARTITIONS", COMMAND_PARTITIONS.to_string()),
    ]);
    [assets, commands]
}

/// Registers piles whose devices the gateway holds, and waits until they can be commanded.
async fn register(
    assets: &Deployment,
    commands: &Deployment,
    simulator: &Simulator,
    prefix: &str,
) -> Targets {
    let client = Client::new();
    let base = format!("http://{}/api/v1", assets.balancer.address);
    let post = async |path: String, body: Value| -> String {
        let answer = client.post(format!("{base}{path}")).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 201);
        answer.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned()
    };
    let station = post("/stations".to_owned(), json!({ "name": "Upgraded" })).await;
    let mut piles = Vec::new();
    for number in 0..PILES {
        let device = ChargePointId::parse(&format!("{prefix}-{number}")).unwrap();
        let pile =
            json!({ "chargePointId": device, "model": "DC-120", "ratedPowerKw": 120, "currentType": "DC" });
        piles.push(post(format!("/stations/{station}/piles"), pile).await);
        simulator.connect(DeviceSpec::new(device).with_connectors(1)).await.unwrap();
    }
    for pile in &piles {
        eventually("the pile to be online", || async {
            let answer = client.get(format!("{base}/piles/{pile}")).send().await.unwrap();
            answer.json::<Value>().await.unwrap()["online"] == true
        })
        .await;
    }
    Targets { assets: assets.balancer.address, commands: commands.balancer.address, station, piles }
}

/// The number of applied migrations.
async fn migrations(database: &TestDatabase) -> u64 {
    database.json("select count(*) from __diesel_schema_migrations").await.as_u64().unwrap()
}

/// Stations that were created according to a response, but do not exist.
async fn missing(database: &TestDatabase, made: &[String]) -> Vec<String> {
    let names = database.json("select coalesce(jsonb_agg(name), '[]') from stations").await;
    let names: Vec<_> = names.as_array().unwrap().iter().filter_map(Value::as_str).collect();
    made.iter()
        .filter(|name| !names.contains(&name.as_str()))
        .map(|name| format!("{name} does not exist"))
        .collect()
}
