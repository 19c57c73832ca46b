//! Commands: the latency until the response 202 and until a gateway can read the record, compared
//! with the floor: the same look-up, insert and publication without anything else.

mod floor;
mod piles;
mod posted;
mod readback;
pub mod retention;

pub use piles::wait_until_connected;
pub use readback::{ReadTimes, Readback};

use crate::harness::Harness;
use crate::http_client::{HttpClient, Response};
use crate::load::Threads;
use crate::plan::CommandPlan;
use crate::platform::Dispatcher;
use crate::reads::saturate;
use crate::report::{CallPhase, CommandRate, Commands, Latency, Saturation};
use crate::run_segment::{Outcome, RunSegment};
use crate::search::Search;
use anyhow::Context as _;
use floor::Floor;
use launch::output::{passed, progress};
use piles::{Pile, Piles};
use posted::Posted;
use std::sync::Arc;
use std::time::Duration;

/// After a rate that was not sustained for the whole time, this percentage of it is tried.
const STEP_DOWN_PERCENT: u32 = 90;
/// How often a lower rate is tried.
const CONFIRMATIONS: usize = 3;

/// The status of a command whose body is not valid, which is found before PostgreSQL and Redis are read.
const REFUSED: u16 = 400;
/// Clients without pauses: enough that the connections to `PostgreSQL` are busy.
const CLIENTS: usize = 32;

/// Everything that is needed to measure commands.
pub struct CommandBench<'a> {
    harness: &'a mut Harness,
    plan: CommandPlan,
    piles: Arc<Piles>,
    /// The address of command-dispatcher.
    dispatcher: String,
    floor: Floor,
    readback: Readback,
    threads: Threads,
}

/// Measures the planned rates, with the floor and the platform in turns, and the highest sustained one,
/// first the floor and then the platform.
pub async fn measure(harness: &mut Harness) -> anyhow::Result<Commands> {
    let mut bench = CommandBench::set_up(harness).await?;
    let dispatcher = bench.start_dispatcher(&[]).await?;
    let commands = bench.measure().await?;
    bench.stop_dispatcher(dispatcher).await?;
    Ok(commands)
}

impl<'a> CommandBench<'a> {
    /// Registers the planned piles and sets up the floor; no command-dispatcher runs yet.
    pub async fn set_up(harness: &'a mut Harness) -> anyhow::Result<Self> {
        let plan = harness.plan.commands.clone();
        progress(&format!("{} piles on {} pods …", plan.piles, plan.pods));
        let piles = Arc::new(Piles::set_up(harness, &plan).await?);
        let threads = Threads::start()?;
        let floor = Floor::set_up(harness, &threads, &piles).await?;
        let names = &harness.platform.names;
        let readback = Readback::start(&harness.platform.kafka, &names.commands, &piles.partitions()).await?;
        Ok(Self { harness, plan, piles, dispatcher: String::new(), floor, readback, threads })
    }
}

