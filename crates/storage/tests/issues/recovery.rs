//! Attempts of the recovery ladder: each is recorded once, before its command, and none while something
//! holds it.

use crate::fixture::*;
use chrono::TimeDelta;
use domain::commands::CommandState;
use domain::ids::{Actor, CommandId, IssueId};
use domain::issues::{Ladder, RecoveryOutlook, RecoveryState, RecoveryStep};
use domain::status::ConnectorStatus::{Available, Faulted};
use domain::text::Label;
use std::time::Duration;
use storage::issues::recovery::{self, Claim, ClaimedStep, RecoveryTerms};
use storage::issues::{self, IssueEdit};
use storage::{Connection, PooledConnection, Slice, commands};
use testkit::TestDatabase;

/// No pauses, all steps.
const TERMS: RecoveryTerms = RecoveryTerms {
    ladder: Ladder { pause: TimeDelta::zero(), last: RecoveryStep::OutOfService, device_steps_per_day: 100 },
    steps_per_minute: 100,
};

/// This many devices of a station that are online, each with a fault at connector 1.
async fn faults(piles: u32) -> (TestDatabase, PooledConnection, Vec<IssueId>) {
    let (database, mut connection) = database(&[(1, piles)]).await;
    database.execute("update charge_points set online = true").await;
    let faults: Vec<_> = (1..=piles).map(|pile| status(&device(1, pile), Faulted)).collect();
    write(&database, &faults, 9).await;
    evaluate(&mut connection).await;
    let ids = recovery::list_open(&mut connection, IssueId(uuid::Uuid::nil()), 100).await.unwrap();
    assert_eq!(ids.len(), usize::try_from(piles).unwrap());
    (database, connection, ids)
}

async fn claim(connection: &mut Connection, id: IssueId, terms: &RecoveryTerms) -> Claim {
    recovery::claim(connection, id, terms).await.unwrap()
}

async fn step(connection: &mut Connection, id: IssueId) -> ClaimedStep {
    let claimed = claim(connection, id, &TERMS).await;
    let Claim::Step(step) = claimed else { panic!("a step is due: {claimed:?}") };
    step
}

/// Records the command of a step, in `state`.
async fn record(database: &TestDatabase, step: &ClaimedStep, state: &str) {
    let (id, pile) = (step.command_id(), step.pile_id);
    database
        .execute(&format!(
            "insert into commands (id, pile_id, charge_point_id, name, payload, state, gateway_id, partition, issued_at,
                                   expires_at, life, open)
             select '{id}', '{pile}', charge_point_id, 'Reset', '{{}}', '{state}', 'gateway-0', 0, now(),
                    now() + interval '1 minute', '{{\"trail\": []}}', false
             from piles where id = '{pile}'"
        ))
        .await;
}

