//! The environment of a story: the three services, a simulated gateway, and their clients.

use anyhow::Context as _;
use dev_issuer::Issuer;
use gateway_simulator::settings::CommandGroups;
use gateway_simulator::{Manner, Simulator, SimulatorSettings};
use launch::output::{passed, progress};
use launch::{Api, Ports, Process, Services, ready};
use runtime::Shutdown;
use runtime::kafka::Kafka;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The services, the gateway, and their clients.
pub struct Environment {
    /// A client of asset-api.
    pub assets: Api,
    /// A client of command-dispatcher.
    pub commands: Api,
    /// The gateway and its devices.
    pub simulator: Simulator,
    /// A client for reading topics.
    pub kafka: Kafka,
    /// The services' names and process ids.
    pub pids: Vec<(&'static str, u32)>,
    /// Stops the simulated gateway.
    pub simulator_stop: Shutdown,
    /// Whether the services require tokens.
    pub requires_tokens: bool,
    /// Unique to this run; used in names.
    pub run: String,
}

impl Environment {
    /// Migrates the database, starts the services, waits until they are ready, and starts the
    /// simulated gateway.
    pub async fn set_up(ports: Ports, issuer: Option<&Path>) -> anyhow::Result<(Self, Services)> {
        let begun = Instant::now();
        progress("migrating the database");
        Process::run("asset-api", "migrate", &[]).await?;
        let access = issuer.map(Access::open).transpose()?;
        let has_provider = matches!(ports, Ports::Documented);
        let logs = log_folder()?;
        let mut services = Vec::new();
        let mut addresses = Vec::new();
        let (assets, commands) = (ports.pick(8080)?, ports.pick(8081)?);
        // The console is served by one service and sends commands to the other.
        let mut console = vec![("CHARGING__CONSOLE__DISPATCHER_ORIGIN", format!("http://{commands}"))];
        let pages = vec![("CHARGING__HTTP__CORS_ORIGINS", origins(&assets))];
        if let Some(folder) = issuer.filter(|_| has_provider) {
            console.push(("CHARGING__CONSOLE__SIGN_IN_CLIENT_ID", "console".to_owned()));
            provide_sign_in(folder, &origins(&assets))?;
        }
        for (name, http, admin) in [
            ("asset-api", Some((&assets, console)), 9080),
            ("command-dispatcher", Some((&commands, pages)), 9081),
            ("event-ingestor", None, 9082),
        ] {
            let admin = ports.pick(admin)?;
            let mut settings = vec![("CHARGING__ADMIN__LISTEN", admin.clone())];
            let http = http.map(|(listen, own)| {
                settings.push(("CHARGING__HTTP__LISTEN", listen.clone()));
                settings.extend(own);
                settings.extend(access.iter().flat_map(|access| access.settings.clone()));
                listen.clone()
            });
            services.push(Process::start(name, &settings, logs.join(format!("{name}.log")))?);
            addresses.push((http, admin));
        }
        for ((_, admin), service) in addresses.iter().zip(&mut services) {
            ready(admin, service).await?;
        }
        let mut bases = addresses.iter().filter_map(|(http, _)| http.as_ref());
        let token = access.as_ref().map(|access| &access.token);
        let mut api =
            || anyhow::Ok(Api::new(bases.next().context("no address")?)?.with_token(token.cloned()));
        let (assets, commands) = (api()?, api()?);
        let simulator_stop = Shutdown::new(Duration::from_secs(5));
        let kafka = launch::kafka()?;
        let simulator =
            Simulator::start(simulator_settings(), kafka.clone(), launch::redis()?, simulator_stop.clone())
                .await?;
        passed(&format!(
            "asset-api {} · command-dispatcher {} · event-ingestor",
            assets.base(),
            commands.base()
        ));
        passed(&format!("console {}/console/", assets.base()));
        passed(&format!(
            "the simulated gateway and all services are ready after {:.1} s",
            begun.elapsed().as_secs_f64()
        ));
        let run = format!("{:x}", chrono::DateTime::timestamp(&runtime::clock::now()) & 0xff_ffff);
        let pids = services.iter().filter_map(|service| Some((service.name, service.id()?))).collect();
        let requires_tokens = access.is_some();
        let environment =
            Self { assets, commands, simulator, kafka, pids, simulator_stop, requires_tokens, run };
        Ok((environment, Services(services)))
    }
}

impl Environment {
    /// Starts a second gateway in the deployed manner, whose pods have other names.
    pub async fn deployed_gateway(&self) -> anyhow::Result<Simulator> {
        let settings = deployed_settings();
        Ok(Simulator::start(settings, self.kafka.clone(), launch::redis()?, self.simulator_stop.clone())
            .await?)
    }
}

/// The origins from which a browser on this machine loads the pages of a service.
fn origins(listen: &str) -> String {
    format!("http://{listen},http://{}", listen.replace("127.0.0.1", "localhost"))
}

/// Serves the development issuer's OpenID provider, at which the console at `origins` signs in.
fn provide_sign_in(folder: &Path, origins: &str) -> anyhow::Result<()> {
    let served = dev_issuer::serve(Issuer::open(folder)?, origins.split(',').map(str::to_owned).collect());
    tokio::spawn(async {
        if let Err(error) = served.await {
            progress(&format!("the console has no sign-in: {error:#}; paste a token of `make token`"));
        }
    });
    Ok(())
}

/// The services' authentication settings, and a token for the story.
struct Access {
    settings: [(&'static str, String); 3],
    token: String,
}

impl Access {
    fn open(folder: &Path) -> anyhow::Result<Self> {
        let issuer = Issuer::open(folder)?;
        let jwks = std::path::absolute(Issuer::jwks_file(folder))?;
        let settings = [
            ("CHARGING__AUTH__MODE", "jwt".to_owned()),
            ("CHARGING__AUTH__ISSUER", Issuer::NAME.to_owned()),
            ("CHARGING__AUTH__JWKS_FILE", jwks.display().to_string()),
        ];
        let scopes = "assets:read assets:write drivers:read tariffs:read tariffs:write issues:read issues:write commands:send commands:read audit:read operations";
        let token = issuer.sign(&Issuer::claims("demo", scopes))?;
        passed("the services require tokens; `make token SCOPES=\"assets:read\"` prints one");
        Ok(Self { settings, token })
    }
}

/// The folder of the services' logs, below the folder of the binaries.
fn log_folder() -> anyhow::Result<PathBuf> {
    let folder = std::env::current_exe()?.with_file_name("demo-logs");
    std::fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    Ok(folder)
}

/// A deployed gateway whose keys expire during the story.
fn deployed_settings() -> SimulatorSettings {
    let mut settings = simulator_settings();
    settings.behaviour.manner = Manner::Deployed;
    settings.gateway.pods = 2;
    settings.gateway.pod_prefix = "deployed-gateway-pod-".to_owned();
    settings.gateway.command_groups = CommandGroups::PerPod;
    settings.gateway.conn_ttl_s = 3;
    settings
}

/// A gateway with short intervals, so that the story is quick.
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
