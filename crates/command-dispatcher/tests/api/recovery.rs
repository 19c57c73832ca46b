//! The recovery ladder: the commands that follow from an open issue, each sent once.

use crate::app::{PARTITIONS, TestApp};
use crate::fleet::{Device, Pile};
use domain::assets::OperatorBound;
use domain::feed::{ConnectorStatusChanged, FeedChange, FeedKind, FeedSubject};
use domain::ids::{ChargePointId, ConnectorId};
use domain::issues::{OutageRules, RecoveryStep, Rule};
use domain::status::ConnectorStatus::{self, Available, Faulted};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use storage::issues::recovery::{self, Claim, IssueAttempt};
use storage::issues::{self, EvaluationRules, Filter, IssueRecord};
use testkit::{eventually, eventually_some};

const TOPIC: &str = "events-of-this-test";
const ON: (&str, &str) = ("recovery.enabled", "true");

/// No pauses; the events of the topic count as read for an hour.
const HASTY: [(&str, &str); 8] = [
    ("recovery.poll_ms", "20"),
    ("recovery.pause_s", "0"),
    ("recovery.steps_per_minute", "1000"),
    ("recovery.device_steps_per_day", "1000"),
    ("presence.ingest_topic", TOPIC),
    ("presence.ingest_lag_s", "3600"),
    ("dispatch.expiry_interval_ms", "20"),
    ("dispatch.answer_grace_s", "0"),
];

async fn app(own: &[(&str, &str)]) -> TestApp {
    let app = TestApp::with(&[&HASTY, own].concat()).await;
    app.create_topic(PARTITIONS).await;
    app.database
        .execute(&format!(
            "insert into ingest_partitions (topic, partition, next_offset, caught_up_at) values ('{TOPIC}', 0, 0, now())"
        ))
        .await;
    app
}

impl TestApp {
    /// A pile whose first connector is faulty.
    async fn faulty_pile(&self) -> Pile {
        let pile = self.pile(Device::online(&[(1, "Faulted"), (2, "Available")])).await;
        self.report(&pile, 1, Faulted).await;
        pile
    }

    /// Lets a connector report a status, and evaluates the feed into issues, as event-ingestor does.
    async fn report(&self, pile: &Pile, connector: i64, status: ConnectorStatus) {
        let body = ConnectorStatusChanged {
            connector_id: ConnectorId::parse(connector).unwrap(),
            status,
            previous_status: None,
            error_code: None,
            vendor_error_code: None,
            claimed_at: None,
        };
        let change = FeedChange {
            subject: FeedSubject::ChargePoint(ChargePointId::parse(&pile.charge_point_id).unwrap()),
            at: "2026-07-25T12:00:00Z".parse().unwrap(),
            kind: FeedKind::ConnectorStatusChanged(body),
        };
        let mut connection = self.database.pool.connection().await.unwrap();
        storage::feed::append(&mut connection, &[change]).await.unwrap();
        storage::feed::sequence_all(&mut connection).await.unwrap();
        let rules = EvaluationRules {
            rules: vec![Rule::Fault { ignored_codes: BTreeSet::new() }],
            outages: OutageRules { min_devices: 5, min_percent: 50 },
            ingest_topic: TOPIC.to_owned(),
        };
        while !issues::evaluate(&mut connection, &rules).await.unwrap().is_complete {}
    }

    /// The only issue of a pile.
    async fn issue_of(&self, pile: &Pile) -> IssueRecord {
        let mut connection = self.database.pool.connection().await.unwrap();
        let device = ChargePointId::parse(&pile.charge_point_id).unwrap();
        let filter = Filter { charge_point_id: Some(device), ..Filter::default() };
        let mut found = issues::list(&mut connection, &OperatorBound::All, &filter, None, 2).await.unwrap();
        assert_eq!(found.len(), 1);
        found.remove(0)
    }

    async fn attempts(&self, pile: &Pile) -> Vec<IssueAttempt> {
        let issue = self.issue_of(pile).await;
        let mut connection = self.database.pool.connection().await.unwrap();
        recovery::list_attempts(&mut connection, issue.id).await.unwrap()
    }

    /// The steps that were tried at a pile, once there are `count` whose commands have ended: as the
    /// devices do not answer, their time is over at once.
    async fn ended_steps(&self, pile: &Pile, count: usize) -> Vec<RecoveryStep> {
        eventually_some("the steps to end", || async {
            self.end_commands().await;
            let attempts = self.attempts(pile).await;
            let ended = attempts.iter().filter(|attempt| {
                attempt.refusal.is_some() || attempt.command.is_some_and(|(_, state)| state.is_end())
            });
            (ended.count() >= count).then(|| attempts.iter().map(|attempt| attempt.step).collect())
        })
        .await
    }

    /// Ends the commands of these steps, and of no step that has followed meanwhile.
    async fn end(&self, attempts: &[IssueAttempt]) {
        for (id, _) in attempts.iter().filter_map(|attempt| attempt.command) {
            self.database
                .execute(&format!(
                    "update commands set expires_at = now() - interval '1 second'
                     where id = '{id}' and state = 'published' and expires_at > now()"
                ))
                .await;
        }
    }

    async fn end_commands(&self) {
        self.database
            .execute("update commands set expires_at = now() - interval '1 second' where state = 'published' and expires_at > now()")
            .await;
    }

