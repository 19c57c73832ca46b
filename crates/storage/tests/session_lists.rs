//! Lists of sessions use indexes: pages of a station and a month read few rows, however many sessions
//! there are and however far the page is.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use chrono::{DateTime, Utc};
use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Text};
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use domain::assets::OperatorBound;
use domain::ids::{IdTag, PileId, SessionId, StationId, TransactionId};
use domain::text::Label;
use storage::Connection;
use storage::sessions::{self, Filter, PlacedSession};
use testkit::TestDatabase;
use uuid::Uuid;

/// 200,000 sessions in 2026, one each 150 s, in turn at 1,000 stations with ten piles each; every other
/// station has an operator of its own, and one session in a thousand is open.
///
/// Their places are inserted, because placing each one by the trigger takes long.
const SESSIONS: &str = "
    set statement_timeout = '2min';
    alter table sessions disable trigger user;
    insert into sessions (id, charge_point_id, connector_id, transaction_id, id_tag, started_at, ended_at,
                          pile_id, station_id, operator_id)
    select ('018e0000-0000-7000-8000-' || lpad(n::text, 12, '0'))::uuid, 'CP-' || pile, 1, n::text, 'TAG' || n % 5000, at,
           case when n % 1000 > 0 then at + interval '30 min' end,
           ('01900000-0000-7000-8000-' || lpad(pile::text, 12, '0'))::uuid,
           ('018f0000-0000-7000-8000-' || lpad(station::text, 12, '0'))::uuid, 'op-' || station % 500
    from generate_series(0, 199999) n,
         lateral (select timestamptz '2026-01-01' + n * interval '150 s' as at, n % 1000 as station) began,
         lateral (select station * 10 + n / 1000 % 10 as pile) placed;
    alter table sessions enable trigger user;
    vacuum analyze sessions";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn station(number: u32) -> StationId {
    StationId(Uuid::try_parse(&format!("018f0000-0000-7000-8000-{number:012}")).unwrap())
}

fn pile(number: u32) -> PileId {
    PileId(Uuid::try_parse(&format!("01900000-0000-7000-8000-{number:012}")).unwrap())
}

/// The sessions of a month that match `filter`; `month` is the number of one before December.
fn in_month(month: u32, filter: Filter) -> Filter {
    Filter {
        started_from: Some(at(&format!("2026-{month:02}-01T00:00:00Z"))),
        started_until: Some(at(&format!("2026-{:02}-01T00:00:00Z", month + 1))),
        ..filter
    }
}

fn at_station(number: u32) -> Filter {
    Filter { station_id: Some(station(number)), ..Filter::default() }
}

/// Sequential scans of `sessions`, rows that were read of it, and scans of one of its indexes, since
/// the database was created.
#[derive(QueryableByName, Debug, Clone, Copy)]
struct Reads {
    #[diesel(sql_type = BigInt)]
    whole: i64,
    #[diesel(sql_type = BigInt)]
    rows: i64,
    #[diesel(sql_type = BigInt)]
    scans: i64,
}

async fn reads(connection: &mut Connection, index: &str) -> Reads {
    // Otherwise the statistics are updated about once a second.
    connection.batch_execute("select pg_stat_force_next_flush()").await.unwrap();
    let reads = diesel::sql_query(
        "select seq_scan as whole, (seq_tup_read + coalesce(idx_tup_fetch, 0))::bigint as rows,
                (select idx_scan from pg_stat_user_indexes where indexrelname = $1) as scans
         from pg_stat_user_tables where relname = 'sessions'",
    );
    reads.bind::<Text, _>(index).get_result(connection).await.unwrap()
}

/// From the sixth execution on, PostgreSQL may keep a generic plan.
const TIMES: i64 = 7;
const PAGE: i64 = 6;

type After = Option<(DateTime<Utc>, SessionId)>;

