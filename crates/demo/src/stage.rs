//! The three services, a simulated gateway, and the way to each of them.

use crate::api::Api;
use crate::narrator::{say, seen};
use crate::processes::{Process, Services};
use anyhow::Context as _;
use gateway_simulator::{Simulator, SimulatorSettings};
use runtime::Shutdown;
use runtime::kafka::Kafka;
use runtime::redis::Redis;
use std::net::TcpListener;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// How long a service may take to be ready.
const READY: Duration = Duration::from_secs(60);

/// Which ports the services listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ports {
    /// Those of the documentation.
    Usual,
    /// Any that are free, so that nothing that runs already is in the way.
    Free,
}

/// Everything that a play needs.
pub struct Stage {
    /// asset-api.
    pub assets: Api,
    /// command-dispatcher.
    pub commands: Api,
    /// The gateway and its devices.
    pub simulator: Simulator,
    /// For looking at topics.
    pub kafka: Kafka,
    /// The services' names and process ids.
    pub pids: Vec<(&'static str, u32)>,
    /// Ends the simulated gateway.
    pub simulator_stop: Shutdown,
    /// Something that no other run has, for names.
    pub run: String,
}

impl Stage {
    /// Migrates, starts the services, waits until they are ready, and starts the simulated gateway.
    pub async fn set_up(ports: Ports) -> anyhow::Result<(Self, Services)> {
        let begun = Instant::now();
        say("migrating the database");
        Process::run("asset-api", "migrate").await?;
        let logs = log_folder()?;
        let mut services = Vec::new();
        let mut addresses = Vec::new();
        for (name, http, admin) in [
            ("asset-api", Some(8080), 9080),
            ("command-dispatcher", Some(8081), 9081),
            ("event-ingestor", None, 9082),
        ] {
            let (http, admin) = (http.map(|port| ports.pick(port)).transpose()?, ports.pick(admin)?);
            let mut settings = vec![("CHARGING__ADMIN__LISTEN", admin.clone())];
            settings.extend(http.iter().map(|listen| ("CHARGING__HTTP__LISTEN", listen.clone())));
            services.push(Process::start(name, &settings, &logs)?);
            addresses.push((name, http, admin));
        }
        for ((name, _, admin), service) in addresses.iter().zip(&mut services) {
            ready(name, admin, service).await?;
        }
        let mut bases = addresses.iter().filter_map(|(_, http, _)| http.as_ref());
        let mut api = || Api::new(bases.next().context("no address")?);
        let (assets, commands) = (api()?, api()?);
        let simulator_stop = Shutdown::new(Duration::from_secs(5));
        let (kafka, redis) = clients()?;
        let simulator =
            Simulator::start(simulator_settings(), kafka.clone(), redis, simulator_stop.clone()).await?;
        seen(&format!(
            "asset-api {} · command-dispatcher {} · event-ingestor",
            assets.base(),
            commands.base()
        ));
        seen(&format!("simulated gateway; all ready after {:.1} s", begun.elapsed().as_secs_f64()));
        let run = format!("{:x}", chrono::DateTime::timestamp(&runtime::clock::now()) & 0xff_ffff);
        let pids = services.iter().filter_map(|service| Some((service.name, service.id()?))).collect();
        Ok((Self { assets, commands, simulator, kafka, pids, simulator_stop, run }, Services(services)))
    }
}

impl Ports {
    fn pick(self, usual: u16) -> anyhow::Result<String> {
        let port = if self == Self::Usual { usual } else { 0 };
        let listener = TcpListener::bind(("127.0.0.1", port))
            .with_context(|| format!("port {usual} is taken: stop what listens there and try again"))?;
        Ok(listener.local_addr()?.to_string())
    }
}

/// Waits until a service says that it is ready; shows what it waits for when that takes long.
async fn ready(name: &str, admin: &str, service: &mut Process) -> anyhow::Result<()> {
    let probe = Api::new(admin)?;
    let begun = Instant::now();
    let mut told = 0;
    loop {
        let answer = probe.get("/readyz").await;
        if answer.as_ref().is_ok_and(|answer| answer.status == 200) {
            return Ok(());
        }
        let waited = begun.elapsed();
        if waited > READY {
            let why = answer.map_or_else(|error| format!("{error:#}"), |answer| answer.body.to_string());
            anyhow::bail!("{name} is not ready after {READY:?}: {why}; see {}", service.log.display());
        }
        if waited.as_secs() / 5 > told {
            told = waited.as_secs() / 5;
            say(&format!("waiting for {name} ({} s)", waited.as_secs()));
        }
        tokio::select! {
            died = service.died() => return Err(died),
            () = tokio::time::sleep(Duration::from_millis(50)) => {}
        }
    }
}

/// Where the services' logs go: below the folder that the binaries lie in.
fn log_folder() -> anyhow::Result<PathBuf> {
    let folder = std::env::current_exe()?.with_file_name("demo-logs");
    std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    Ok(folder)
}

/// Clients of the broker and the route store, set up by the same variables as the services'.
fn clients() -> anyhow::Result<(Kafka, Redis)> {
    let brokers = variable("KAFKA_BROKERS")?;
    let redis = variable("REDIS_URL")?;
    let overrides = [("kafka.brokers", brokers.as_str()), ("redis.url", redis.as_str())];
    let settings: gateway_simulator::Settings =
        runtime::settings::parse(gateway_simulator::settings::DEFAULTS, &overrides)?;
    Ok((Kafka::new(&settings.kafka)?, Redis::connect(&settings.redis)?))
}

#[expect(
    clippy::disallowed_methods,
    reason = "this program is no service; it is told by the environment where the stack is"
)]
fn variable(name: &str) -> anyhow::Result<String> {
    std::env::var(name)
        .with_context(|| format!("{name} is not set: use `make demo`, `make run` or `make bench`"))
}

/// A gateway that is quick, so that nobody waits for the story.
pub fn simulator_settings() -> SimulatorSettings {
    let mut settings = SimulatorSettings::default();
    settings.gateway.pods = 3;
    settings.gateway.history = 20_000;
    settings.behaviour.reboot_ms = 500;
    settings.behaviour.finishing_ms = 500;
    settings.life.heartbeat_interval_s = 5;
    settings.life.meter_interval_s = 1;
    settings
}
