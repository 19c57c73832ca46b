//! The sequence of a run.

use crate::harness::Harness;
use crate::load::Generator;
use crate::meters::{BROKER, Broker, ProcessUse};
use crate::numbers::round;
use crate::plan::{Chapter, Plan};
use crate::platform::Names;
use crate::report::{Check, Latency, Phase, Report};
use crate::search::Search;
use crate::{cells, check, commands, floor, limits, reads, server, takeover, truth};
use anyhow::{Context as _, bail};
use launch::output::{heading, passed, progress};
use std::path::Path;
use std::time::{Duration, Instant};

/// After a rate that was not sustained for the whole time, this percentage of it is tried.
const STEP_DOWN_PERCENT: u32 = 90;
/// How often a lower rate is tried.
const CONFIRMATIONS: usize = 3;

/// Measures everything; `report` contains what was measured when it ends. The time to truth uses
/// the second names, limits of sessions the third, and cells the others.
pub async fn measure_all(
    plan: &Plan,
    names: &[Names; 5],
    folder: &Path,
    broker: &Broker,
    report: &mut Report,
) -> anyhow::Result<()> {
    let [names, names_for_truth, names_for_limits, names_of_cells @ ..] = names;
    if [Chapter::Tail, Chapter::Fleets, Chapter::Commands, Chapter::Retention]
        .into_iter()
        .any(|chapter| plan.measures(chapter))
    {
        platform(plan, names, folder, broker, report).await?;
    }
    if plan.measures(Chapter::Reads) {
        heading("Reads");
        report.reads = Some(reads::measure(plan, names, folder).await?);
    }
    if plan.measures(Chapter::Sessions) {
        heading("Sessions");
        report.sessions = Some(reads::sessions::measure(&plan.sessions, names, folder).await?);
    }
    if plan.measures(Chapter::Truth) {
        heading("The time to truth");
        report.truth = Some(truth::measure(plan, names_for_truth, folder, broker).await?);
    }
    if plan.measures(Chapter::Limits) {
        heading("Limits of sessions");
        let limits = limits::measure(plan, names_for_limits, folder, broker).await?;
        let failure = limits.failure();
        report.limits = Some(limits);
        if let Some(failure) = failure {
            bail!(failure);
        }
    }
    if plan.measures(Chapter::Cells) {
        heading("Cells");
        report.cells = Some(cells::measure(plan, names_of_cells, folder).await?);
    }
    if plan.measures(Chapter::Check) {
        report.check = Some(check::measure(plan, names, folder, broker).await?);
    }
    report.complete = true;
    report.check.as_ref().map_or(Ok(()), Check::result)
}

/// Everything that needs ingestors; they are stopped at the end.
async fn platform(
    plan: &Plan,
    names: &Names,
    folder: &Path,
    broker: &Broker,
    report: &mut Report,
) -> anyhow::Result<()> {
    heading("Setting up");
    let begun = Instant::now();
    let mut harness = Harness::set_up(plan, names, folder, broker).await?;
    let ready = begun.elapsed().as_secs_f64();
    passed(&format!(
        "{} ingestor(s) on {} partitions, ready after {ready:.1} s",
        plan.ingestors, plan.partitions
    ));
    let commits = server::commit(&mut harness.queries, plan.commits).await?;
    report.commit = Some(Latency::of(commits));
    match plan.only {
        None => events(&mut harness, report).await,
        Some(Chapter::Tail) => tail(&mut harness, report).await,
        Some(Chapter::Fleets) => large_fleets(&mut harness, report).await,
        Some(Chapter::Retention) => measure_retention(&mut harness, report).await,
        Some(_) => measure_commands(&mut harness, report).await,
    }
}

/// Everything about events, and then about commands.
async fn events(harness: &mut Harness, report: &mut Report) -> anyhow::Result<()> {
    fleets(harness, report).await?;
    let load = announce_fleet(harness, harness.plan.charge_points).await?;
    steady(harness, &load, report).await?;
    highest(harness, &load, report).await?;
    // As many as are used at the full rate: pools keep them open.
    let connections = harness.connections().await?;
    crash(harness, &load, report).await?;
    measure_commands(harness, report).await?;
    harness.platform.stop_ingestors().await?;
    floor(harness, &load, report, connections).await?;
    // Last, because the floor would write its events, too.
    load_alone(harness, &load, report).await
}

/// The latency of events at a low rate, in which each pause of an ingestor shows, and the cost of the
/// load alone.
async fn tail(harness: &mut Harness, report: &mut Report) -> anyhow::Result<()> {
    harness.plan.steady.truncate(1);
    let load = announce_fleet(harness, harness.plan.charge_points).await?;
    steady(harness, &load, report).await?;
    harness.platform.stop_ingestors().await?;
    load_alone(harness, &load, report).await
}

/// The cost per event of two large fleets, and what they cost while they send nothing, compared with
/// no fleet at all.
async fn large_fleets(harness: &mut Harness, report: &mut Report) -> anyhow::Result<()> {
    report.idle_fleets.push(harness.measure_idle(0).await?);
    fleets(harness, report).await?;
    let load = announce_fleet(harness, harness.plan.charge_points).await?;
    let devices = harness.plan.charge_points + harness.plan.smaller_fleets.iter().sum::<u32>();
    progress(&format!("{devices} charge points that send nothing …"));
    report.idle_fleets.push(harness.measure_idle(devices).await?);
    steady(harness, &load, report).await
}

