//! `schema.rs` matches the migrations, and every migration can be reverted.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use diesel::QueryableByName;
use diesel::sql_types::{Array, Bool, Text};
use diesel_async::RunQueryDsl;
use std::fmt::Write as _;

#[derive(QueryableByName)]
struct Table {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Array<Text>)]
    primary_key: Vec<String>,
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    nullable: bool,
    #[diesel(sql_type = Bool)]
    commented: bool,
}

const TABLES: &str = "
    select c.relname::text as name, array_agg(a.attname::text order by k.place) as primary_key
    from pg_class c
    join pg_index i on i.indrelid = c.oid and i.indisprimary
    cross join lateral unnest(i.indkey) with ordinality k(attnum, place)
    join pg_attribute a on a.attrelid = c.oid and a.attnum = k.attnum
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname not like '\\_\\_diesel%'
      and not c.relispartition
    group by c.relname order by c.relname";

const COLUMNS: &str = "
    select a.attname::text as name, format_type(a.atttypid, a.atttypmod) as kind, not a.attnotnull as nullable,
           col_description(a.attrelid, a.attnum) is not null as commented
    from pg_attribute a
    where a.attrelid = $1::regclass and a.attnum > 0 and not a.attisdropped
    order by a.attnum";

fn diesel_type(kind: &str) -> &'static str {
    match kind {
        "text" => "Text",
        "uuid" => "Uuid",
        "boolean" => "Bool",
        "smallint" => "Int2",
        "integer" => "Int4",
        "bigint" => "Int8",
        "double precision" => "Float8",
        "date" => "Date",
        "timestamp with time zone" => "Timestamptz",
        "json" => "Json",
        "jsonb" => "Jsonb",
        "bytea" => "Bytea",
        "text[]" => "Array<Text>",
        other => panic!("unknown diesel type for {other}: add it here"),
    }
}

async fn render(connection: &mut storage::Connection) -> String {
    let mut text =
        "// Generated from the migrations: UPDATE_SCHEMA=1 cargo test -p storage --test schema\n".to_owned();
    let tables: Vec<Table> = diesel::sql_query(TABLES).load(connection).await.unwrap();
    let names: Vec<_> = tables.iter().map(|table| table.name.clone()).collect();
    for table in tables {
        let key = table.primary_key.join(", ");
        write!(text, "\ndiesel::table! {{\n    {} ({key}) {{\n", table.name).unwrap();
        let columns: Vec<Column> =
            diesel::sql_query(COLUMNS).bind::<Text, _>(&table.name).load(connection).await.unwrap();
        for column in columns {
            assert!(column.commented, "{}.{} has no comment", table.name, column.name);
            let kind = diesel_type(&column.kind);
            let kind = if column.nullable { format!("Nullable<{kind}>") } else { kind.to_owned() };
            writeln!(text, "        {} -> {kind},", column.name).unwrap();
        }
        text.push_str("    }\n}\n");
    }
    let names = names.join(",\n    ");
    write!(text, "\ndiesel::allow_tables_to_appear_in_same_query!(\n    {names}\n);\n").unwrap();
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn schema_rs_matches_the_migrations() {
    let database = testkit::TestDatabase::new().await;
    let rendered = render(&mut database.pool.connection().await.unwrap()).await;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/schema.rs");
    if testkit::environment("UPDATE_SCHEMA").is_some() {
        std::fs::write(path, &rendered).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap();
    assert!(
        committed == rendered,
        "schema.rs is out of date: UPDATE_SCHEMA=1 cargo test -p storage --test schema"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn every_migration_can_be_reverted_and_reapplied() {
    let database = testkit::TestDatabase::new().await;
    database.pool.check_schema().await.unwrap();
    database.pool.revert_all().await.unwrap();
    let left: Vec<Table> =
        diesel::sql_query(TABLES).load(&mut database.pool.connection().await.unwrap()).await.unwrap();
    assert!(left.is_empty(), "left over: {:?}", left.iter().map(|table| &table.name).collect::<Vec<_>>());
    assert!(database.pool.check_schema().await.is_err());
    assert!(!database.pool.migrate().await.unwrap().is_empty());
    assert!(database.pool.migrate().await.unwrap().is_empty());
    database.pool.check_schema().await.unwrap();
}