/// Reads a page until PostgreSQL may keep a generic plan, and asserts that hardly more rows are read
/// than returned, and that only this index is used unless nothing is found: then another one, in which
/// little is left, may be as good.
async fn page(connection: &mut Connection, filter: &Filter, after: After, index: &str) -> Vec<PlacedSession> {
    let before = reads(connection, index).await;
    let mut found = Vec::new();
    for _ in 0..TIMES {
        found = sessions::list(connection, &OperatorBound::All, filter, after, PAGE).await.unwrap();
    }
    let now = reads(connection, index).await;
    let rows = (now.rows - before.rows) / TIMES;
    let returned = i64::try_from(found.len()).unwrap();
    let what = format!("{filter:?} after {after:?}: {returned} returned, {before:?} {now:?}");
    assert_eq!(now.whole, before.whole, "a sequential scan: {what}");
    if returned > 0 {
        assert_eq!(now.scans - before.scans, TIMES, "another plan: {what}");
    }
    assert!(rows <= returned + 10, "{rows} rows read: {what}");
    found
}

/// Reads all pages; returns the number of sessions.
async fn walk(connection: &mut Connection, filter: &Filter, index: &str) -> usize {
    let (mut after, mut all) = (None, Vec::new());
    loop {
        let found = page(connection, filter, after, index).await;
        let Some(last) = found.last() else { break };
        after = Some((last.session.started_at, last.session.id));
        all.extend(found.iter().map(|found| (found.session.started_at, found.session.id)));
    }
    assert!(all.is_sorted_by(|one, next| one > next), "{filter:?} is not in order");
    all.len()
}

async fn filled() -> TestDatabase {
    let database = TestDatabase::new().await;
    let mut connection = database.pool.connection().await.unwrap();
    for statement in SESSIONS.split(";\n") {
        connection.batch_execute(statement).await.unwrap();
    }
    drop(connection);
    database
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_a_station_and_a_month_read_few_rows() {
    let database = filled().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut *connection;
    for month in [1, 6, 11] {
        let sessions = walk(connection, &in_month(month, at_station(7)), "sessions_of_station").await;
        assert!((17..=18).contains(&sessions), "{sessions} in month {month}");
    }
    assert!(page(connection, &in_month(6, at_station(5_000)), None, "sessions_of_station").await.is_empty());

    let in_june = in_month(6, Filter::default());
    let estimate = sessions::estimate_count(connection, &OperatorBound::All, &in_june, None).await.unwrap();
    assert!((12_000..24_000).contains(&estimate), "{estimate} instead of 17,280");
    let half_way = (at("2026-06-16T00:00:00Z"), SessionId(Uuid::nil()));
    let estimate =
        sessions::estimate_count(connection, &OperatorBound::All, &in_june, Some(half_way)).await.unwrap();
    assert!((6_000..12_000).contains(&estimate), "{estimate} instead of 8,640");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_filter_has_an_index() {
    let database = filled().await;
    let mut connection = database.pool.connection().await.unwrap();
    let connection = &mut *connection;
    let all = Filter::default;
    let operator_id = Label::parse("op-7").unwrap();
    for (index, filter) in [
        ("sessions_page", in_month(2, all())),
        ("sessions_of_pile", Filter { pile_id: Some(pile(77)), ..all() }),
        ("sessions_of_operator", in_month(2, Filter { operator_id: Some(operator_id), ..all() })),
        ("sessions_of_id_tag", Filter { id_tag: Some(IdTag::parse("TAG7").unwrap()), ..all() }),
    ] {
        assert_eq!(page(connection, &filter, None, index).await.len(), 6, "{index}");
    }
    let half_way = (at("2026-06-16T00:00:00Z"), SessionId(Uuid::nil()));
    assert_eq!(page(connection, &all(), Some(half_way), "sessions_page").await.len(), 6);
    let transaction = Filter { transaction_id: Some(TransactionId::parse("777").unwrap()), ..all() };
    assert_eq!(page(connection, &transaction, None, "sessions_of_transaction").await.len(), 1);
    // Open for longer than two days at the end of March.
    let stuck = Filter { open: Some(true), started_until: Some(at("2026-03-29T00:00:00Z")), ..all() };
    assert_eq!(walk(connection, &stuck, "sessions_open_page").await, 51);
}
