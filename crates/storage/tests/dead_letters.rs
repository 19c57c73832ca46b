//! Dead letters in a real PostgreSQL: lists, and the effects of replays.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use chrono::{DateTime, Utc};
use domain::devices::charge_point::{ChargePoint, Ignored, Outcome, UnplacedReason};
use domain::devices::sample::Samples;
use domain::ids::{Actor, ChargePointId, EventKey};
use domain::sessions::ledger::Unplaced;
use serde_json::json;
use storage::ingest::dead_letters::{self, Filter, Heading, Replay, ReplayOutcome, Replayed, Run, Undone};
use storage::{Connection, LoadPlan, StorageError};
use testkit::TestDatabase;
use uuid::Uuid;

/// Ten dead letters, one minute apart except for the last two, which have the same time. They
/// alternate between two devices: even ones have a device id, odd ones only a key. The last one is
/// a range.
const TEN: &str = "
    insert into dead_letters
      (id, topic, partition, first_offset, last_offset, appended_at, reason, detail, charge_point_id, key, value, created_at)
    select ('0192f0c1-0000-7000-8000-00000000000' || n)::uuid, case when n < 8 then 'events' else 'others' end, n % 3, n,
           case when n = 9 then 12 else n end, case when n < 9 then timestamptz '2026-07-25T10:00:00Z' end,
           case when n < 5 then 'NOT_JSON' else 'TOO_LATE' end, 'why', case when n % 2 = 0 then 'CP-0' end,
           convert_to('CP-' || n % 2, 'UTF8'), case when n < 9 then '\\x00ff'::bytea end,
           timestamptz '2026-07-25T10:00:00Z' + least(n, 8) * interval '1 minute'
    from generate_series(0, 9) n";

fn id(n: u128) -> Uuid {
    Uuid::from_u128(0x0192_f0c1_0000_7000_8000_0000_0000_0000 + n)
}

fn offsets(letters: &[Heading]) -> Vec<i64> {
    letters.iter().map(|letter| letter.first_offset).collect()
}

fn place(letter: &Heading) -> Option<(DateTime<Utc>, Uuid)> {
    Some((letter.created_at, letter.id))
}

