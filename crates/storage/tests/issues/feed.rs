//! What happens to issues is published once, in the transaction in which it happens.

use crate::fixture::*;
use diesel_async::AsyncConnection;
use domain::assets::OperatorBound;
use domain::ids::Actor;
use domain::status::ConnectorStatus::{Available, Faulted};
use storage::Connection;
use storage::feed::Owner;
use storage::issues::{self, IssueEdit};

async fn types(connection: &mut Connection) -> Vec<String> {
    published(connection).await.into_iter().map(|(kind, ..)| kind).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn publishes_each_state_of_an_issue_once() {
    let (database, mut connection) = database(&[(1, 1)]).await;
    write(&database, &[status(&device(1, 1), Faulted)], 9).await;
    evaluate(&mut connection).await;
    evaluate(&mut connection).await;
    let (kind, opened, owner) = published(&mut connection).await.remove(0);
    let record = all(&mut connection, &only(1)).await.remove(0);
    assert_eq!(kind, "opened");
    assert_eq!((opened.issue_id, opened.version, &opened.fact), (record.id, 1, &record.fact));
    assert_eq!((&opened.charge_point_id, opened.station_id), (&record.charge_point_id, record.station_id));
    assert_eq!(owner, Owner::Operator("op-1".to_owned()));
    let assign = |name: &str| IssueEdit::Assign { assignee: Some(Actor::parse(name).unwrap()) };
    for edit in [assign("ann"), assign("ann"), IssueEdit::Acknowledge { note: None }] {
        issues::edit(&mut connection, &only(1), record.id, &edit, &stamp()).await.unwrap().unwrap();
    }
    let foreign = issues::edit(&mut connection, &only(2), record.id, &assign("bob"), &stamp()).await.unwrap();
    assert!(foreign.is_err());
    write(&database, &[status(&device(1, 1), Available)], 8).await;
    evaluate(&mut connection).await;
    let published = published(&mut connection).await;
    let states: Vec<_> = published
        .iter()
        .map(|(kind, issue, _)| (kind.as_str(), issue.version, issue.assignee.as_deref()))
        .collect();
    assert_eq!(
        states,
        [
            ("opened", 1, None),
            ("changed", 2, Some("ann")),
            ("changed", 3, Some("ann")),
            ("closed", 4, Some("ann"))
        ]
    );
    let (_, closed, _) = published.last().unwrap();
    let record = all(&mut connection, &only(1)).await.remove(0);
    assert_eq!(closed.closed_at.zip(closed.proof.clone()), record.closed);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interrupted_pass_publishes_nothing_and_overlapping_ones_publish_once() {
    let (database, mut connection) = database(&[(1, 40)]).await;
    for pile in 1..=40 {
        write(&database, &[status(&device(1, pile), Faulted)], 9).await;
    }
    let interrupted: Result<(), diesel::result::Error> = connection
        .transaction(async |tx| {
            assert_eq!(issues::evaluate(tx, &rules()).await.unwrap().transitions.len(), 40);
            Err(diesel::result::Error::RollbackTransaction)
        })
        .await;
    assert!(interrupted.is_err());
    assert_eq!(types(&mut connection).await, [""; 0]);
    let evaluators = (0..4).map(|_| {
        let pool = database.pool.clone();
        tokio::spawn(async move { evaluate(&mut pool.connection().await.unwrap()).await })
    });
    for evaluator in evaluators.collect::<Vec<_>>() {
        evaluator.await.unwrap();
    }
    assert_eq!(types(&mut connection).await, ["opened"; 40]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_issue_that_was_over_when_it_was_evaluated_is_published_once() {
    let (database, mut connection) = database(&[(1, 1)]).await;
    write(&database, &[status(&device(1, 1), Faulted)], 9).await;
    write(&database, &[status(&device(1, 1), Available)], 8).await;
    evaluate(&mut connection).await;
    let published = published(&mut connection).await;
    assert_eq!(published.len(), 1);
    assert_eq!((published[0].0.as_str(), published[0].1.version), ("closed", 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_belongs_to_the_operators_of_its_devices() {
    let (database, mut connection) = database(&[(1, 3), (2, 3), (3, 1), (4, 1)]).await;
    let offline = |station: u32, piles: u32| {
        (1..=piles).map(|pile| connectivity(&device(station, pile), false)).collect::<Vec<_>>()
    };
    write(&database, &[offline(1, 3), offline(2, 3)].concat(), 30).await;
    evaluate(&mut connection).await;
    assert_eq!(types(&mut connection).await, ["opened"]);
    write(&database, &offline(3, 1), 20).await;
    evaluate(&mut connection).await;
    let published = published(&mut connection).await;
    let kinds: Vec<_> = published.iter().map(|(kind, ..)| kind.as_str()).collect();
    assert_eq!(kinds, ["opened", "changed"], "the third operator must hear of the outage");
    for (_, issue, owner) in &published {
        assert!(issue.gateway_id.is_some() && issue.operator_id.is_none());
        assert!([1, 2, 3].iter().all(|operator| owner.is_within(&only(*operator))), "{owner:?}");
        assert!(!owner.is_within(&only(4)) && owner.is_within(&OperatorBound::All), "{owner:?}");
    }
}
