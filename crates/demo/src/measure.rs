//! How long an event takes to be visible, and a command to be on Kafka, while the platform is at work.

mod commands;
mod events;
mod latencies;

use crate::narrator::{heading, say};
use crate::processes::resident_mb;
use crate::stage::Stage;
use latencies::Latencies;
use std::time::Duration;

/// Events per second in the background: ten thousand piles that say something every 17 seconds.
const EVENT_RATE: u32 = 600;
/// Commands per second.
const COMMAND_RATE: u32 = 50;

/// A short measurement, for the end of the story.
pub async fn briefly(stage: &Stage) -> anyhow::Result<()> {
    memory(stage);
    measure(stage, Duration::from_secs(8)).await
}

/// A longer one, with the conditions.
pub async fn bench(stage: &Stage) -> anyhow::Result<()> {
    heading("Idle");
    memory(stage);
    heading("At work, for a minute in all");
    say(&format!(
        "{} processors, shared by the services, Kafka, Postgres, Redis and this program",
        processors()
    ));
    measure(stage, Duration::from_secs(30)).await?;
    memory(stage);
    Ok(())
}

async fn measure(stage: &Stage, each: Duration) -> anyhow::Result<()> {
    say(&format!("{EVENT_RATE} events/s for {} s …", each.as_secs()));
    let visible = events::measure(stage, EVENT_RATE, each).await?;
    say(&format!("{COMMAND_RATE} commands/s for {} s …", each.as_secs()));
    let (answered, recorded) = commands::measure(stage, COMMAND_RATE, each).await?;
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

fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, Into::into)
}
