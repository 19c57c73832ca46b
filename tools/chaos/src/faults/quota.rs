//! Brokers throttle the producers of the platform: the relay of the feed, and gateways.

use crate::broker_requests;
use crate::environment::{Environment, TIMEOUT};
use crate::output::seconds;
use crate::waiting::wait_for;
use anyhow::{Context as _, ensure};
use domain::feed::FeedPosition;
use std::collections::BTreeMap;
use std::time::Duration;

/// Publishes the feed.
pub const SETTINGS: &[(&str, &str)] = &[("CHARGING__FEED__ENABLED", "true")];
/// The client id of the platform's clients at brokers.
const CLIENT: &str = "charging-platform";
/// The quota in bytes per event that is sent in a second: far less than all producers together write.
const BYTES_PER_EVENT: f64 = 60.0;
/// How often the relay must publish while it is throttled.
const PUBLICATIONS: u32 = 3;
/// The longest wait of a fetch, and its size in bytes.
const FETCH: (Duration, usize) = (Duration::from_millis(200), 1 << 20);
/// Markers that are in the log at more than one offset, as after a repeated request.
const REPEATED_MARKERS: &str = "select count(*) - count(distinct value) from dead_letters";
/// The position of the next chunk that the relay publishes; 0 before there is a relay.
const POSITION: &str =
    "select coalesce((select next_offset from ingest_partitions where topic like '%-feed'), 0)";

/// The result.
#[derive(Debug, Clone, Copy)]
pub struct Throttled {
    /// How long brokers throttled the relay in total.
    pub waits: Duration,
    /// Changes on the topic of the feed.
    pub changes: usize,
}

/// Sets a quota on `broker` for the platform's producers until the relay was throttled and has
/// still published several times. All clients with the platform's id are throttled, so the broker
/// must belong to the environment.
///
/// # Errors
/// When nothing is throttled, the feed does not advance, or a change is on its topic twice or not
/// at all.
pub async fn throttle(environment: &Environment, broker: &str) -> anyhow::Result<Throttled> {
    let (feed, partitions) = (environment.fleet.launch.feed_topic(), environment.plan.partitions);
    environment.kafka.create_topic(&feed, partitions).await.context("create the topic of the feed")?;
    environment.wait_until_caught_up().await?;
    wait_for_publication(environment, "the feed to be published").await?;
    let before = environment.fleet.throttled_s().await?;
    let quota = environment.events_per_second() * BYTES_PER_EVENT;
    limit(broker, Some(quota)).await?;
    environment.output.progress(&format!("producers may send {quota} bytes per second"));
    let throttled = wait_until_throttled(environment, before).await;
    limit(broker, None).await?;
    let waits = Duration::try_from_secs_f64(throttled?)?;
    environment.output.progress(&format!(
        "the feed has advanced, and the relay was throttled for {} in total; the quota is removed",
        seconds(waits)
    ));
    let caught_up = environment.wait_until_caught_up().await?;
    let changes = published_once(environment, &feed).await?;
    let repeated = environment.audited.number(REPEATED_MARKERS).await?;
    ensure!(repeated == 0, "{repeated} markers are on the topic of events more than once");
    environment.output.progress(&format!(
        "caught up after {}; {changes} changes are on the feed, each once",
        seconds(caught_up)
    ));
    Ok(Throttled { waits, changes })
}

async fn limit(broker: &str, bytes_per_second: Option<f64>) -> anyhow::Result<()> {
    broker_requests::request(broker, move |connection| connection.limit_producers(CLIENT, bytes_per_second))
        .await
}

/// Waits until the relay was throttled and has published several times after that. Returns for how
/// many seconds it was throttled.
async fn wait_until_throttled(environment: &Environment, before: f64) -> anyhow::Result<f64> {
    let throttled = async || Ok(environment.fleet.throttled_s().await? > before);
    environment.wait_until("the relay to be throttled", throttled).await?;
    for _ in 0..PUBLICATIONS {
        wait_for_publication(environment, "the feed to advance under a quota").await?;
    }
    Ok(environment.fleet.throttled_s().await? - before)
}

/// Waits until the relay has published more.
async fn wait_for_publication(environment: &Environment, what: &str) -> anyhow::Result<()> {
    let before = environment.audited.number(POSITION).await?;
    environment.wait_until(what, async || Ok(environment.audited.number(POSITION).await? > before)).await?;
    Ok(())
}

/// Checks that each change up to the relay's position is on the topic once; returns their number.
async fn published_once(environment: &Environment, feed: &str) -> anyhow::Result<usize> {
    let next = environment.audited.number(POSITION).await?;
    let copies = copies(environment, feed, next).await?;
    let twice: Vec<_> = copies.iter().filter(|(_, copies)| **copies > 1).collect();
    ensure!(
        twice.is_empty(),
        "{} changes are on the feed more than once, such as {:?}",
        twice.len(),
        twice.first()
    );
    let written = format!("select coalesce(sum(change_count), 0) from feed_chunks where position < {next}");
    let written = usize::try_from(environment.audited.number(&written).await?)?;
    ensure!(copies.len() == written, "{written} changes were written, but {} are on the feed", copies.len());
    Ok(written)
}

/// How often each change before the chunk `end` is on the topic.
async fn copies(
    environment: &Environment,
    feed: &str,
    end: i64,
) -> anyhow::Result<BTreeMap<(i64, u16), u32>> {
    let mut copies = BTreeMap::new();
    for partition in 0..environment.plan.partitions {
        let reader = environment.kafka.reader(feed, partition);
        let latest = async || Ok(reader.latest_offset().await?);
        let latest = wait_for("the end of the feed", TIMEOUT, latest).await?;
        let mut next = 0;
        while next < latest {
            let fetch = async || Ok(reader.fetch(next, FETCH.0, FETCH.1).await?);
            let fetched = wait_for("records of the feed", TIMEOUT, fetch).await?;
            next = fetched.next_offset;
            for record in fetched.records {
                let id = record.headers.get("ce_id").context("a change on the feed has no id")?;
                let position: FeedPosition = std::str::from_utf8(id)?.parse()?;
                if position.chunk < end {
                    *copies.entry((position.chunk, position.index)).or_default() += 1;
                }
            }
        }
    }
    Ok(copies)
}
