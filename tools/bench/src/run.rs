//! The sequence of a run: what is measured after what.

use crate::load::Generator;
use crate::meters::Broker;
use crate::numbers::round;
use crate::plan::{Chapter, Plan};
use crate::platform::Names;
use crate::report::{Latency, Phase, Report};
use crate::rig::Rig;
use crate::search::Search;
use crate::visibility;
use crate::{commands, floor, reads, server, takeover, truth};
use anyhow::Context as _;
use launch::narrator::{heading, say, seen};
use std::path::Path;
use std::time::{Duration, Instant};

/// After a rate that turned out not to be sustained for long, this share of it is tried.
const STEP_DOWN_PERCENT: u32 = 90;
/// How often that is done.
const CONFIRMATIONS: usize = 3;
/// Events per second at which the floor's events are put on the topic; nobody reads them meanwhile.
const FLOOR_RATE: u32 = 20_000;

/// Measures everything; what was measured when it ends is in `report`. The time to truth has names of its own, the second.
pub async fn play(
    plan: &Plan,
    names: &[Names; 2],
    folder: &Path,
    broker: &Broker,
    report: &mut Report,
) -> anyhow::Result<()> {
    let [names, names_for_truth] = names;
    if plan.measures(Chapter::Tail) || plan.measures(Chapter::Commands) {
        platform(plan, names, folder, broker, report).await?;
    }
    if plan.measures(Chapter::Reads) {
        heading("Reads");
        report.reads = Some(reads::play(plan, names, folder).await?);
    }
    if plan.measures(Chapter::Truth) {
        heading("The time to truth");
        report.truth = Some(truth::play(plan, names_for_truth, folder, broker).await?);
    }
    report.complete = true;
    Ok(())
}

/// Everything that ingestors take part in; it ends with them.
async fn platform(
    plan: &Plan,
    names: &Names,
    folder: &Path,
    broker: &Broker,
    report: &mut Report,
) -> anyhow::Result<()> {
    heading("Setting up");
    let begun = Instant::now();
    let mut rig = Rig::set_up(plan, names, folder, broker).await?;
    let ready = begun.elapsed().as_secs_f64();
    seen(&format!(
        "{} ingestor(s) on {} partitions, ready after {ready:.1} s",
        plan.ingestors, plan.partitions
    ));
    let commits = server::commit(&mut rig.questions, plan.commits).await?;
    report.commit = Some(Latency::of(commits));
    match plan.only {
        None => events(&mut rig, report).await,
        Some(Chapter::Tail) => tail(&mut rig, report).await,
        Some(_) => down(&mut rig, report).await,
    }
}

/// Everything about events, and commands once there is nothing else to do.
async fn events(rig: &mut Rig, report: &mut Report) -> anyhow::Result<()> {
    fleets(rig, report).await?;
    let load = announced(rig, rig.plan.charge_points).await?;
    steady(rig, &load, report).await?;
    highest(rig, &load, report).await?;
    // As many as are used at full rate: pools keep them open.
    let connections = rig.connections().await?;
    crash(rig, &load, report).await?;
    down(rig, report).await?;
    rig.platform.stop_ingestors().await?;
    floor(rig, &load, report, connections).await
}

/// The latency of events while little is to be done, in which each pause of an ingestor shows.
async fn tail(rig: &mut Rig, report: &mut Report) -> anyhow::Result<()> {
    rig.plan.steady.truncate(1);
    let load = announced(rig, rig.plan.charge_points).await?;
    steady(rig, &load, report).await
}

/// A fleet that has announced itself.
async fn announced(rig: &mut Rig, charge_points: u32) -> anyhow::Result<Generator> {
    say(&format!("{charge_points} charge points announce themselves; waiting until all of it is visible …"));
    let begun = Instant::now();
    let load = rig.fleet(&format!("B{charge_points}-"), charge_points).await?;
    seen(&format!("after {:.1} s", begun.elapsed().as_secs_f64()));
    Ok(load)
}

/// Measures one stretch, and tells of it.
async fn measured(rig: &mut Rig, load: &Generator, rate: u32, measured: Duration) -> anyhow::Result<Phase> {
    let seconds = (rig.plan.warm_up + measured).as_secs();
    say(&format!("{rate} events/s for {seconds} s …"));
    let phase = rig.measure(load, rate, measured).await?;
    let latency = &phase.latency;
    seen(&format!(
        "P50 {} · P95 {} · P99 {} · max {} ms; backlog {} → {}{}",
        latency.p50_ms,
        latency.p95_ms,
        latency.p99_ms,
        latency.max_ms,
        phase.backlog.at_begin,
        phase.backlog.at_end,
        phase.why_not().map_or_else(String::new, |why| format!("; not sustained: {why}"))
    ));
    Ok(phase)
}