/// A fleet that has announced itself.
async fn announce_fleet(harness: &mut Harness, charge_points: u32) -> anyhow::Result<Generator> {
    progress(&format!(
        "{charge_points} charge points announce themselves; waiting until all events are visible …"
    ));
    let begun = Instant::now();
    let load = harness.fleet(&format!("B{charge_points}-"), charge_points).await?;
    passed(&format!("after {:.1} s", begun.elapsed().as_secs_f64()));
    Ok(load)
}

/// Measures one segment and prints the result.
async fn measure_segment(
    harness: &mut Harness,
    load: &Generator,
    rate: u32,
    measured: Duration,
) -> anyhow::Result<Phase> {
    let seconds = (harness.plan.warm_up + measured).as_secs();
    progress(&format!("{rate} events/s for {seconds} s …"));
    let phase = harness.measure(load, rate, measured).await?;
    let latency = &phase.latency;
    passed(&format!(
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

async fn fleets(harness: &mut Harness, report: &mut Report) -> anyhow::Result<()> {
    heading("Smaller fleets, for the cost per event");
    for charge_points in harness.plan.smaller_fleets.clone() {
        let load = announce_fleet(harness, charge_points).await?;
        let (rate, seconds) = (harness.plan.common_rate(), harness.plan.cost_seconds);
        report.smaller_fleets.push(measure_segment(harness, &load, rate, seconds).await?);
    }
    heading("The large fleet");
    Ok(())
}

async fn steady(harness: &mut Harness, load: &Generator, report: &mut Report) -> anyhow::Result<()> {
    for (rate, target) in harness.plan.steady.clone() {
        let phase = measure_segment(harness, load, rate, harness.plan.measured).await?;
        report.steady.push(Phase { target_p95_ms: Some(target), ..phase });
    }
    Ok(())
}

/// The CPU that the load costs by itself at the lowest of the steady rates; no ingestor may run.
async fn load_alone(harness: &mut Harness, load: &Generator, report: &mut Report) -> anyhow::Result<()> {
    let (rate, _) = *harness.plan.steady.first().context("the plan has no rate")?;
    let seconds = (harness.plan.warm_up + harness.plan.cost_seconds).as_secs();
    progress(&format!("{rate} events/s for {seconds} s while no ingestor runs …"));
    let alone = harness.measure_load_alone(load, rate, harness.plan.cost_seconds).await?;
    passed(&format!("Kafka used {} µs of CPU per event", ProcessUse::cpu_us_of(&alone.processes, &[BROKER])));
    report.load_alone = Some(alone);
    Ok(())
}

/// Searches the highest rate, then measures it for the whole time; if it is not sustained, a lower
/// one.
async fn highest(harness: &mut Harness, load: &Generator, report: &mut Report) -> anyhow::Result<()> {
    heading("The highest sustained rate");
    let mut search = Search::new(harness.plan.ladder.clone(), harness.plan.steps);
    while let Some(rate) = search.next() {
        let phase = measure_segment(harness, load, rate, harness.plan.step).await?;
        search.tried(rate, phase.sustained);
        report.search.push(phase);
    }
    let mut rate = search.best().context("not even the lowest rate was sustained")?;
    for _ in 0..CONFIRMATIONS {
        let phase = measure_segment(harness, load, rate, harness.plan.measured).await?;
        let is_sustained = phase.sustained;
        report.highest = Some(Phase { target_p95_ms: Some(harness.plan.highest_target_ms), ..phase });
        if is_sustained {
            return Ok(());
        }
        rate = rate / 100 * STEP_DOWN_PERCENT;
    }
    progress("no rate was sustained for the whole time; the report shows the last one as not sustained");
    Ok(())
}

async fn crash(harness: &mut Harness, load: &Generator, report: &mut Report) -> anyhow::Result<()> {
    heading("The crash of an ingestor");
    harness.start_ingestor().await?;
    let rate = harness.plan.common_rate();
    progress(&format!("one of {} ingestors is killed at {rate} events/s …", harness.meters.ingestors.len()));
    let takeover = takeover::measure(harness, load, rate).await?;
    let (owned, caught_up) = (takeover.owned_after_s, takeover.caught_up_after_s);
    passed(&format!("every partition owned after {owned} s, everything caught up after {caught_up} s"));
    report.takeover = Some(takeover);
    Ok(())
}

async fn measure_commands(harness: &mut Harness, report: &mut Report) -> anyhow::Result<()> {
    heading("Commands");
    report.commands = Some(commands::measure(harness).await?);
    Ok(())
}

async fn measure_retention(harness: &mut Harness, report: &mut Report) -> anyhow::Result<()> {
    heading("Retention");
    report.retention = Some(commands::retention::measure(harness).await?);
    Ok(())
}

async fn floor(
    harness: &mut Harness,
    load: &Generator,
    report: &mut Report,
    connections: usize,
) -> anyhow::Result<()> {
    heading("The floor");
    let (from, to) = harness.publish_backlog(load).await?;
    let prepared = floor::Prepared::read(harness, &from, &to).await?;
    progress("writing them one by one and in batches …");
    let per_batch = report.highest.as_ref().map_or(1.0, |phase| phase.events_per_batch.max(1.0));
    let per_batch = format!("{:.0}", round(per_batch, 0)).parse().unwrap_or(1);
    let floor = prepared.measure(harness, connections, per_batch).await?;
    passed(&format!(
        "{} events/s in batches of {per_batch}; one transaction per event: {} with one connection, {} with {connections}",
        floor.bulk.events_per_s, floor.one_by_one.events_per_s, floor.one_by_one_at_once.events_per_s
    ));
    report.floor = Some(floor);
    Ok(())
}
