//! The events topic is deleted and created again, and the new log grows past the offsets that were
//! read from the old one.

use crate::environment::Environment;
use crate::output::seconds;
use anyhow::ensure;
use std::time::Duration;

/// Reasons of a halt. The second one applies to a partition of which no record is known.
const REASONS: [&str; 2] = ["OTHER_LOG", "OFFSET_OUTSIDE_LOG"];
/// What an owner logs about a partition that an earlier owner has halted.
const STILL_HALTED: &str = "partition is still halted";
/// The number of dead letters of all logs, and of those that belong to former topics.
const LETTERS: &str = "select count(*) from dead_letters";
const FORMER_LETTERS: &str = "select count(*) from dead_letters where topic like '%#%'";

/// What the ingestors do while the topic is recreated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ingestors {
    /// No ingestor runs until the new log has grown past the old one, so that it contains the next
    /// offset.
    Stopped,
    /// All of them run.
    Running,
}

/// How long each step took.
#[derive(Debug, Clone, Copy)]
pub struct Recreated {
    /// Until all partitions were halted, after the new log had grown past the old one and ingestors
    /// ran.
    pub halted: Duration,
    /// Until everything was read, after the operator's decision.
    pub caught_up: Duration,
}

/// Recreates the topic and waits until all partitions are halted. Then starts other ingestors,
/// which must not read either; then resumes the partitions like an operator, and waits until the
/// new log is read.
///
/// # Errors
/// When something of the new log is read before the operator's decision, a partition is not halted,
/// or a dead letter of the old log is lost.
pub async fn recreate(environment: &mut Environment, ingestors: Ingestors) -> anyhow::Result<Recreated> {
    environment.wait_until_caught_up().await?;
    let ends = environment.finish_topic().await?;
    let letters = environment.audited.number(LETTERS).await?;
    let stopped = match ingestors {
        Ingestors::Stopped => environment.fleet.kill_all().await,
        Ingestors::Running => 0,
    };
    environment.recreate_topic().await?;
    let grown = environment.wait_until_longer(&ends).await?;
    environment.output.progress(&format!(
        "the topic was deleted and created again, ingestors: {ingestors:?}; it grew past the old log in {}",
        seconds(grown)
    ));
    environment.fleet.start_many(stopped)?;
    let halted = wait_until_halted(environment).await?;
    environment.output.progress(&format!("all partitions were halted {} later", seconds(halted)));
    restart_halted(environment).await?;
    ensure!(
        environment.halted(&REASONS).await? == i64::from(environment.plan.partitions),
        "a partition is no longer halted, without an operator's decision"
    );
    ensure_nothing_is_read(environment).await?;
    environment.resume_partitions().await?;
    environment.output.progress("the operator resumes each partition from its beginning");
    let caught_up = environment.wait_until_caught_up().await?;
    let kept = environment.audited.number(FORMER_LETTERS).await?;
    ensure!(kept == letters, "only {kept} of {letters} dead letters of former logs were kept");
    environment.output.progress(&format!(
        "caught up after {}; {kept} dead letters of former logs are kept",
        seconds(caught_up)
    ));
    Ok(Recreated { halted, caught_up })
}

async fn wait_until_halted(environment: &Environment) -> anyhow::Result<Duration> {
    let all = i64::from(environment.plan.partitions);
    let halted = async || {
        // Ends the wait at once, too.
        let batches = batches(environment).await?;
        Ok(batches > 0 || environment.halted(&REASONS).await? == all)
    };
    let halted = environment.wait_until("all partitions to be halted", halted).await?;
    ensure_nothing_is_read(environment).await?;
    Ok(halted)
}

/// Kills all ingestors and starts as many; waits until they have found each partition halted.
async fn restart_halted(environment: &mut Environment) -> anyhow::Result<()> {
    let ingestors = environment.fleet.kill_all().await;
    let before = environment.fleet.logged(STILL_HALTED)?;
    environment.fleet.start_many(ingestors)?;
    let enough = before + usize::try_from(environment.plan.partitions)?;
    let found = async || Ok(environment.fleet.logged(STILL_HALTED)? >= enough);
    let took = environment.wait_until("other ingestors to find the partitions halted", found).await?;
    environment
        .output
        .progress(&format!("{ingestors} new ingestors found the partitions halted after {}", seconds(took)));
    Ok(())
}

async fn ensure_nothing_is_read(environment: &Environment) -> anyhow::Result<()> {
    let batches = batches(environment).await?;
    ensure!(batches == 0, "{batches} batches of the new log were written before the operator's decision");
    Ok(())
}

/// The number of written batches of the new log.
async fn batches(environment: &Environment) -> anyhow::Result<i64> {
    environment.audited.number("select count(*) from chaos_moves").await
}
