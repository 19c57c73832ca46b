//! Reads: the throughput and latency of asset-api, compared with the floor: the same statements
//! through `pgbench`, as recorded between asset-api and `PostgreSQL` in the same run.

mod fixture;
mod list;
mod page_depth;
mod pgbench;
mod protocol;
mod recorder;
mod requests;
mod saturation;
mod script;
mod service;
pub mod sessions;

pub use saturation::saturate;

use crate::database;
use crate::http_client::HttpClient;
use crate::load::Threads;
use crate::meters::Meters;
use crate::numbers::round;
use crate::plan::{Plan, ReadPlan};
use crate::platform::Names;
use crate::report::{FloorPhase, ReadKind, Reads, Saturation};
use crate::run_segment::{Outcome, RunSegment};
use crate::server;
use anyhow::Context as _;
use futures_util::future::BoxFuture;
use launch::output::{passed, progress};
use launch::variable;
use list::List;
use pgbench::{Length, Pgbench};
use requests::Kind;
use service::{AssetApi, CONNECTIONS, Lists, Recorded};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Clients without pauses: enough that all connections to `PostgreSQL` are busy.
const CLIENTS: usize = 32;
/// Items per page when a long list is read: the API's maximum.
const PAGE_LIMIT: usize = 200;

/// A request that was sent.
type Call = BoxFuture<'static, Outcome<()>>;

/// Everything that is needed to measure reads.
pub struct ReadBench {
    plan: ReadPlan,
    api: AssetApi,
    pgbench: Pgbench,
    meters: Meters,
    threads: Threads,
}

/// A kind of request, and its statements.
pub struct RecordedKind {
    kind: Kind,
    statements: usize,
    round_trips: usize,
    scripts: Vec<String>,
}

/// Measures each kind of request, each time first the floor and then asset-api; then pages at all
/// depths.
pub async fn measure(plan: &Plan, names: &Names, folder: &Path) -> anyhow::Result<Reads> {
    let (stations, piles) = (plan.reads.stations, fixture::piles(plan.reads.stations));
    let (bench, kinds) = ReadBench::set_up(plan, names, folder, |_name| true).await?;
    let mut reads = Reads { stations, piles, connections: CONNECTIONS, kinds: Vec::new(), pages: Vec::new() };
    for kind in &kinds {
        reads.kinds.push(bench.compare(kind).await?);
    }
    reads.pages = bench.pages().await?;
    bench.stop().await?;
    Ok(reads)
}

/// The folder of the services' logs, which is created.
fn logs(folder: &Path) -> anyhow::Result<PathBuf> {
    let logs = folder.join("logs");
    std::fs::create_dir_all(&logs).with_context(|| format!("create {}", logs.display()))?;
    Ok(logs)
}

/// Records the statements of each kind of request.
async fn record(url: &str, logs: &Path, kinds: Vec<Kind>) -> anyhow::Result<Vec<RecordedKind>> {
    progress("recording the statements of each request …");
    let recorded = Recorded::start(url, logs).await?;
    let mut all = Vec::new();
    for kind in kinds {
        let (mut scripts, mut trips) = (Vec::new(), Vec::new());
        for example in kind.requests.examples()? {
            trips = recorded.record(&example.path).await?;
            let script = example.first_lines + &script::write(&trips, &example.replacements)?;
            script::ensure_variables_are_used(&script).with_context(|| format!("GET {}", example.path))?;
            scripts.push(script);
        }
        let (statements, round_trips) = (trips.iter().map(Vec::len).sum(), trips.len());
        passed(&format!("{}: {statements} statements in {round_trips} round trips", kind.name));
        all.push(RecordedKind { kind, statements, round_trips, scripts });
    }
    recorded.stop().await?;
    Ok(all)
}

impl RecordedKind {
    /// The name in the report.
    pub const fn name(&self) -> &'static str {
        self.kind.name
    }
}

impl ReadBench {
    /// Creates the database and records the statements of the kinds whose names are wanted.
    pub async fn set_up(
        plan: &Plan,
        names: &Names,
        folder: &Path,
        is_wanted: impl Fn(&str) -> bool,
    ) -> anyhow::Result<(Self, Vec<RecordedKind>)> {
        let (stations, piles) = (plan.reads.stations, fixture::piles(plan.reads.stations));
        progress(&format!("{stations} stations and {piles} piles …"));
        let url = fixture::create(&variable("DATABASE_URL")?, &names.reads, stations).await?;
        let logs = logs(folder)?;
        let api = AssetApi::start(&url, CONNECTIONS, Lists::Map, &logs).await?;
        let list = List::walk(&HttpClient::new(&api.listen)?, "/api/v1/stations", list::LIMIT).await?;
        api.stop().await?;
        let mut kinds = requests::kinds(&list)?;
        kinds.retain(|kind| is_wanted(kind.name));
        let recorded = record(&url, &logs, kinds).await?;
        Ok((Self::start(plan.reads.clone(), &url, folder).await?, recorded))
    }

