//! Applies batches to the states before them and returns the states after them; without I/O.

use crate::consume::batch::Batch;
use chrono::{DateTime, NaiveDate, Utc};
use domain::devices::charge_point::{ChargePoint, Ignored, Outcome};
use domain::ids::CommandId;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;
use storage::ingest::batch::Folded;

/// Counts of the content of a batch.
#[derive(Debug, Default, Clone)]
pub(crate) struct Tally {
    /// Events by kind.
    pub events: BTreeMap<&'static str, u64>,
    /// Events without effect by design.
    pub ignored: BTreeMap<Ignored, u64>,
    /// Dead letters by reason.
    pub dead_letters: BTreeMap<&'static str, u64>,
    /// Records beyond the cap on dead letters.
    pub omitted: u64,
    /// Commands that reached a final state by an event: by action and outcome.
    pub commands: BTreeMap<(String, &'static str), u64>,
    /// Readings that were not stored because their day is not kept.
    pub samples_outside: usize,
    /// For each device that was heard again: since when it had been doubtful.
    pub doubts_ended: Vec<DateTime<Utc>>,
    undecodable: u64,
}

impl Tally {
    /// The number of records.
    pub(crate) fn records(&self) -> u64 {
        self.events.values().sum::<u64>() + self.undecodable
    }
}

/// Applies the events of `batches`, which are of different partitions, in order to `states`, which
/// are sorted by key and contain every device of the batches. Readings become samples if their day
/// is one of `kept`. Returns the tally of each batch.
pub(crate) fn fold<'a>(
    states: Vec<ChargePoint>,
    batches: impl IntoIterator<Item = &'a Batch>,
    kept: &RangeInclusive<NaiveDate>,
) -> (Folded, Vec<Tally>) {
    let mut folded = Folded { states, ..Folded::default() };
    let tallies = batches.into_iter().map(|batch| fold_batch(&mut folded, batch, kept)).collect();
    (folded, tallies)
}

fn fold_batch(folded: &mut Folded, batch: &Batch, kept: &RangeInclusive<NaiveDate>) -> Tally {
    let Folded { states, history, samples, dead_letters, omitted } = folded;
    let mut tally = Tally::default();
    let letters_before = dead_letters.len();
    let waiting = waiting(states);
    let doubts: Vec<_> = states.iter().map(doubted_since).collect();
    for item in &batch.items {
        let event = match &item.event {
            Ok(event) => event,
            Err(why) => {
                tally.undecodable += 1;
                if item.is_omitted() {
                    tally.omitted += 1;
                } else {
                    dead_letters.push(batch.unusable(item, why));
                }
                continue;
            }
        };
        *tally.events.entry(event.kind.name()).or_default() += 1;
        let found = states.binary_search_by(|state| state.id.cmp(&event.charge_point_id));
        let Some(state) = found.ok().and_then(|index| states.get_mut(index)) else {
            continue;
        };
        let position = item.position(batch.partition);
        let outcome = history.apply(state, event, &position);
        // A duplicate of an event without a plausible clock would store its readings at another
        // time.
        if outcome != Outcome::Ignored(Ignored::Duplicate) {
            samples.add_event(event, &position);
        }
        match outcome {
            Outcome::Applied => {}
            Outcome::Ignored(reason) => *tally.ignored.entry(reason).or_default() += 1,
            Outcome::Unplaced(misfit) => dead_letters.push(batch.misfit(item, event, misfit)),
        }
    }
    dead_letters.extend(batch.unreadable());
    for letter in dead_letters.iter().skip(letters_before) {
        *tally.dead_letters.entry(letter.reason).or_default() += 1;
    }
    omitted.extend(batch.omitted());
    tally.commands = settled(states, &waiting);
    let ended = states.iter().zip(doubts).filter(|(state, _)| doubted_since(state).is_none());
    tally.doubts_ended = ended.filter_map(|(_, since)| since).collect();
    tally.samples_outside = samples.retain(|taken_at| kept.contains(&taken_at.date_naive()));
    tally
}

fn doubted_since(state: &ChargePoint) -> Option<DateTime<Utc>> {
    state.liveness.current_doubt().map(|doubt| doubt.since)
}

/// The commands without a final state.
fn waiting(states: &[ChargePoint]) -> BTreeSet<CommandId> {
    let commands = states.iter().flat_map(|state| state.commands.iter());
    commands.filter(|record| !record.life.state().is_end()).map(|record| record.id).collect()
}

/// Counts the commands that were `waiting` and now have a final state.
fn settled(states: &[ChargePoint], waiting: &BTreeSet<CommandId>) -> BTreeMap<(String, &'static str), u64> {
    let mut settled = BTreeMap::new();
    if waiting.is_empty() {
        return settled;
    }
    for record in states.iter().flat_map(|state| state.commands.iter()) {
        let state = record.life.state();
        if state.is_end() && waiting.contains(&record.id) {
            *settled.entry((record.name.clone(), state.as_str())).or_default() += 1;
        }
    }
    settled
}