impl CommandBench<'_> {
    /// The planned rates.
    pub fn rates(&self) -> Vec<u32> {
        self.plan.rates.clone()
    }

    /// Starts command-dispatcher with `additional` settings; commands go to it from now on.
    pub async fn start_dispatcher(&mut self, additional: &[(&str, String)]) -> anyhow::Result<Dispatcher> {
        let dispatcher = self.harness.platform.start_dispatcher(&self.harness.plan, additional).await?;
        self.harness.meters.dispatcher = dispatcher.process.id();
        self.dispatcher.clone_from(&dispatcher.listen);
        Ok(dispatcher)
    }

    /// Stops it in order.
    pub async fn stop_dispatcher(&mut self, dispatcher: Dispatcher) -> anyhow::Result<()> {
        self.harness.meters.dispatcher = None;
        dispatcher.stop().await
    }

    async fn measure(&mut self) -> anyhow::Result<Commands> {
        let mut commands = Commands {
            piles: self.plan.piles,
            partitions: self.piles.partitions().len(),
            rounds: self.plan.rounds,
            steady: Vec::new(),
            highest: None,
            search: Vec::new(),
            floor_search: Vec::new(),
            floor_highest: None,
        };
        for rate in self.rates() {
            commands.steady.push(self.compare(rate).await?);
        }
        (commands.floor_highest, commands.floor_search) = self.search(Target::Floor).await?;
        let (highest, search) = self.search(Target::Platform).await?;
        commands.search = search;
        if let Some(rate) = highest {
            commands.highest = Some(self.confirm(rate).await?);
        }
        Ok(commands)
    }

    /// Measures the floor, the least and the platform at `rate` in turns, so that a change of the machine's speed
    /// counts for both.
    pub async fn compare(&mut self, rate: u32) -> anyhow::Result<CommandRate> {
        let CommandPlan { rounds, round_warm_up, measured, .. } = self.plan;
        self.compare_in(rounds, rate, round_warm_up, measured / rounds).await
    }

    /// Measures the floor, the least and then the platform, in each of `rounds`; the results are of all rounds.
    async fn compare_in(
        &mut self,
        rounds: u32,
        rate: u32,
        warm_up: Duration,
        measured: Duration,
    ) -> anyhow::Result<CommandRate> {
        let seconds = (warm_up + measured).as_secs_f64();
        progress(&format!("{rate}/s, {rounds} × {seconds} s of the floor, of the least, then of commands …"));
        let mut floor = self.floor(rate, warm_up, measured).await?;
        let mut least = self.least(rate, warm_up, measured).await?;
        let (mut platform, mut read) = self.platform(rate, warm_up, measured).await?;
        for _ in 1..rounds {
            floor.append(self.floor(rate, warm_up, measured).await?);
            least.append(self.least(rate, warm_up, measured).await?);
            let (segment, read_later) = self.platform(rate, warm_up, measured).await?;
            platform.append(segment);
            read.extend(read_later);
        }
        let readable = readable(&platform, &read)?;
        let rate = CommandRate::new(rate, floor.phase(), least.phase(), platform.phase(), readable);
        print_latency("floor", &rate.floor.latency, rate.floor.why_not());
        print_latency("request, look-up, floor", &rate.least.latency, rate.least.why_not());
        print_latency("POST → 202", &rate.platform.latency, rate.platform.why_not());
        print_latency("POST → record read", &rate.readable, None);
        Ok(rate)
    }

    /// The highest throughput of the floor, then of the platform.
    pub async fn saturate(&self) -> anyhow::Result<(Saturation, Saturation)> {
        let (warm_up, step) = (self.plan.step_warm_up, self.plan.step);
        progress("the highest throughput, first of the floor, then of commands …");
        let (floor, piles) = (self.floor.clone(), Arc::clone(&self.piles));
        let call = move |_number| {
            let call = call_floor(floor.clone(), piles.next());
            async move { call.await.map(|_posted| ()) }
        };
        let floor = saturate(&self.threads, CLIENTS, warm_up, step, call).await?;
        let (client, piles) = (Arc::new(HttpClient::new(&self.dispatcher)?), Arc::clone(&self.piles));
        let call = move |_number| {
            let call = post(Arc::clone(&client), piles.next());
            async move { call.await.map(|_posted| ()) }
        };
        let ours = saturate(&self.threads, CLIENTS, warm_up, step, call).await?;
        passed(&format!("{} of {}/s", ours.per_s, floor.per_s));
        Ok((floor, ours))
    }

    /// Finds the highest rate that is sustained for the duration of a step; returns all steps, too.
    async fn search(&mut self, target: Target) -> anyhow::Result<(Option<u32>, Vec<CallPhase>)> {
        let mut search = Search::new(self.plan.ladder.clone(), self.plan.steps);
        let mut tried = Vec::new();
        progress(&format!("searching the highest rate that {} sustains …", target.name()));
        while let Some(rate) = search.next() {
            let (warm_up, step) = (self.plan.step_warm_up, self.plan.step);
            let phase = match target {
                Target::Floor => self.floor(rate, warm_up, step).await?,
                Target::Platform => self.platform(rate, warm_up, step).await?.0,
            }
            .phase();
            print_latency(&format!("{rate}/s"), &phase.latency, phase.why_not());
            search.tried(rate, phase.sustained);
            tried.push(phase);
        }
        Ok((search.best(), tried))
    }

    /// Measures the rate that was found, or a lower one, for as long as the planned rates, but at once:
    /// in shorter segments a queue could not grow.
    async fn confirm(&mut self, found: u32) -> anyhow::Result<CommandRate> {
        let (warm_up, measured) = (self.plan.warm_up, self.plan.measured);
        let mut confirmed = self.compare_in(1, found, warm_up, measured).await?;
        for _ in 1..CONFIRMATIONS {
            if confirmed.platform.sustained {
                break;
            }
            let lower = confirmed.rate * STEP_DOWN_PERCENT / 100;
            confirmed = self.compare_in(1, lower, warm_up, measured).await?;
        }
        Ok(confirmed)
    }

    /// Measures what any service needs that checks a command before it records it: a request that is
    /// refused for its body, a look-up in PostgreSQL, and then the floor.
    async fn least(
        &mut self,
        rate: u32,
        warm_up: Duration,
        measured: Duration,
    ) -> anyhow::Result<RunSegment<Posted>> {
        let client = Arc::new(HttpClient::new(&self.dispatcher)?);
        let (floor, piles) = (self.floor.clone(), Arc::clone(&self.piles));
        let call = move |_number| call_least(Arc::clone(&client), floor.clone(), piles.next());
        self.run(rate, warm_up, measured, call).await
    }

    async fn floor(
        &mut self,
        rate: u32,
        warm_up: Duration,
        measured: Duration,
    ) -> anyhow::Result<RunSegment<Posted>> {
        let (floor, piles) = (self.floor.clone(), Arc::clone(&self.piles));
        let call = move |_number| call_floor(floor.clone(), piles.next());
        self.run(rate, warm_up, measured, call).await
    }

    /// Measures the responses to the POSTs, and when their records could be read.
    async fn platform(
        &mut self,
        rate: u32,
        warm_up: Duration,
        measured: Duration,
    ) -> anyhow::Result<(RunSegment<Posted>, ReadTimes)> {
        // Its connections end with the segment, long before the service would close idle ones.
        let client = Arc::new(HttpClient::new(&self.dispatcher)?);
        let piles = Arc::clone(&self.piles);
        let call = move |_number| post(Arc::clone(&client), piles.next());
        let segment = self.run(rate, warm_up, measured, call).await?;
        let accepted = segment.successes().map(|posted| posted.id);
        let read = self.readback.wait_for(accepted).await.context("read the records back")?;
        Ok((segment, read))
    }

    async fn run<W>(
        &mut self,
        rate: u32,
        warm_up: Duration,
        measured: Duration,
        call: impl Fn(u64) -> W + Send + 'static,
    ) -> anyhow::Result<RunSegment<Posted>>
    where
        W: Future<Output = Outcome<Posted>> + Send + 'static,
    {
        self.harness.meters.ingestors = self.harness.platform.ingestors()?;
        RunSegment::run(&self.harness.meters, &self.threads, rate, warm_up, measured, call).await
    }
}

