//! Two databases, each with the data of its own devices, together contain exactly the rows of one
//! database with all data.

use crate::story::{Part, play};
use crate::{COMPANIONS, HOT};
use serde_json::Value;
use testkit::TestDatabase;

/// The rows of a table as text, in order, without values from clocks or random numbers. A row's
/// position is replaced by its rank among the rows of its device.
fn rows_of(table: &str) -> String {
    let row = match table {
        "status_changes" => {
            "to_jsonb(t) - 'noted_at' - 'place' || jsonb_build_object('rank', row_number() over (
               partition by charge_point_id order by noted_at, place))"
        }
        "charge_points" => "to_jsonb(t) - 'written_at'",
        "device_probes" => "to_jsonb(t) - 'asked_at' - 'boot_asked_at'",
        "dead_letters" => "to_jsonb(t) - 'id' - 'created_at'",
        "idempotency_keys" | "session_limits" => "to_jsonb(t) - 'created_at'",
        "feed_chunks" => {
            return "select change || jsonb_build_object('rank', row_number() over (
                      partition by change -> 'subject' order by id, place)) as row
                    from feed_chunks, json_array_elements(changes) with ordinality as e (body, place),
                         to_jsonb(body) as change"
                .to_owned();
        }
        _ => "to_jsonb(t)",
    };
    format!("select {row} as row from {table} t")
}

async fn rows(database: &TestDatabase, table: &str) -> Vec<String> {
    let all = format!("select coalesce(jsonb_agg(row::text), '[]') from ({}) as found", rows_of(table));
    let Value::Array(found) = database.json(&all).await else { return Vec::new() };
    let mut rows: Vec<String> = found.iter().map(|row| row.as_str().unwrap().to_owned()).collect();
    rows.sort();
    rows
}

async fn played(part: Part) -> TestDatabase {
    let database = TestDatabase::new().await;
    play(&mut database.pool.connection().await.unwrap(), part).await;
    database
}

#[tokio::test(flavor = "multi_thread")]
async fn two_halves_together_equal_the_whole() {
    let (whole, even, odd) =
        tokio::join!(played(|_| true), played(|device| device % 2 == 0), played(|device| device % 2 == 1));
    // Each database has its own progress of partitions.
    let others = COMPANIONS.iter().filter(|table| **table != "ingest_partitions");
    for table in HOT.iter().chain(others) {
        let (of_even, of_odd) = (rows(&even, table).await, rows(&odd, table).await);
        assert!(!of_even.is_empty() && !of_odd.is_empty(), "{table} must have rows in both halves");
        let mut together = [of_even, of_odd].concat();
        together.sort();
        let whole = rows(&whole, table).await;
        assert_eq!(together.len(), whole.len(), "{table}");
        let apart = together.iter().zip(&whole).find(|(of_halves, of_whole)| of_halves != of_whole);
        assert_eq!(apart, None, "{table}");
    }
}
