//! The issues of a rule that is turned off close at the next evaluation.

use crate::fixture::*;
use domain::assets::OperatorBound;
use domain::feed::FeedChange;
use domain::issues::{Cause, Seen};
use domain::status::ConnectorStatus::Faulted;
use storage::Connection;
use storage::issues::{self, IssueRecord};

/// The open issues, and the closed ones, all of which must have the rule as proof.
async fn open_and_off(connection: &mut Connection) -> (Vec<IssueRecord>, Vec<IssueRecord>) {
    let all = all(connection, &OperatorBound::All).await;
    let (open, closed): (Vec<_>, Vec<_>) = all.into_iter().partition(|issue| issue.closed.is_none());
    assert!(closed.iter().all(|issue| issue.closed.as_ref().unwrap().1.seen == Seen::RuleOff), "{closed:?}");
    (open, closed)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_issues_of_a_rule_that_is_turned_off_close_and_open_again_by_later_changes_only() {
    let (database, mut connection) = database(&[(1, 1)]).await;
    let fault = [status(&device(1, 1), Faulted)];
    write(&database, &[fault[0].clone(), connectivity(&device(1, 1), false)], 9).await;
    evaluate(&mut connection).await;
    assert_eq!(all(&mut connection, &OperatorBound::All).await.len(), 2);
    evaluate_with(&mut connection, &rules_without(Cause::Fault)).await;
    let (open, off) = open_and_off(&mut connection).await;
    assert_eq!((open[0].cause, off[0].cause), (Cause::Offline, Cause::Fault));
    let events = issues::list_events(&mut connection, off[0].id, None, 100).await.unwrap();
    assert_eq!((events.len(), &events[0].detail["kind"]), (2, &serde_json::json!("ruleOff")));
    let closed = published(&mut connection).await.into_iter().filter(|(kind, ..)| kind == "closed");
    assert_eq!(closed.count(), 1);
    evaluate_with(&mut connection, &rules_without(Cause::Offline)).await;
    assert_eq!(open_and_off(&mut connection).await.0, [], "the rule about faults has no evidence yet");
    assert_eq!(database.json("select count(*) from issue_watches").await, 0);
    evaluate(&mut connection).await;
    write(&database, &fault, 8).await;
    evaluate(&mut connection).await;
    let (open, off) = open_and_off(&mut connection).await;
    assert_eq!((open.len(), open[0].cause, off.len()), (1, Cause::Fault, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_closes_when_all_its_devices_have_left_and_none_gets_an_issue_of_its_own() {
    let (database, mut connection) = database(&[(1, 503)]).await;
    let lost: Vec<_> = (1..=503).map(|pile| connectivity(&device(1, pile), false)).collect();
    for chunk in lost.chunks(FeedChange::MAX_CHUNK_LEN) {
        write(&database, chunk, 30).await;
    }
    evaluate(&mut connection).await;
    let (open, off) = open_and_off(&mut connection).await;
    assert_eq!((open.len(), off.len()), (1, 0));
    let rules = rules_without(Cause::Offline);
    let first = issues::evaluate(&mut connection, &rules).await.unwrap();
    assert!(!first.is_complete, "500 of 503 devices");
    assert_eq!(open_and_off(&mut connection).await.1, [], "three are still part of it");
    evaluate_with(&mut connection, &rules).await;
    let (open, off) = open_and_off(&mut connection).await;
    assert_eq!((open.len(), off.len()), (0, 1));
    assert_eq!(database.json("select count(*) from issue_devices where left_at is null").await, 0);
    assert_eq!(database.json("select count(*) from issue_watches").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn replicas_that_overlap_close_each_issue_once() {
    let (database, mut connection) = database(&[(1, 600)]).await;
    let faults: Vec<_> = (1..=600).map(|pile| status(&device(1, pile), Faulted)).collect();
    for chunk in faults.chunks(FeedChange::MAX_CHUNK_LEN) {
        write(&database, chunk, 9).await;
    }
    evaluate(&mut connection).await;
    let evaluators = (0..3).map(|_| {
        let pool = database.pool.clone();
        tokio::spawn(async move {
            let connection = &mut pool.connection().await.unwrap();
            evaluate_with(connection, &rules_without(Cause::Fault)).await;
        })
    });
    for evaluator in evaluators.collect::<Vec<_>>() {
        evaluator.await.unwrap();
    }
    let closed = "select count(*) from issue_events where kind = 'closed' and detail ->> 'kind' = 'ruleOff'";
    assert_eq!(database.json(closed).await, 600);
    assert_eq!(database.json("select count(*) from issues where closed_at is null").await, 0);
}