/// From when each accepted command was due until its record could be read.
fn readable(segment: &RunSegment<Posted>, read: &ReadTimes) -> anyhow::Result<Latency> {
    segment.until(|posted: &Posted| {
        read.get(&posted.id).copied().with_context(|| format!("{} was not read", posted.id))
    })
}

/// Calls the floor for a pile.
async fn call_floor(floor: Floor, pile: Outcome<Pile>) -> Outcome<Posted> {
    floor.call(&pile?).await.map_err(|error| format!("{error:#}"))
}

/// Has a request refused, reads the pile and calls the floor for it.
async fn call_least(client: Arc<HttpClient>, floor: Floor, pile: Outcome<Pile>) -> Outcome<Posted> {
    let pile = pile?;
    let call = async {
        reset(&client, &pile, "Warm").await?.body_of(REFUSED)?;
        floor.read_pile(&pile).await?;
        floor.call(&pile).await
    };
    call.await.map_err(|error| format!("{error:#}"))
}

/// Posts a command for a pile.
async fn post(client: Arc<HttpClient>, pile: Outcome<Pile>) -> Outcome<Posted> {
    let response = reset(&client, &pile?, "Soft").await;
    response.and_then(|response| Posted::read(&response)).map_err(|error| format!("{error:#}"))
}

async fn reset(client: &HttpClient, pile: &Pile, kind: &str) -> anyhow::Result<Response> {
    let path = format!("/api/v1/piles/{}/commands/reset", pile.pile_id);
    client.post(&path, &format!(r#"{{"type":"{kind}"}}"#)).await
}

/// What is measured.
#[derive(Debug, Clone, Copy)]
enum Target {
    Floor,
    Platform,
}

impl Target {
    const fn name(self) -> &'static str {
        match self {
            Self::Floor => "the floor",
            Self::Platform => "command-dispatcher",
        }
    }
}

fn print_latency(what: &str, latency: &Latency, why_not: Option<String>) {
    let not = why_not.map_or_else(String::new, |why| format!("; not sustained: {why}"));
    passed(&format!(
        "{what}: P50 {} · P95 {} · P99 {} · max {} ms{not}",
        latency.p50_ms, latency.p95_ms, latency.p99_ms, latency.max_ms
    ));
}
