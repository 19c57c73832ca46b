//! One pass of the rules over the feed, in one transaction.

mod baseline;
mod context;
mod outage;
mod watches;
mod write;

use crate::{Connection, StorageError, feed};
use baseline::Baseline;
use chrono::{DateTime, TimeDelta, Utc};
use context::Places;
use diesel::QueryableByName;
use diesel::sql_types::{Int8, Nullable, Text, Timestamptz};
use diesel_async::{AsyncConnection, RunQueryDsl};
use domain::feed::{FeedChange, FeedKind, FeedSubject};
use domain::ids::ChargePointId;
use domain::issues::{Evaluation, OutageRules, Rule, Transition, WrittenChange};
use std::collections::BTreeSet;
use watches::Watches;

/// The most chunks of the feed that are read in one pass.
const CHUNKS: i64 = 50;
/// The most watches whose time is over that one pass handles, and the most that have no rule any more.
const DUE: i64 = 500;
/// The most devices of the baseline that one pass reads.
const BASELINE: i64 = 500;
/// A time is over only this long afterwards: a change that was written before may be committed later.
const SETTLED_AFTER: TimeDelta = TimeDelta::seconds(2);
/// How late events may be written for their lateness to be that of devices.
const PUNCTUAL: TimeDelta = TimeDelta::seconds(60);
/// The row of the progress.
const NAME: &str = "evaluator";

/// The rules of an evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct EvaluationRules {
    /// The rules.
    pub rules: Vec<Rule>,
    /// When devices that are offline together are one issue.
    pub outages: OutageRules,
    /// The topic of the gateways' events, whose progress shows whether ingest is late.
    pub ingest_topic: String,
}

/// The outcome of a pass.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Evaluated {
    /// What happened to issues.
    pub transitions: Vec<Transition>,
    /// Whether everything was read, with the states of all devices, and nothing is due.
    pub is_complete: bool,
    /// How many positions of the feed were deleted before they were read.
    pub missed: i64,
    /// The time of the newest change that was read; `None` if none was.
    pub read_to: Option<DateTime<Utc>>,
}

/// Evaluates the changes that are not evaluated yet, a limited number of them, and what is due. Issues,
/// watches and the position in the feed are one transaction, so two replicas that do this at the same
/// time evaluate each change once.
///
/// # Errors
/// If PostgreSQL fails or a row is invalid.
pub async fn evaluate(
    connection: &mut Connection,
    rules: &EvaluationRules,
) -> Result<Evaluated, StorageError> {
    feed::sequence(connection).await?;
    let begin = feed::span(connection).await?.first - 1;
    connection
        .transaction(async |tx| {
            let Progress { position, now, baseline_after } = lock_progress(tx, begin).await?;
            let missed = (begin - position).max(0);
            // What was wrong before the feed begins is not in it, and neither is what was missed.
            let baseline_after = if missed > 0 { Some(String::new()) } else { baseline_after };
            let chunks = feed::list_after(tx, position.max(begin), CHUNKS).await?;
            let read_all = i64::try_from(chunks.len()).is_ok_and(|count| count < CHUNKS);
            let punctual_from = context::punctual_from(tx, &rules.ingest_topic, now).await?;
            let changes: Vec<WrittenChange<'_>> = chunks
                .iter()
                .flat_map(|chunk| chunk.changes.iter().map(move |change| (change, chunk.created_at)))
                .filter(|(change, _)| is_judged(change))
                .map(|(change, written_at)| WrittenChange {
                    change,
                    written_at,
                    is_punctual: punctual_from.is_some_and(|from| written_at >= from),
                })
                .collect();
            let baseline = match &baseline_after {
                Some(after) if read_all => baseline::load(tx, &rules.rules, after, BASELINE).await?,
                _ => Baseline { after: baseline_after, ..Baseline::default() },
            };
            let times = PassTimes { now, until: read_all.then_some(now - SETTLED_AFTER) };
            let (transitions, is_rest) = pass(tx, rules, &changes, &baseline, times).await?;
            let last = chunks.last();
            let read = last.map_or(position.max(begin), |chunk| chunk.position);
            store_progress(tx, read, baseline.after.as_deref()).await?;
            let is_complete = read_all && !is_rest && baseline.after.is_none();
            let read_to = last.map(|chunk| chunk.created_at);
            Ok(Evaluated { transitions, is_complete, missed, read_to })
        })
        .await
}

/// The times of a pass, by PostgreSQL's clock.
#[derive(Debug, Clone, Copy)]
struct PassTimes {
    /// When it began.
    now: DateTime<Utc>,
    /// What is due then happens; `None`: nothing does, because changes are left.
    until: Option<DateTime<Utc>>,
}