async fn fleets(rig: &mut Rig, report: &mut Report) -> anyhow::Result<()> {
    heading("Smaller fleets, for the cost per event");
    for charge_points in rig.plan.smaller_fleets.clone() {
        let load = announced(rig, charge_points).await?;
        let (rate, seconds) = (rig.plan.common_rate(), rig.plan.cost_seconds);
        report.smaller_fleets.push(measured(rig, &load, rate, seconds).await?);
    }
    heading("The large fleet");
    Ok(())
}

async fn steady(rig: &mut Rig, load: &Generator, report: &mut Report) -> anyhow::Result<()> {
    for (rate, target) in rig.plan.steady.clone() {
        let phase = measured(rig, load, rate, rig.plan.measured).await?;
        report.steady.push(Phase { target_p95_ms: Some(target), ..phase });
    }
    Ok(())
}

/// Looks for the highest rate, then holds it; when it cannot be held for that long, a lower one.
async fn highest(rig: &mut Rig, load: &Generator, report: &mut Report) -> anyhow::Result<()> {
    heading("The highest sustained rate");
    let mut search = Search::new(rig.plan.ladder.clone(), rig.plan.steps);
    while let Some(rate) = search.next() {
        let phase = measured(rig, load, rate, rig.plan.step).await?;
        search.tried(rate, phase.sustained);
        report.search.push(phase);
    }
    let mut rate = search.best().context("not even the lowest rate was sustained")?;
    for _ in 0..CONFIRMATIONS {
        let phase = measured(rig, load, rate, rig.plan.measured).await?;
        let is_it = phase.sustained;
        report.highest = Some(Phase { target_p95_ms: Some(rig.plan.highest_target_ms), ..phase });
        if is_it {
            return Ok(());
        }
        rate = rate / 100 * STEP_DOWN_PERCENT;
    }
    say("no rate was sustained for the whole time; the last one stands in the report as not sustained");
    Ok(())
}

async fn crash(rig: &mut Rig, load: &Generator, report: &mut Report) -> anyhow::Result<()> {
    heading("A crash");
    rig.start_ingestor().await?;
    let rate = rig.plan.common_rate();
    say(&format!("one of {} ingestors is killed at {rate} events/s …", rig.meters.ingestors.len()));
    let takeover = takeover::watch(rig, load, rate).await?;
    let (owned, caught_up) = (takeover.owned_after_s, takeover.caught_up_after_s);
    seen(&format!("every partition owned after {owned} s, all caught up after {caught_up} s"));
    report.takeover = Some(takeover);
    Ok(())
}

async fn down(rig: &mut Rig, report: &mut Report) -> anyhow::Result<()> {
    heading("Commands");
    report.commands = Some(commands::play(rig).await?);
    Ok(())
}

async fn floor(
    rig: &mut Rig,
    load: &Generator,
    report: &mut Report,
    connections: usize,
) -> anyhow::Result<()> {
    heading("The floor");
    let from = rig.watch.current()?;
    let seconds = rig.plan.floor_events.div_ceil(FLOOR_RATE).max(1);
    let rate = rig.plan.floor_events / seconds;
    say(&format!("{} events are put on the topic while no ingestor runs …", rig.plan.floor_events));
    let produced = load.produce(rate, Duration::from_secs(seconds.into()))?;
    produced.await.context("the load generator ended")??;
    let to = visibility::ends(&rig.platform.kafka, &rig.platform.names.events).await?;
    let prepared = floor::Prepared::read(rig, &from, &to).await?;
    say("writing them, one by one and in batches …");
    let per_batch = report.highest.as_ref().map_or(1.0, |phase| phase.events_per_batch.max(1.0));
    let per_batch = format!("{:.0}", round(per_batch, 0)).parse().unwrap_or(1);
    let floor = prepared.measure(rig, connections, per_batch).await?;
    seen(&format!(
        "{} events/s in batches of {per_batch}; one transaction per event: {} with one connection, {} with {connections}",
        floor.bulk.events_per_s, floor.one_by_one.events_per_s, floor.one_by_one_at_once.events_per_s
    ));
    report.floor = Some(floor);
    Ok(())
}
