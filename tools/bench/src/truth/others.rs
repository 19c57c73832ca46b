//! The events of the devices of other pods, identified by their ids.

use crate::harness::Harness;
use crate::meters::{MeterReading, Peaks};
use crate::numbers::{float, round};
use crate::report::{BeforeAndAfter, Interval};
use crate::visibility::{self, Offsets, Seen, Window};

/// Reads all events behind `from` that are visible by now, compares those sent before `killed_at`
/// (µs) with those sent after it, and divides both by `readings`, each with its time in µs.
pub async fn compare(
    harness: &mut Harness,
    from: &Offsets,
    prefix: &str,
    killed_at: i64,
    readings: &[(i64, MeterReading)],
) -> anyhow::Result<BeforeAndAfter> {
    let to = harness.catch_up().await?;
    let (sightings, _) = harness.watch.take_observations();
    let prefix = prefix.to_owned().into_bytes();
    let sent = visibility::read(
        &harness.platform.kafka,
        &harness.platform.names.events,
        from,
        &to,
        move |_, record| {
            let counts = record.key.as_deref().is_some_and(|key| key.starts_with(&prefix));
            counts.then_some((record.offset, record.timestamp.timestamp_micros()))
        },
    );
    let sent = sent.await?;
    let sent =
        sent.into_iter().map(|(partition, events)| (partition, events.into_iter().flatten().collect()));
    let seen = Seen::join(&sent.collect(), &sightings)?;
    let ([(begin, _), ..], [.., (end, _)]) = (readings, readings) else {
        anyhow::bail!("the meters were not read");
    };
    let (before, after) = (Window { from: *begin, to: killed_at }, Window { from: killed_at, to: *end });
    anyhow::ensure!(seen.sent(before) > 0 && seen.sent(after) > 0, "other devices sent no events");
    Ok(BeforeAndAfter {
        before: seen.latency(before),
        after: seen.latency(after),
        intervals: readings.windows(2).filter_map(|pair| interval(&seen, killed_at, pair)).collect(),
    })
}

fn interval(seen: &Seen, killed_at: i64, pair: &[(i64, MeterReading)]) -> Option<Interval> {
    let [(from, before), (to, after)] = pair else { return None };
    let window = Window { from: *from, to: *to };
    let events = seen.sent(window);
    Some(Interval {
        from_s: round(f64::from(i32::try_from((from - killed_at) / 1_000).ok()?) / 1e3, 1),
        events,
        latency: seen.latency(window),
        processes: before.until(after, float(events), &Peaks::default()),
    })
}
