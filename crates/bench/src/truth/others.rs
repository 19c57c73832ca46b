//! The events of the devices of other pods, told apart by their ids.

use crate::report::Latency;
use crate::rig::Rig;
use crate::visibility::{self, Offsets, Seen, Window};

/// From appended to visible, of the events that devices whose ids begin with `prefix` sent before
/// and after an instant.
pub struct BeforeAndAfter {
    /// Before.
    pub before: Latency,
    /// After.
    pub after: Latency,
}

/// Reads all events behind `from` that are visible by now, and compares two windows.
pub async fn compare(
    rig: &mut Rig,
    from: &Offsets,
    prefix: &str,
    before: Window,
    after: Window,
) -> anyhow::Result<BeforeAndAfter> {
    let to = rig.catch_up().await?;
    let (sightings, _) = rig.watch.take();
    let prefix = prefix.to_owned().into_bytes();
    let sent =
        visibility::read(&rig.platform.kafka, &rig.platform.names.events, from, &to, move |_, record| {
            let counts = record.key.as_deref().is_some_and(|key| key.starts_with(&prefix));
            counts.then_some((record.offset, record.timestamp.timestamp_micros()))
        });
    let sent = sent.await?;
    let sent =
        sent.into_iter().map(|(partition, events)| (partition, events.into_iter().flatten().collect()));
    let seen = Seen::join(&sent.collect(), &sightings)?;
    anyhow::ensure!(seen.sent(before) > 0 && seen.sent(after) > 0, "other devices sent no events");
    Ok(BeforeAndAfter { before: seen.latency(before), after: seen.latency(after) })
}
