//! Two cells, platforms in two schemas of one database, against one: how fast a backlog is written.

use crate::database;
use crate::load::Generator;
use crate::numbers::{float, round, share};
use crate::plan::{CellPlan, Plan};
use crate::platform::{Names, Platform};
use crate::report::{Cells, Drain};
use crate::visibility::{self, Offsets, Sightings, Watch};
use anyhow::{Context as _, ensure};
use diesel_async::SimpleAsyncConnection as _;
use launch::output::{passed, progress};
use launch::variable;
use std::path::Path;
use std::time::Duration;

/// How long an ingestor may take to write a backlog.
const TIMEOUT: Duration = Duration::from_secs(180);

/// A cell: its platform with one ingestor, its devices, and what is visible in its schema.
struct Cell {
    platform: Platform,
    load: Generator,
    watch: Watch,
}

/// The progress of one cell from the beginning of a measurement.
struct Progress {
    from: Offsets,
    sightings: Sightings,
}

/// Measures the backlog of one cell, then the same number of events in two.
pub async fn measure(plan: &Plan, names: &[Names; 2], folder: &Path) -> anyhow::Result<Cells> {
    let [first, second] = names;
    let given = variable("DATABASE_URL")?;
    database::create(&given, &first.database).await?;
    let url = database::with_database(&given, &first.database)?;
    let devices = plan.cells.charge_points;
    progress(&format!("{devices} charge points announce themselves in each of two cells …"));
    let mut cells = [
        Cell::set_up(plan, first, &url, "cell0", folder).await?,
        Cell::set_up(plan, second, &url, "cell1", folder).await?,
    ];
    // What the devices announce is written before anything is measured.
    drain(&mut cells).await?;
    let CellPlan { events, .. } = plan.cells;
    let one = measure_backlog(cells.get_mut(..1).context("no cell")?, events).await?;
    let two = measure_backlog(&mut cells, events).await?;
    Ok(Cells { charge_points: devices, one, two })
}

impl Cell {
    /// Creates the schema and the topics, and publishes what the devices announce. No ingestor runs
    /// yet.
    async fn set_up(
        plan: &Plan,
        names: &Names,
        url: &str,
        schema: &str,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        database::connect(url).await?.batch_execute(&format!("create schema {schema}")).await?;
        let url = database::with_schema(url, schema);
        let platform = Platform::set_up_at(url, plan, names, &folder.join(schema)).await?;
        let watch = Watch::start(database::connect(&platform.url).await?, &names.events);
        let load = Generator::start(&names.events, &format!("{schema}-"), plan.cells.charge_points).await?;
        load.announce().await?;
        Ok(Self { platform, load, watch })
    }

    /// Runs an ingestor until everything on the topic is visible.
    async fn drain(&mut self) -> anyhow::Result<Progress> {
        let from = self.watch.current()?;
        self.watch.clear();
        let ends = visibility::ends(&self.platform.kafka, &self.platform.names.events).await?;
        self.platform.start_ingestor().await?;
        let is_visible = self.watch.wait_until_passed(&ends, TIMEOUT).await?;
        self.platform.stop_ingestors().await?;
        ensure!(is_visible, "the backlog of a cell was not written within {TIMEOUT:?}");
        Ok(Progress { from, sightings: self.watch.take_observations().0 })
    }
}

/// Runs the ingestors of all `cells` at once until everything is visible.
async fn drain(cells: &mut [Cell]) -> anyhow::Result<Vec<Progress>> {
    futures_util::future::try_join_all(cells.iter_mut().map(Cell::drain)).await
}

/// Publishes `events` in all `cells` together, and measures how fast their ingestors write them.
async fn measure_backlog(cells: &mut [Cell], events: u32) -> anyhow::Result<Drain> {
    let number = u32::try_from(cells.len())?;
    progress(&format!("{events} events in {number} cell(s) are published, then written …"));
    for cell in &*cells {
        cell.load.publish_backlog(events / number).await?;
    }
    let (written, micros) = written(&drain(cells).await?).context("nothing was written")?;
    let seconds = float(micros) / 1e6;
    let drain = Drain {
        cells: cells.len(),
        events: written,
        seconds: round(seconds, 2),
        events_per_s: round(share(float(written), seconds), 0),
    };
    passed(&format!("{} events/s with {number} cell(s)", drain.events_per_s));
    Ok(drain)
}

/// The number of events that were written after the first batch was visible, and the time from then
/// until the last was, in µs.
fn written(cells: &[Progress]) -> Option<(u64, u64)> {
    let mut steps = Vec::new();
    for Progress { from, sightings } in cells {
        for (partition, sightings) in sightings {
            let mut before = from.get(partition).copied().unwrap_or_default();
            for (offset, at) in sightings {
                if *offset > before {
                    steps.push((*at, offset - before));
                    before = *offset;
                }
            }
        }
    }
    let begin = steps.iter().map(|(at, _)| *at).min()?;
    let end = steps.iter().map(|(at, _)| *at).max()?;
    let events: i64 = steps.iter().filter(|(at, _)| *at > begin).map(|(_, events)| events).sum();
    Some((u64::try_from(events).ok()?, u64::try_from(end - begin).ok()?)).filter(|(_, micros)| *micros > 0)
}

#[cfg(test)]
mod tests {
    use super::{Progress, written};

    #[test]
    fn counts_from_the_first_batch_that_any_cell_wrote_to_the_last_of_all() {
        let one = Progress {
            from: [(0, 100), (1, 100)].into(),
            sightings: [(0, vec![(110, 1_000), (150, 2_000)]), (1, vec![(100, 500), (130, 3_000)])].into(),
        };
        assert_eq!(written(std::slice::from_ref(&one)), Some((70, 2_000)));
        let other = Progress { from: [].into(), sightings: [(0, vec![(0, 900), (20, 5_000)])].into() };
        assert_eq!(written(&[one, other]), Some((90, 4_000)));
    }

    #[test]
    fn a_single_batch_has_no_rate() {
        let one = Progress { from: [].into(), sightings: [(0, vec![(10, 1_000)])].into() };
        assert_eq!(written(&[one]), None);
        assert_eq!(written(&[]), None);
    }
}
