//! The audit trail in a real PostgreSQL: pages are read by an index, also with a rare action or caller
//! among many imported assets.

use diesel::QueryableByName;
use diesel::sql_types::Text;
use diesel_async::RunQueryDsl;
use domain::assets::OperatorBound;
use domain::ids::Actor;
use storage::assets::audit::{AuditAction, ThingType, TrailFilter, list_trail};
use testkit::TestDatabase;

/// An import of many assets, an operator that ended a session in between, and what was analyzed.
const MANY: &str = "
    insert into asset_edits (asset_id, version, action, edited_at, edited_by)
      select gen_random_uuid(), 1, 'created', timestamptz '2026-03-01T09:00:00Z' + (n / 1000) * interval '1 s', 'importer'
      from generate_series(1, 50000) n;
    insert into asset_edits (asset_id, version, action, edited_at, edited_by, reason)
      select gen_random_uuid(), 1, 'ended', timestamptz '2026-03-01T08:00:00Z', 'op-7', 'stuck' from generate_series(1, 3);
    analyze asset_edits";

#[tokio::test(flavor = "multi_thread")]
async fn finds_rare_entries_among_many() {
    let database = TestDatabase::new().await;
    TestDatabase::execute(&database, MANY).await;
    let mut connection = database.pool.connection().await.unwrap();
    let filters = [
        TrailFilter { by: Actor::parse("op-7").ok(), ..TrailFilter::default() },
        TrailFilter { action: Some(AuditAction::Ended), ..TrailFilter::default() },
        TrailFilter { thing_type: Some(ThingType::Session), ..TrailFilter::default() },
    ];
    for filter in filters {
        let found = list_trail(&mut connection, &OperatorBound::All, &filter, None, 10).await.unwrap();
        let found: Vec<_> = found.iter().map(|entry| (entry.thing_type.as_str(), entry.version())).collect();
        assert_eq!(found, [("session", Some(1)); 3], "{filter:?}");
    }
}

#[derive(QueryableByName)]
struct Line {
    #[diesel(sql_type = Text, column_name = "QUERY PLAN")]
    text: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_pages_by_an_index() {
    let database = TestDatabase::new().await;
    TestDatabase::execute(&database, MANY).await;
    let mut connection = database.pool.connection().await.unwrap();
    let id = "'0192f0c1-0000-7000-8000-000000000001'";
    for (condition, indexes) in [
        ("true", ["asset_edits_page"; 2]),
        ("edited_by = 'op-7'", ["asset_edits_of_caller"; 2]),
        ("action = 'ended'", ["asset_edits_of_action"; 2]),
        (
            &format!("thing_id is null and asset_id = {id} or thing_id = {id}"),
            ["asset_edits_pkey", "asset_edits_of_thing"],
        ),
    ] {
        let query = format!(
            "explain select * from asset_edits where {condition}
             order by edited_at desc, asset_id desc, version desc limit 50"
        );
        let plan: Vec<Line> = diesel::sql_query(query).load(&mut connection).await.unwrap();
        let plan: String = plan.into_iter().map(|line| line.text + "\n").collect();
        assert!(indexes.iter().all(|index| plan.contains(index)), "{condition}: {plan}");
    }
}