    /// The commands for a pile on the topic, in order.
    async fn commands_of(&self, pile: &Pile) -> Vec<Value> {
        let records = self.published(1).await.into_iter();
        let commands = records.map(|record| serde_json::from_slice::<Value>(&record.value.unwrap()).unwrap());
        commands.filter(|command| command["chargePointId"] == pile.charge_point_id.as_str()).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn steps_follow_each_other_until_the_cause_is_gone() {
    let app = app(&[ON]).await;
    let pile = app.faulty_pile().await;
    eventually("the third step to be sent", || async {
        let attempts = app.attempts(&pile).await;
        if attempts.len() < 3 {
            app.end(&attempts).await;
        }
        attempts.len() == 3
    })
    .await;
    app.report(&pile, 1, Available).await;
    assert!(app.issue_of(&pile).await.closed.is_some());
    let expected = [RecoveryStep::Trigger, RecoveryStep::SoftReset, RecoveryStep::HardReset];
    assert_eq!(app.ended_steps(&pile, 3).await, expected);
    // A pass over all open issues follows.
    let later = app.faulty_pile().await;
    app.ended_steps(&later, 1).await;
    let attempts = app.attempts(&pile).await;
    assert_eq!(attempts.len(), 3, "the cause is gone");

    let sent = app.commands_of(&pile).await;
    let ids = sent.iter().map(|command| command["commandId"].clone());
    let recorded = attempts.iter().map(|attempt| json!(attempt.command.unwrap().0));
    assert_eq!(ids.collect::<Vec<_>>(), recorded.collect::<Vec<_>>());
    let sent: Vec<_> =
        sent.iter().map(|command| (command["commandName"].clone(), command["payload"].clone())).collect();
    let status = json!({"requestedMessage": "StatusNotification", "connectorId": 1});
    assert_eq!(
        sent,
        [
            (json!("TriggerMessage"), status),
            (json!("Reset"), json!({"type": "Soft"})),
            (json!("Reset"), json!({"type": "Hard"})),
        ]
    );
    let (first, _) = attempts[0].command.unwrap();
    let first = app.get(&format!("commands/{first}")).await;
    assert_eq!((&first.body["issuedBy"], first.text("status")), (&Value::Null, "expired"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_ladder_ends_with_the_last_step_that_is_allowed() {
    let app = app(&[ON, ("recovery.last_step", "softReset")]).await;
    let pile = app.faulty_pile().await;
    let later = app.faulty_pile().await;
    for pile in [&pile, &later] {
        let steps = app.ended_steps(pile, 2).await;
        assert_eq!(steps, [RecoveryStep::Trigger, RecoveryStep::SoftReset]);
    }
    // Passes follow in which both issues are considered.
    app.ended_steps(&app.faulty_pile().await, 2).await;
    assert_eq!((app.attempts(&pile).await.len(), app.attempts(&later).await.len()), (2, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_step_is_shown_and_the_next_one_follows() {
    let app = app(&[ON]).await;
    let pile = app.pile(Device::online(&[(1, "Available")])).await;
    app.report(&pile, 9, Faulted).await;
    let steps = app.ended_steps(&pile, 2).await;
    assert_eq!(steps[..2], [RecoveryStep::Trigger, RecoveryStep::SoftReset]);
    let refused = app.attempts(&pile).await.remove(0);
    assert_eq!((refused.command, refused.refusal.as_deref()), (None, Some("CONNECTOR_NOT_AVAILABLE")));
}

#[tokio::test(flavor = "multi_thread")]
async fn several_replicas_send_each_step_once() {
    let on = [HASTY.as_slice(), &[ON]].concat();
    let app = app(&[ON]).await;
    let _others = [app.replica(&on), app.replica(&on)];
    let mut piles = Vec::new();
    for _ in 0..5 {
        piles.push(app.faulty_pile().await);
    }
    for pile in &piles {
        eventually("all steps to end", || async {
            // Simulates a replica that lost the lease without noticing.
            app.database
                .execute("update ingest_partitions set owner = null, lease_until = now() where topic = 'issues/recovery'")
                .await;
            app.end_commands().await;
            let attempts = app.attempts(pile).await;
            let ended = attempts.iter().filter_map(|attempt| attempt.command);
            ended.filter(|(_, state)| state.is_end()).count() == RecoveryStep::ALL.len()
        })
        .await;
    }
    for pile in &piles {
        let attempts = app.attempts(pile).await;
        let steps: Vec<_> = attempts.iter().map(|attempt| attempt.step).collect();
        assert_eq!(steps, RecoveryStep::ALL);
        assert_eq!(app.commands_of(pile).await.len(), RecoveryStep::ALL.len());
    }
    assert!(app.holds("(select count(*) from commands) = 25").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_step_of_a_replica_that_died_is_sent_once() {
    let mut app = app(&[]).await;
    let pile = app.faulty_pile().await;
    // The replica dies after it has recorded the attempt.
    let settings = crate::app::settings_on(&app.database, &app.topic, &HASTY);
    let mut connection = app.database.pool.connection().await.unwrap();
    let issue = app.issue_of(&pile).await.id;
    let claimed = recovery::claim(&mut connection, issue, &settings.recovery.terms()).await.unwrap();
    let Claim::Step(claimed) = claimed else { panic!("a step is due: {claimed:?}") };
    assert!(app.holds("(select count(*) from commands) = 0").await, "the ladder is off by default");

    let on = [HASTY.as_slice(), &[ON]].concat();
    let next = app.replica(&on);
    app.switch_to(&next).await;
    let attempts = eventually_some("the command to be published", || async {
        let attempts = app.attempts(&pile).await;
        let is_published = attempts.first()?.command.is_some_and(|(_, state)| state.as_str() == "published");
        is_published.then_some(attempts)
    })
    .await;
    assert_eq!(attempts[0].command.map(|(id, _)| id), Some(claimed.command_id()));
    app.ended_steps(&pile, 2).await;
    let sent = app.commands_of(&pile).await;
    let first = json!(claimed.command_id());
    assert_eq!(sent.iter().filter(|command| command["commandId"] == first).count(), 1);
}