async fn set_state(database: &TestDatabase, state: &str) {
    database.execute(&format!("update commands set state = '{state}'")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_is_recorded_before_its_command_and_claimed_until_that_is() {
    let (database, mut connection, ids) = faults(1).await;
    let first = step(&mut connection, ids[0]).await;
    assert_eq!((first.step, first.number), (RecoveryStep::Trigger, 1));
    let attempts = recovery::list_attempts(&mut connection, ids[0]).await.unwrap();
    assert_eq!((attempts.len(), attempts[0].step, attempts[0].command), (1, RecoveryStep::Trigger, None));
    assert_eq!(step(&mut connection, ids[0]).await, first, "the replica that claimed it may have died");
    record(&database, &first, "published").await;
    assert_eq!(claim(&mut connection, ids[0], &TERMS).await, Claim::Nothing, "it is under way");
    let attempts = recovery::list_attempts(&mut connection, ids[0]).await.unwrap();
    assert_eq!(attempts[0].command, Some((first.command_id(), CommandState::Published)));
    set_state(&database, "failed").await;
    let again = step(&mut connection, ids[0]).await;
    assert_eq!((again.step, again.number), (RecoveryStep::Trigger, 2), "it never reached the topic");
    record(&database, &again, "confirmed").await;
    let next = step(&mut connection, ids[0]).await;
    assert_eq!((next.step, next.number), (RecoveryStep::SoftReset, 3));
    recovery::refuse(&mut connection, &again, "NEVER").await.unwrap();
    recovery::refuse(&mut connection, &next, "PILE_NOT_FOUND").await.unwrap();
    let attempts = recovery::list_attempts(&mut connection, ids[0]).await.unwrap();
    let refusals: Vec<_> = attempts.iter().map(|attempt| attempt.refusal.as_deref()).collect();
    assert_eq!(refusals, [None, None, Some("PILE_NOT_FOUND")], "a recorded command was not refused");
    assert_eq!(step(&mut connection, ids[0]).await.step, RecoveryStep::HardReset);
    let events = issues::list_events(&mut connection, ids[0], None, 100).await.unwrap();
    let kinds: Vec<_> =
        events.iter().map(|event| (event.number, event.kind.as_str(), event.by.as_deref())).collect();
    let attempted = [5, 4, 3, 2].map(|number| (number, "attempted", None));
    assert_eq!(kinds, [attempted.as_slice(), &[(1, "opened", None)]].concat());
    assert_eq!(events[0].detail, serde_json::json!({ "step": "hardReset", "number": 4 }));
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_overlap_claim_the_same_step() {
    let (database, mut connection, ids) = faults(1).await;
    let claims = (0..4).map(|_| {
        let (pool, id) = (database.pool.clone(), ids[0]);
        tokio::spawn(async move { step(&mut pool.connection().await.unwrap(), id).await.command_id() })
    });
    let first = step(&mut connection, ids[0]).await.command_id();
    for claimed in claims.collect::<Vec<_>>() {
        assert_eq!(claimed.await.unwrap(), first);
    }
    assert_eq!(database.json("select count(*) from issue_attempts").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_tried_while_something_holds_the_step() {
    let (database, mut connection, ids) = faults(1).await;
    let session = "insert into sessions (id, charge_point_id, connector_id, started_at)
                   values ('00000000-0000-7000-8000-000000000001', 'CP-1-1', 1, now())";
    let window = "insert into maintenance_windows (id, station_id, begins_at, ends_at, reason, created_at, created_by)
                  select gen_random_uuid(), station_id, now() - interval '1 hour', now() + interval '1 hour', 'r', now(), 'ann'
                  from piles";
    let start = "insert into commands (id, pile_id, charge_point_id, name, payload, state, gateway_id, partition, issued_at,
                                       expires_at, life)
                 select gen_random_uuid(), id, charge_point_id, 'RemoteStartTransaction', '{}', 'published', 'gateway-0', 0,
                        now(), now() + interval '1 hour', '{\"trail\": []}' from piles";
    let connector =
        "insert into connectors (charge_point_id, connector_id, status, status_at, status_appended_at,
                                             status_partition, status_offset, status_event)
                     values ('CP-1-1', 1, 'SuspendedEV', now(), now(), 0, 0, 1)";
    for (hold, undo) in [
        ("update charge_points set online = false", "update charge_points set online = true"),
        (session, "update sessions set ended_at = now()"),
        (window, "update maintenance_windows set ends_at = now()"),
        (start, "delete from commands"),
        (connector, "update connectors set status = 'Faulted'"),
    ] {
        database.execute(hold).await;
        assert_eq!(claim(&mut connection, ids[0], &TERMS).await, Claim::Nothing, "{hold}");
        database.execute(undo).await;
    }
    let ann = Actor::parse("ann").unwrap();
    let reason = Label::parse("spare part").unwrap();
    for (hold, undo) in [
        (IssueEdit::Assign { assignee: Some(ann) }, IssueEdit::Assign { assignee: None }),
        (IssueEdit::Mute { until: at("2099-01-01T00:00:00Z"), reason }, IssueEdit::Unmute),
    ] {
        issues::edit(&mut connection, &only(1), ids[0], &hold, &stamp()).await.unwrap().unwrap();
        assert_eq!(claim(&mut connection, ids[0], &TERMS).await, Claim::Nothing, "{hold:?}");
        issues::edit(&mut connection, &only(1), ids[0], &undo, &stamp()).await.unwrap().unwrap();
    }
    let acknowledge = IssueEdit::Acknowledge { note: None };
    issues::edit(&mut connection, &only(1), ids[0], &acknowledge, &stamp()).await.unwrap().unwrap();
    assert_eq!(step(&mut connection, ids[0]).await.step, RecoveryStep::Trigger, "nothing holds it any more");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_that_an_issue_is_about_does_not_hold_its_steps() {
    let (database, mut connection, ids) = faults(1).await;
    database
        .execute(
            "update issues set cause = 'stuckSession',
                    fact = '{\"at\": \"2026-07-25T12:00:00Z\", \"kind\": \"session\", \"phase\": \"open\",
                             \"sessionId\": \"00000000-0000-7000-8000-000000000001\"}';
             insert into sessions (id, charge_point_id, connector_id, started_at)
             values ('00000000-0000-7000-8000-000000000001', 'CP-1-1', 1, now())",
        )
        .await;
    assert_eq!(step(&mut connection, ids[0]).await.step, RecoveryStep::Trigger);
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_are_limited_per_minute_and_per_device() {
    let (database, mut connection, ids) = faults(3).await;
    let few = RecoveryTerms { steps_per_minute: 2, ..TERMS };
    for id in &ids[..2] {
        assert!(matches!(claim(&mut connection, *id, &few).await, Claim::Step(_)));
    }
    assert_eq!(claim(&mut connection, ids[2], &few).await, Claim::Limited);
    let paused = RecoveryTerms { ladder: Ladder { pause: TimeDelta::minutes(5), ..TERMS.ladder }, ..TERMS };
    assert_eq!(claim(&mut connection, ids[0], &paused).await, Claim::Nothing, "it is tried again later");
    database.execute("update issue_attempts set at = at - interval '61 seconds'").await;
    let first = step(&mut connection, ids[0]).await;
    assert!(matches!(claim(&mut connection, ids[2], &few).await, Claim::Step(_)));

    record(&database, &first, "confirmed").await;
    let ladder = Ladder { device_steps_per_day: 1, ..TERMS.ladder };
    let once = RecoveryTerms { ladder, ..TERMS };
    assert_eq!(claim(&mut connection, ids[0], &once).await, Claim::Nothing);
    // Its second connector is faulty, too: the device had a step within the pause.
    database
        .execute(&format!(
            "insert into issues (id, key, cause, severity, charge_point_id, connector_id, opened_at, fact, changed_at)
             select '00000000-0000-7000-8000-000000000001', 'fault CP/2', cause, severity, charge_point_id, 2, opened_at,
                    fact, changed_at
             from issues where id = '{}'",
            ids[0]
        ))
        .await;
    let second = IssueId(uuid::Uuid::parse_str("00000000-0000-7000-8000-000000000001").unwrap());
    assert_eq!(claim(&mut connection, second, &paused).await, Claim::Nothing);
    database.execute("update commands set issued_at = now() - interval '6 minutes'").await;
    assert!(matches!(claim(&mut connection, second, &paused).await, Claim::Step(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_issue_gets_no_step_and_keeps_its_commands() {
    let (database, mut connection, ids) = faults(1).await;
    let first = step(&mut connection, ids[0]).await;
    record(&database, &first, "confirmed").await;
    write(&database, &[status(&device(1, 1), Available)], 8).await;
    evaluate(&mut connection).await;
    assert_eq!(claim(&mut connection, ids[0], &TERMS).await, Claim::Nothing);
    let none = recovery::list_open(&mut connection, IssueId(uuid::Uuid::nil()), 100).await.unwrap();
    assert_eq!(none, []);

    database.execute("update commands set issued_at = now() - interval '1 hour'").await;
    let slice = Slice::first(Duration::from_secs(60), 10);
    assert_eq!(commands::prune(&mut connection, slice).await.unwrap().rows, 0, "its issue refers to it");
    assert_eq!(issues::prune(&mut connection, slice).await.unwrap().rows, 1);
    assert_eq!(database.json("select count(*) from issue_attempts").await, 0);
    assert_eq!(commands::prune(&mut connection, slice).await.unwrap().rows, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn issues_are_of_the_present_only_while_all_events_are_evaluated() {
    let (database, mut connection, _ids) = faults(1).await;
    let mut is_current =
        async || recovery::is_current(&mut connection, "events", Duration::from_secs(300)).await.unwrap();
    assert!(!is_current().await, "nothing is known of the events");
    database
        .execute(
            "insert into ingest_partitions (topic, partition, next_offset, caught_up_at)
             values ('events', 0, 0, now()), ('events', 1, 0, now())",
        )
        .await;
    assert!(is_current().await);
    let late = "update ingest_partitions set caught_up_at = now() - interval '6 minutes' where partition = 1";
    database.execute(late).await;
    assert!(!is_current().await, "a partition is read late");
    database.execute("update ingest_partitions set caught_up_at = now()").await;
    database.execute("update issue_progress set evaluated_at = now() - interval '6 minutes'").await;
    assert!(!is_current().await, "the evaluator has stopped");
    database.execute("update issue_progress set evaluated_at = now()").await;
    write(&database, &[status(&device(1, 1), Available)], 6).await;
    assert!(!is_current().await, "a change is not evaluated yet");
    evaluate(&mut database.pool.connection().await.unwrap()).await;
    assert!(is_current().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn each_attempt_has_the_id_of_its_command() {
    let (database, mut connection, ids) = faults(1).await;
    step(&mut connection, ids[0]).await;
    let recorded = database.json("select command_id from issue_attempts").await;
    assert_eq!(recorded, CommandId::of_recovery(ids[0], 1).to_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outlook_follows_from_the_terms_of_the_last_pass() {
    let (database, mut connection, ids) = faults(1).await;
    let mut outlook = async || {
        recovery::outlook(&mut connection, ids[0])
            .await
            .unwrap()
            .map(|RecoveryOutlook { state, step, .. }| (state, step))
    };
    assert_eq!(outlook().await, Some((RecoveryState::Off, None)), "the ladder was never carried out");
    let pass = async |terms: RecoveryTerms, is_suspended| {
        let mut connection = database.pool.connection().await.unwrap();
        recovery::record_pass(&mut connection, &terms, is_suspended).await.unwrap();
    };
    pass(TERMS, true).await;
    assert_eq!(outlook().await, Some((RecoveryState::Suspended, None)));
    pass(TERMS, false).await;
    assert_eq!(outlook().await, Some((RecoveryState::Due, Some(RecoveryStep::Trigger))));
    let patient = Ladder { pause: TimeDelta::days(1), ..TERMS.ladder };
    pass(RecoveryTerms { ladder: patient, ..TERMS }, false).await;
    assert_eq!(outlook().await, Some((RecoveryState::Waiting, Some(RecoveryStep::Trigger))));
    database.execute("update issue_recovery set passed_at = now() - interval '61 seconds'").await;
    assert_eq!(outlook().await, Some((RecoveryState::Off, None)), "no replica carries it out any more");
    write(&database, &[status(&device(1, 1), Available)], 0).await;
    evaluate(&mut database.pool.connection().await.unwrap()).await;
    assert_eq!(outlook().await, None, "the issue is closed");
}
