//! Measures how long an event takes to become visible, and a command to reach Kafka, under load.

mod events;

use crate::environment::Environment;
use launch::output::progress;
use launch::{Latencies, commands, resident_mb};
use std::time::Duration;

/// Background events per second: ten thousand piles that each send one every 17 seconds.
const EVENT_RATE: u32 = 600;
/// Commands per second.
const COMMAND_RATE: u32 = 50;

/// Measures for some seconds, at the end of the story.
pub async fn run(environment: &Environment) -> anyhow::Result<()> {
    memory(environment);
    measure(environment, Duration::from_secs(8)).await
}

async fn measure(environment: &Environment, each: Duration) -> anyhow::Result<()> {
    progress(&format!("{EVENT_RATE} events/s for {} s …", each.as_secs()));
    let visible = events::measure(environment, EVENT_RATE, each).await?;
    progress(&format!("{COMMAND_RATE} commands/s for {} s …", each.as_secs()));
    let setup = commands::Setup {
        assets: &environment.assets,
        commands: &environment.commands,
        simulator: &environment.simulator,
        run: &environment.run,
    };
    let (answered, recorded) = commands::measure(&setup, COMMAND_RATE, each).await?;
    println!("\n    {}", Latencies::HEADER);
    println!("    {}", visible.row("event sent by the gateway → GET /api/v1/piles/{id}"));
    println!("    {}", answered.row("POST command → 202"));
    println!("    {}", recorded.row("POST command → record read from commands-down"));
    Ok(())
}

fn memory(environment: &Environment) {
    let each = environment
        .pids
        .iter()
        .filter_map(|(name, pid)| resident_mb(*pid).map(|mb| format!("{name} {mb:.0} MB")));
    progress(&format!("resident memory: {}", each.collect::<Vec<_>>().join(" · ")));
}