async fn listed(connection: &mut Connection, filter: Filter) -> Vec<i64> {
    offsets(&dead_letters::list(connection, &filter, None, 100).await.unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_pages_newest_first_and_filters_them() {
    let database = TestDatabase::new().await;
    database.execute(TEN).await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut connection;
    let mut seen = Vec::new();
    let mut after = None;
    loop {
        let page = dead_letters::list(connection, &Filter::default(), after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = place(last);
        seen.extend(offsets(&page));
    }
    assert_eq!(seen, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);

    let topic = Filter { topic: Some("others".to_owned()), ..Filter::default() };
    assert_eq!(listed(connection, topic.clone()).await, [9, 8]);
    assert_eq!(listed(connection, Filter { partition: Some(0), ..topic }).await, [9]);
    let reason = Filter { reason: Some("NOT_JSON".to_owned()), ..Filter::default() };
    assert_eq!(listed(connection, reason.clone()).await, [4, 3, 2, 1, 0]);
    let device = |name| Some(ChargePointId::parse(name).unwrap());
    let reported = Filter { charge_point_id: device("CP-0"), ..reason.clone() };
    assert_eq!(listed(connection, reported).await, [4, 2, 0]);
    let keyed = Filter { charge_point_id: device("CP-1"), ..reason };
    assert_eq!(listed(connection, keyed).await, [3, 1], "by key");

    dead_letters::note(connection, id(5), ReplayOutcome::Undecodable, &Actor::anonymous()).await.unwrap();
    let replayed = |replayed| Filter { replayed: Some(replayed), ..Filter::default() };
    assert_eq!(listed(connection, replayed(true)).await, [5]);
    assert_eq!(listed(connection, replayed(false)).await, [9, 8, 7, 6, 4, 3, 2, 1, 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_unsettled_dead_letters_oldest_first() {
    let database = TestDatabase::new().await;
    database.execute(TEN).await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut connection;
    for (n, outcome) in ReplayOutcome::ALL.into_iter().enumerate() {
        dead_letters::note(connection, id(u128::try_from(n).unwrap()), outcome, &Actor::anonymous())
            .await
            .unwrap();
    }
    let filter = Filter::default();
    let first = dead_letters::list_unsettled(connection, &filter, None, 4).await.unwrap();
    assert_eq!(offsets(&first), [2, 3, 4, 5], "0 was applied, 1 ignored");
    let after = place(&first[3]);
    let rest = dead_letters::list_unsettled(connection, &filter, after, 100).await.unwrap();
    assert_eq!(offsets(&rest), [6, 7, 8], "9 is a range without a record");
    database.execute("update dead_letters set first_offset = 12 where first_offset = 9").await;
    let rest = dead_letters::list_unsettled(connection, &filter, after, 100).await.unwrap();
    assert_eq!(offsets(&rest), [6, 7, 8], "a range of a single offset has no record either");
}

#[tokio::test(flavor = "multi_thread")]
async fn finds_a_dead_letter_with_its_bytes() {
    let database = TestDatabase::new().await;
    database.execute(TEN).await;
    database.execute("update dead_letters set headers = '{\"a\": \"Yg==\"}'").await;
    let mut connection = database.pool.connection().await.unwrap();
    let letter = dead_letters::find(&mut connection, id(4)).await.unwrap().unwrap();
    assert_eq!(letter.record.key.as_deref(), Some(&b"CP-0"[..]));
    assert_eq!(letter.record.value, Some(vec![0, 255]));
    assert_eq!(letter.record.headers, json!({ "a": "Yg==" }));
    let position = letter.heading.position().unwrap();
    assert_eq!((position.partition, position.offset), (1, 4));
    assert_eq!(position.appended_at, "2026-07-25T10:00:00Z".parse::<DateTime<Utc>>().unwrap());
    let range = dead_letters::find(&mut connection, id(9)).await.unwrap().unwrap();
    assert_eq!(range.heading.position(), None);
    assert_eq!(dead_letters::find(&mut connection, id(10)).await.unwrap(), None);
}

/// A fold for tests: leaves a mark in the state and returns `outcome`.
fn marking(outcome: Outcome) -> impl FnOnce(&mut ChargePoint) -> Outcome + Send {
    move |state| {
        state.implausible_clock.push(EventKey(7));
        outcome
    }
}

async fn replay(database: &TestDatabase, n: u128, run: Run, outcome: Outcome) -> Option<Replayed> {
    let mut connection = database.pool.connection().await.unwrap();
    let device = ChargePointId::parse("CP-0").unwrap();
    let replay = Replay { load_plan: LoadPlan::liveness_of([device]), samples: Samples::default() };
    let by = Actor::parse("back-office").unwrap();
    dead_letters::replay(&mut connection, id(n), run, &by, replay, marking(outcome)).await.unwrap()
}

const MARKED: &str = "select coalesce(jsonb_agg(memory is not null), '[]') from charge_points";
const AUDITED: &str =
    "select coalesce(jsonb_agg(jsonb_build_array(action, edited_by, after, thing_type, thing_id)), '[]')
    from asset_edits join dead_letters on dead_letters.id = thing_id
    where edited_at = replayed_at and replayed_by = edited_by";
const RECORDED: &str =
    "select coalesce(jsonb_agg(replay_outcome), '[]') from dead_letters where replayed_at is not null";

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_changes_nothing_and_a_real_run_records_its_outcome() {
    let database = TestDatabase::new().await;
    database.execute(TEN).await;
    let dry = replay(&database, 3, Run::Dry, Outcome::Applied).await.unwrap();
    assert!(matches!(&dry, Replayed::Applied(changes) if changes.charge_point), "{dry:?}");
    assert_eq!(database.json(MARKED).await, json!([]), "not even the row of a new device");
    assert_eq!(database.json(RECORDED).await, json!([]));
    let real = replay(&database, 3, Run::Real, Outcome::Applied).await.unwrap();
    assert!(matches!(&real, Replayed::Applied(changes) if changes.charge_point), "{real:?}");
    assert_eq!(database.json(MARKED).await, json!([true]));
    assert_eq!(database.json(RECORDED).await, json!(["applied"]));
    assert_eq!(
        database.json(AUDITED).await,
        json!([["replayed", "back-office", { "outcome": "applied" }, "deadLetter", id(3)]])
    );
    assert!(
        replay(&database, 10, Run::Real, Outcome::Applied).await.is_none(),
        "the dead letter does not exist"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn records_only_the_outcome_of_an_event_that_is_not_applied() {
    let database = TestDatabase::new().await;
    database.execute(TEN).await;
    let ignored = replay(&database, 3, Run::Real, Outcome::Ignored(Ignored::Stale)).await.unwrap();
    assert!(matches!(ignored, Replayed::Undone(Undone::Ignored(Ignored::Stale))), "{ignored:?}");
    assert_eq!(database.json(RECORDED).await, json!(["ignored"]));
    let misfit = UnplacedReason::Stop(Unplaced::NoOpenSession);
    let unplaced = replay(&database, 3, Run::Real, Outcome::Unplaced(misfit)).await.unwrap();
    assert!(matches!(unplaced, Replayed::Undone(Undone::Unplaced(why)) if why == misfit), "{unplaced:?}");
    assert_eq!(database.json(RECORDED).await, json!(["unplaced"]));
    assert_eq!(database.json(MARKED).await, json!([]));
}

#[tokio::test(flavor = "multi_thread")]
async fn records_only_the_outcome_if_postgresql_refuses_the_event() {
    let database = TestDatabase::new().await;
    database.execute(TEN).await;
    database.execute("alter table charge_points add constraint unmarked check (memory is null)").await;
    for (run, expected) in [(Run::Dry, json!([])), (Run::Real, json!(["refused"]))] {
        let refused = replay(&database, 3, run, Outcome::Applied).await.unwrap();
        assert!(
            matches!(&refused, Replayed::Undone(Undone::Refused(StorageError::Refused(_)))),
            "{run:?}: {refused:?}"
        );
        assert_eq!(database.json(RECORDED).await, expected);
        assert_eq!(database.json(MARKED).await, json!([]));
    }
    database.execute("alter table charge_points drop constraint unmarked").await;
    assert!(matches!(replay(&database, 3, Run::Real, Outcome::Applied).await, Some(Replayed::Applied(_))));
}