    /// Stops asset-api in order.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.api.stop().await
    }

    /// Starts asset-api on the database at `url`, and finds what else measures it.
    async fn start(plan: ReadPlan, url: &str, folder: &Path) -> anyhow::Result<Self> {
        let api = AssetApi::start(url, CONNECTIONS, Lists::Map, &logs(folder)?).await?;
        let mut queries = database::connect(url).await?;
        let version =
            server::settings(&mut queries).await?.into_iter().find(|setting| setting.name == "version");
        let version = version.context("PostgreSQL reported no version")?.value;
        // The connection is closed before anything is measured.
        let meters = Meters {
            postgres: Meters::postgres_of(server::backend(&mut queries).await?),
            asset_api: api.process.id(),
            ..Meters::default()
        };
        let pgbench = Pgbench::find(&version, url, folder, CONNECTIONS)?;
        Ok(Self { plan, api, pgbench, meters, threads: Threads::start()? })
    }

    /// The highest throughput of the floor, then of asset-api.
    pub async fn saturate(&self, recorded: &RecordedKind) -> anyhow::Result<(Saturation, Saturation)> {
        let (warm_up, measured) = (self.plan.warm_up, self.plan.saturated);
        progress(&format!("{}: highest throughput, first the floor, then asset-api …", recorded.kind.name));
        let floor = self.pgbench.run(&recorded.scripts, None, Length { warm_up, measured }).await?;
        let floor = Saturation { clients: CONNECTIONS, per_s: floor.per_s, latency: floor.latency };
        let call = self.call(&recorded.kind)?;
        let saturated = saturate(&self.threads, CLIENTS, warm_up, measured, call).await?;
        let of_floor_percent = ReadKind::share_of(&saturated, &floor);
        passed(&format!("{} of {}/s, {of_floor_percent} %", saturated.per_s, floor.per_s));
        Ok((floor, saturated))
    }

    /// Calls of this kind, over connections of their own.
    fn call(&self, kind: &Kind) -> anyhow::Result<impl Fn(u64) -> Call + Send + Sync + use<>> {
        let (client, kind) = (Arc::new(HttpClient::new(&self.api.listen)?), kind.clone());
        Ok(move |number| -> Call {
            let (client, kind) = (Arc::clone(&client), kind.clone());
            Box::pin(async move { kind.call(&client, number).await })
        })
    }

    async fn compare(&self, recorded: &RecordedKind) -> anyhow::Result<ReadKind> {
        let (floor, saturated) = self.saturate(recorded).await?;
        let RecordedKind { kind, scripts, .. } = recorded;
        let rate = paced_rate(kind.target.rate, saturated.per_s);
        progress(&format!("{}: {rate}/s, first the floor, then asset-api …", kind.name));
        let (warm_up, measured, call) = (self.plan.warm_up, self.plan.paced, self.call(kind)?);
        let result = self.pgbench.run(scripts, Some(rate), Length { warm_up, measured }).await?;
        let floor_paced = FloorPhase { rate, per_s: result.per_s, latency: result.latency };
        let paced =
            RunSegment::run(&self.meters, &self.threads, rate, warm_up, measured, call).await?.phase();
        for (what, latency) in [("floor", &floor_paced.latency), ("asset-api", &paced.latency)] {
            passed(&format!(
                "{what}: P50 {} · P95 {} · P99 {} · max {} ms",
                latency.p50_ms, latency.p95_ms, latency.p99_ms, latency.max_ms
            ));
        }
        Ok(ReadKind {
            name: kind.name,
            target: kind.target,
            statements: recorded.statements,
            round_trips: recorded.round_trips,
            of_floor_percent: ReadKind::share_of(&saturated, &floor),
            saturated,
            floor,
            paced,
            floor_paced,
        })
    }

    async fn pages(&self) -> anyhow::Result<Vec<crate::report::PageCost>> {
        let client = HttpClient::new(&self.api.listen)?;
        let mut all = Vec::new();
        for (name, path, step) in [
            ("stations", "/api/v1/stations", list::LIMIT),
            ("piles", "/api/v1/piles", PAGE_LIMIT),
            (
                "stations nearby, within 50 km",
                "/api/v1/stations?near=31.23,121.474&radiusM=50000",
                list::LIMIT,
            ),
        ] {
            progress(&format!("pages at several depths of the list of {name} …"));
            let list = List::walk(&client, path, step).await?;
            let cost = page_depth::measure(&client, name, &list, self.plan.rounds).await?;
            passed(&format!("{:?}: {} ×", cost.pages, cost.ratio));
            all.push(cost);
        }
        Ok(all)
    }
}

/// The rate with a target, or half of the highest throughput if that is less.
fn paced_rate(target: u32, max_per_s: f64) -> u32 {
    if max_per_s > f64::from(target) {
        return target;
    }
    // A multiple of ten, for display.
    let half = format!("{:.0}", round(max_per_s / 20.0, 0)).parse::<u32>().unwrap_or_default();
    (half * 10).max(10)
}
