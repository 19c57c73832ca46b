//! The events topic is deleted and created anew, and the new log grows past the offsets that were read of the old one.

use crate::environment::Environment;
use crate::narrator::seconds;
use anyhow::ensure;
use std::time::Duration;

/// Reasons of a halt. The second is that of a partition of which no record is known.
const REASONS: [&str; 2] = ["OTHER_LOG", "OFFSET_OUTSIDE_LOG"];
/// What an owner logs of a partition that an earlier one has halted.
const STILL_HALTED: &str = "partition is still halted";
/// Dead letters of all logs, and those of logs that were replaced.
const LETTERS: &str = "select count(*) from dead_letters";
const LETTERS_ASIDE: &str = "select count(*) from dead_letters where topic like '%#%'";

/// What the ingestors do while the topic is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ingestors {
    /// None runs before the new log has grown past the old one, so that it has the next offset.
    Stopped,
    /// They run.
    Running,
}

/// How long it took.
#[derive(Debug, Clone, Copy)]
pub struct Replaced {
    /// Until all partitions were halted, after the new log had grown past the old one and ingestors ran.
    pub halted: Duration,
    /// Until all was read, after an operator had decided.
    pub caught_up: Duration,
}

/// Replaces the topic and waits until all partitions are halted; starts other ingestors, which must not read either; then has an
/// operator decide, and waits until the new log is read.
///
/// # Errors
/// When something of the new log is read before an operator has decided, a partition is not halted, or a dead letter of the
/// old log is lost.
pub async fn replace(environment: &mut Environment, ingestors: Ingestors) -> anyhow::Result<Replaced> {
    environment.settle().await?;
    let ends = environment.close_log().await?;
    let letters = environment.audited.number(LETTERS).await?;
    let stopped = match ingestors {
        Ingestors::Stopped => environment.fleet.kill_all().await,
        Ingestors::Running => 0,
    };
    environment.begin_log().await?;
    let grown = environment.outgrow(&ends).await?;
    environment.narrator.say(&format!(
        "the topic was deleted and created anew, ingestors: {ingestors:?}; it grew past the old one in {}",
        seconds(grown)
    ));
    environment.fleet.start_many(stopped)?;
    let halted = are_halted(environment).await?;
    environment.narrator.say(&format!("all partitions were halted {} later", seconds(halted)));
    restart_halted(environment).await?;
    ensure!(environment.halted(&REASONS).await? == i64::from(environment.plan.partitions), "a halt ended by itself");
    nothing_is_read(environment).await?;
    environment.go_on().await?;
    environment.narrator.say("an operator has each partition read from its beginning");
    let caught_up = environment.settle().await?;
    let kept = environment.audited.number(LETTERS_ASIDE).await?;
    ensure!(kept == letters, "of {letters} dead letters of former logs, {kept} are kept");
    environment
        .narrator
        .say(&format!("caught up after {}; {kept} dead letters of former logs are kept", seconds(caught_up)));
    Ok(Replaced { halted, caught_up })
}

async fn are_halted(environment: &Environment) -> anyhow::Result<Duration> {
    let all = i64::from(environment.plan.partitions);
    let halted = async || {
        // Ends the wait at once, too.
        let batches = batches(environment).await?;
        Ok(batches > 0 || environment.halted(&REASONS).await? == all)
    };
    let halted = environment.wait_until("all partitions to be halted", halted).await?;
    nothing_is_read(environment).await?;
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
    environment.narrator.say(&format!("{ingestors} other ingestors found them halted after {}", seconds(took)));
    Ok(())
}

async fn nothing_is_read(environment: &Environment) -> anyhow::Result<()> {
    let batches = batches(environment).await?;
    ensure!(batches == 0, "{batches} batches of the new log were written before an operator decided");
    Ok(())
}

/// Batches of the new log.
async fn batches(environment: &Environment) -> anyhow::Result<i64> {
    environment.audited.number("select count(*) from chaos_moves").await
}
