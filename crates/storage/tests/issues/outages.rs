//! A mass outage is one issue and not a thousand.

use crate::fixture::*;
use domain::assets::OperatorBound;
use domain::feed::FeedChange;
use domain::issues::{Cause, Seen, Severity};
use storage::issues;

fn offline(station: u32, piles: std::ops::RangeInclusive<u32>) -> Vec<FeedChange> {
    piles.map(|pile| connectivity(&device(station, pile), false)).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dark_site_is_one_issue_until_it_is_back() {
    let (database, mut connection) = database(&[(1, 8), (2, 20)]).await;
    write(&database, &offline(1, 1..=7), 30).await;
    evaluate(&mut connection).await;
    let open = all(&mut connection, &OperatorBound::All).await;
    assert_eq!(
        (open.len(), open[0].severity, open[0].station_id),
        (1, Severity::Critical, Some(station(1).into()))
    );
    assert_eq!(open[0].fact.seen, Seen::Outage { offline: 7, devices: 8 });
    assert_eq!(issues::first_devices(&mut connection, &only(1), open[0].id).await.unwrap().len(), 7);
    // The last one joins.
    write(&database, &offline(1, 8..=8), 20).await;
    evaluate(&mut connection).await;
    assert_eq!(all(&mut connection, &OperatorBound::All).await.len(), 1);
    let back: Vec<_> = (1..=3).map(|pile| connectivity(&device(1, pile), true)).collect();
    write(&database, &back, 10).await;
    evaluate(&mut connection).await;
    assert!(all(&mut connection, &OperatorBound::All).await[0].closed.is_none(), "five are still off");
    write(&database, &[connectivity(&device(1, 4), true)], 9).await;
    evaluate(&mut connection).await;
    let issues = all(&mut connection, &OperatorBound::All).await;
    let (closed, own): (Vec<_>, Vec<_>) = issues.into_iter().partition(|issue| issue.closed.is_some());
    assert_eq!(closed[0].closed.as_ref().unwrap().1.seen, Seen::Recovered { offline: 4 });
    assert_eq!((closed.len(), own.len()), (1, 4));
    let last: Vec<_> = (5..=8).map(|pile| connectivity(&device(1, pile), true)).collect();
    write(&database, &last, 8).await;
    evaluate(&mut connection).await;
    assert!(all(&mut connection, &OperatorBound::All).await.iter().all(|issue| issue.closed.is_some()));
    assert_eq!(database.json("select count(*) from issue_watches").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dead_gateway_is_one_issue_that_each_operator_sees_with_its_own_devices() {
    let (database, mut connection) = database(&[(1, 3), (2, 3), (3, 2)]).await;
    let both: Vec<_> = offline(1, 1..=3).into_iter().chain(offline(2, 1..=3)).collect();
    write(&database, &both, 30).await;
    evaluate(&mut connection).await;
    let open = all(&mut connection, &OperatorBound::All).await;
    assert_eq!((open.len(), open[0].cause, open[0].station_id), (1, Cause::Offline, None));
    assert_eq!(open[0].gateway_id.as_ref().unwrap().as_str(), "gateway-0");
    for operator in [1, 2] {
        let seen = all(&mut connection, &only(operator)).await;
        assert_eq!(seen, open);
        assert_eq!(
            issues::first_devices(&mut connection, &only(operator), open[0].id).await.unwrap().len(),
            3
        );
    }
    assert_eq!(all(&mut connection, &only(3)).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_takes_over_the_issues_of_single_devices() {
    let (database, mut connection) = database(&[(1, 8)]).await;
    write(&database, &offline(1, 1..=2), 60).await;
    evaluate(&mut connection).await;
    assert_eq!(all(&mut connection, &OperatorBound::All).await.len(), 2);
    write(&database, &offline(1, 3..=8), 30).await;
    evaluate(&mut connection).await;
    let issues = all(&mut connection, &OperatorBound::All).await;
    let (open, closed): (Vec<_>, Vec<_>) = issues.into_iter().partition(|issue| issue.closed.is_none());
    assert_eq!((open.len(), closed.len()), (1, 2));
    let part = Seen::PartOf { issue_id: open[0].id };
    assert!(closed.iter().all(|issue| issue.closed.as_ref().unwrap().1.seen == part));
    assert_eq!(issues::first_devices(&mut connection, &only(1), open[0].id).await.unwrap().len(), 8);
}
