//! Applies a batch to the states before it and returns the states after it; without I/O.

use crate::consume::batch::Batch;
use chrono::{DateTime, NaiveDate, Utc};
use domain::devices::charge_point::{ChargePoint, Ignored, Outcome};
use domain::devices::history::History;
use domain::devices::sample::Samples;
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

/// Applies the events of `batch` in order to `states`, which are sorted by key and contain every
/// device of the batch. Readings become samples if their day is one of `kept`.
pub(crate) fn fold(
    mut states: Vec<ChargePoint>,
    batch: &Batch,
    kept: &RangeInclusive<NaiveDate>,
) -> (Folded, Tally) {
    let mut tally = Tally::default();
    let mut dead_letters = Vec::new();
    let mut history = History::default();
    let mut samples = Samples::default();
    let waiting = waiting(&states);
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
    for letter in &dead_letters {
        *tally.dead_letters.entry(letter.reason).or_default() += 1;
    }
    tally.commands = settled(&states, &waiting);
    let ended = states.iter().zip(doubts).filter(|(state, _)| doubted_since(state).is_none());
    tally.doubts_ended = ended.filter_map(|(_, since)| since).collect();
    tally.samples_outside = samples.retain(|taken_at| kept.contains(&taken_at.date_naive()));
    (Folded { states, history, samples, dead_letters, omitted: batch.omitted() }, tally)
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
