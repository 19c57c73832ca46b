//! Counts of open issues.

use crate::fixture::*;
use diesel::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use domain::assets::OperatorBound;
use domain::status::ConnectorStatus::{Available, Faulted};
use domain::text::Label;
use storage::issues::{self, Filter, IssueCounts, IssueEdit, OpenCounts};
use testkit::TestDatabase;

fn counts(critical: i64, major: i64, minor: i64) -> IssueCounts {
    let of = |open| OpenCounts { open, acknowledged: 0, muted: 0 };
    IssueCounts { critical: of(critical), major: of(major), minor: of(minor) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_counts_the_open_issues_of_its_operators() {
    let (database, mut connection) = database(&[(1, 3), (2, 2)]).await;
    let faults =
        [device(1, 1), device(1, 2), device(1, 3), device(2, 1)].map(|device| status(&device, Faulted));
    write(&database, &faults, 9).await;
    write(&database, &[status(&device(1, 3), Available)], 8).await;
    evaluate(&mut connection).await;
    let all = Filter::default();
    let mut count = async |bound: &OperatorBound, filter: &Filter| {
        issues::count(&mut connection, bound, filter).await.unwrap()
    };
    assert_eq!(count(&OperatorBound::All, &all).await, counts(0, 3, 0));
    assert_eq!(count(&only(1), &all).await, counts(0, 2, 0));
    assert_eq!(count(&only(3), &all).await, counts(0, 0, 0));
    let at_station = Filter { station_id: Some(station(2).into()), ..Filter::default() };
    assert_eq!(count(&OperatorBound::All, &at_station).await, counts(0, 1, 0));
    assert_eq!(count(&only(1), &at_station).await, counts(0, 0, 0));
    let closed = Filter { open: Some(false), ..Filter::default() };
    assert_eq!(count(&only(1), &closed).await, counts(0, 2, 0), "only open ones are counted");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_of_a_gateway_counts_for_each_operator_with_devices_in_it() {
    let (database, mut connection) = database(&[(1, 3), (2, 3), (3, 1)]).await;
    let devices = (1..=2).flat_map(|station| (1..=3).map(move |pile| device(station, pile)));
    let lost: Vec<_> = devices.map(|device| connectivity(&device, false)).collect();
    write(&database, &lost, 9).await;
    evaluate(&mut connection).await;
    for (operator, expected) in [(1, 1), (2, 1), (3, 0)] {
        let found = issues::count(&mut connection, &only(operator), &Filter::default()).await.unwrap();
        assert_eq!(found, counts(expected, 0, 0), "op-{operator}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn states_overlap_and_a_mute_that_is_over_does_not_count() {
    let (database, mut connection) = database(&[(1, 2)]).await;
    write(&database, &[status(&device(1, 1), Faulted), status(&device(1, 2), Faulted)], 9).await;
    evaluate(&mut connection).await;
    let reason = Label::parse("spare part").unwrap();
    let until = ["2099-01-01T00:00:00Z", "2026-01-01T00:00:00Z"];
    for (issue, until) in all(&mut connection, &only(1)).await.into_iter().zip(until) {
        for edit in [
            IssueEdit::Acknowledge { note: None },
            IssueEdit::Mute { until: at(until), reason: reason.clone() },
        ] {
            issues::edit(&mut connection, &only(1), issue.id, &edit, &stamp()).await.unwrap().unwrap();
        }
    }
    let found = issues::count(&mut connection, &only(1), &Filter::default()).await.unwrap();
    assert_eq!(found.major, OpenCounts { open: 2, acknowledged: 2, muted: 1 });
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    text: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn closed_issues_are_not_read() {
    let database = TestDatabase::new().await;
    let many = "
        insert into issues (id, key, cause, severity, opened_at, fact, changed_at, closed_at, proof)
        select gen_random_uuid(), n::text, 'fault', 'major', now() - n * interval '1 minute', '{}', now(),
               case when n % 500 > 0 then now() end, case when n % 500 > 0 then jsonb '{}' end
        from generate_series(1, 20000) as n;
        analyze issues";
    TestDatabase::execute(&database, many).await;
    let mut connection = database.pool.connection().await.unwrap();
    let found = issues::count(&mut connection, &OperatorBound::All, &Filter::default()).await.unwrap();
    assert_eq!(found, counts(0, 40, 0));
    let plan: Vec<Line> = diesel::sql_query(
        "explain select count(*) filter (where severity = 'major' and muted_until > now()) from issues where closed_at is null",
    )
    .load(&mut connection)
    .await
    .unwrap();
    let plan: String = plan.into_iter().map(|line| line.text + "\n").collect();
    assert!(plan.contains("issues_open") && !plan.contains("Seq Scan"), "{plan}");
}
