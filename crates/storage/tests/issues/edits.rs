//! What callers do with issues.

use crate::fixture::*;
use domain::assets::OperatorBound;
use domain::ids::Actor;
use domain::status::ConnectorStatus::{Available, Faulted};
use domain::text::Label;
use storage::issues::{self, Filter, IssueEdit, IssueRefusal};

#[tokio::test(flavor = "multi_thread")]
async fn edits_are_kept_in_the_history_until_the_issue_closes() {
    let (database, mut connection) = database(&[(1, 1)]).await;
    write(&database, &[status(&device(1, 1), Faulted)], 9).await;
    evaluate(&mut connection).await;
    let id = all(&mut connection, &OperatorBound::All).await[0].id;
    let acknowledge = IssueEdit::Acknowledge { note: None };
    let foreign = issues::edit(&mut connection, &only(2), id, &acknowledge, &stamp()).await.unwrap();
    assert_eq!(foreign, Err(IssueRefusal::NotFound));
    let edits = [
        acknowledge.clone(),
        acknowledge.clone(),
        IssueEdit::Assign { assignee: Some(Actor::parse("ann").unwrap()) },
        IssueEdit::Mute { until: at("2099-01-01T00:00:00Z"), reason: Label::parse("spare part").unwrap() },
    ];
    for edit in &edits {
        issues::edit(&mut connection, &only(1), id, edit, &stamp()).await.unwrap().unwrap();
    }
    let filter =
        Filter { muted: Some(true), acknowledged: Some(true), open: Some(true), ..Filter::default() };
    let found = issues::list(&mut connection, &only(1), &filter, None, 10).await.unwrap();
    assert_eq!((found.len(), found[0].assignee.as_deref()), (1, Some("ann")));
    let filter = Filter { muted: Some(false), ..Filter::default() };
    assert_eq!(issues::list(&mut connection, &only(1), &filter, None, 10).await.unwrap(), []);
    write(&database, &[status(&device(1, 1), Available)], 8).await;
    evaluate(&mut connection).await;
    let late = issues::edit(&mut connection, &only(1), id, &IssueEdit::Unmute, &stamp()).await.unwrap();
    assert!(matches!(late, Err(IssueRefusal::Closed { .. })), "{late:?}");
    let events = issues::list_events(&mut connection, id, None, 100).await.unwrap();
    let kinds: Vec<_> = events.iter().rev().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["opened", "acknowledged", "assigned", "muted", "closed"], "a repeated edit is none");
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_have_no_gaps_and_no_copies() {
    let (database, mut connection) = database(&[(1, 7)]).await;
    let faults: Vec<_> = (1..=7).map(|pile| status(&device(1, pile), Faulted)).collect();
    write(&database, &faults, 9).await;
    evaluate(&mut connection).await;
    let (mut after, mut seen) = (None, Vec::new());
    loop {
        let page = issues::list(&mut connection, &only(1), &Filter::default(), after, 3).await.unwrap();
        let Some(last) = page.last() else { break };
        after = Some((last.opened_at, last.id));
        seen.extend(page.into_iter().map(|issue| issue.id));
    }
    let mut expected: Vec<_> =
        all(&mut connection, &only(1)).await.into_iter().map(|issue| issue.id).collect();
    expected.reverse();
    assert_eq!(seen, expected);
    assert_eq!(seen.len(), 7);
}