/// Ends what has no rule, applies `changes` and the states of `baseline`, and lets happen what is due;
/// returns what happened to issues and whether there may be more without a rule, or due.
async fn pass(
    tx: &mut Connection,
    rules: &EvaluationRules,
    changes: &[WrittenChange<'_>],
    baseline: &Baseline,
    PassTimes { now, until }: PassTimes,
) -> Result<(Vec<Transition>, bool), StorageError> {
    let of_changes = changes.iter().filter_map(|written| device(written.change));
    let devices: BTreeSet<&ChargePointId> = of_changes.chain(baseline.devices()).collect();
    let without_rule = watches::load_without_rule(tx, &rules.rules, DUE).await?;
    let over = match until {
        Some(until) => watches::load_due(tx, until, DUE).await?,
        None => Watches::new(),
    };
    let is_full = |batch: &Watches| i64::try_from(batch.len()).is_ok_and(|count| count >= DUE);
    let is_rest = is_full(&without_rule) || is_full(&over);
    if devices.is_empty() && without_rule.is_empty() && over.is_empty() {
        return Ok((Vec::new(), false));
    }
    let mut watches = watches::load_of_devices(tx, &devices).await?;
    watches.extend(without_rule.into_iter().chain(over));
    let concerned = watches.keys().filter_map(|key| key.place.charge_point());
    let concerned: BTreeSet<ChargePointId> = devices.into_iter().chain(concerned).cloned().collect();
    let mut places = context::load_places(tx, &concerned).await?;
    let maintenance = context::load_maintenance(tx, &places).await?;
    let mut evaluation = Evaluation::new(watches, maintenance);
    evaluation.end_without_rule(&rules.rules, now);
    for written in changes.iter().filter(|written| is_placed(&places, written.change)) {
        evaluation.apply(&rules.rules, *written);
    }
    apply_baseline(&mut evaluation, &rules.rules, baseline, &places);
    if let Some(until) = until {
        evaluation.elapse(until);
    }
    let transitions = evaluation.take_transitions();
    let transitions = outage::regroup(tx, rules.outages, &mut evaluation, &mut places, transitions).await?;
    watches::store(tx, &evaluation, &places).await?;
    write::write(tx, &places, &transitions).await?;
    Ok((transitions, is_rest))
}

fn apply_baseline(evaluation: &mut Evaluation, rules: &[Rule], baseline: &Baseline, places: &Places) {
    let Some(read_at) = baseline.read_at else { return };
    for state in baseline.states.iter().filter(|state| is_placed(places, &state.change)) {
        evaluation.apply_state(rules, state.written(), read_at);
    }
    for end in &baseline.ends {
        evaluation.end_at(read_at, end.clone());
    }
}

/// Whether a rule may judge the change.
const fn is_judged(change: &FeedChange) -> bool {
    matches!(change.subject, FeedSubject::ChargePoint(_))
}

fn device(change: &FeedChange) -> Option<&ChargePointId> {
    match &change.subject {
        FeedSubject::ChargePoint(device) => Some(device),
        FeedSubject::Station(_) | FeedSubject::Tariff(_) | FeedSubject::Issue(_) => None,
    }
}

/// Devices in no pile open no issues; that a pile was retired ends those of its device.
fn is_placed(places: &Places, change: &FeedChange) -> bool {
    matches!(change.kind, FeedKind::PileChanged(_))
        || device(change).is_some_and(|device| places.contains_key(device))
}

#[derive(QueryableByName)]
struct Progress {
    #[diesel(sql_type = Int8)]
    position: i64,
    #[diesel(sql_type = Timestamptz)]
    now: DateTime<Utc>,
    #[diesel(sql_type = Nullable<Text>)]
    baseline_after: Option<String>,
}

/// Locks the progress until the commit, and returns it with the time. The first evaluation begins after
/// `begin`, with what is kept of the feed.
async fn lock_progress(tx: &mut Connection, begin: i64) -> Result<Progress, StorageError> {
    diesel::sql_query(
        "insert into issue_progress (name, position, evaluated_at) values ($1, $2, clock_timestamp())
         on conflict do nothing",
    )
    .bind::<Text, _>(NAME)
    .bind::<Int8, _>(begin)
    .execute(tx)
    .await?;
    let locked = diesel::sql_query(
        "select position, baseline_after, clock_timestamp() as now from issue_progress where name = $1 for update",
    );
    Ok(locked.bind::<Text, _>(NAME).get_result(tx).await?)
}

async fn store_progress(
    tx: &mut Connection,
    position: i64,
    baseline_after: Option<&str>,
) -> Result<(), StorageError> {
    diesel::sql_query(
        "update issue_progress set position = $2, baseline_after = $3, evaluated_at = statement_timestamp() where name = $1",
    )
    .bind::<Text, _>(NAME)
    .bind::<Int8, _>(position)
    .bind::<Nullable<Text>, _>(baseline_after)
    .execute(tx)
    .await?;
    Ok(())
}
