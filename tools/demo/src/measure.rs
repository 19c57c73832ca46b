//! Measures how long an event takes to become visible, and a command to reach Kafka, under load.

mod events;

use crate::stage::Stage;
use launch::narrator::say;
use launch::{Latencies, commands, resident_mb};
use std::time::Duration;

/// Background events per second: ten thousand piles that each send one every 17 seconds.
const EVENT_RATE: u32 = 600;
/// Commands per second.
const COMMAND_RATE: u32 = 50;

/// A short measurement for the end of the story.
pub async fn briefly(stage: &Stage) -> anyhow::Result<()> {
    memory(stage);
    measure(stage, Duration::from_secs(8)).await
}

async fn measure(stage: &Stage, each: Duration) -> anyhow::Result<()> {
    say(&format!("{EVENT_RATE} events/s for {} s …", each.as_secs()));
    let visible = events::measure(stage, EVENT_RATE, each).await?;
    say(&format!("{COMMAND_RATE} commands/s for {} s …", each.as_secs()));
    let played = commands::Played {
        assets: &stage.assets,
        commands: &stage.commands,
        simulator: &stage.simulator,
        run: &stage.run,
    };
    let (answered, recorded) = commands::measure(&played, COMMAND_RATE, each).await?;
    println!("\n    {}", Latencies::HEADER);
    println!("    {}", visible.row("event sent by the gateway → GET /api/v1/piles/{id}"));
    println!("    {}", answered.row("POST command → 202"));
    println!("    {}", recorded.row("POST command → record read from commands-down"));
    Ok(())
}

fn memory(stage: &Stage) {
    let each =
        stage.pids.iter().filter_map(|(name, pid)| resident_mb(*pid).map(|mb| format!("{name} {mb:.0} MB")));
    say(&format!("resident memory: {}", each.collect::<Vec<_>>().join(" · ")));
}
