//! Two operators on one platform: a caller that is bound to one of them gets no byte of the other's
//! ids, names and events from any operation of both HTTP services, and changes nothing of it.
//!
//! [`table`] states for every operation of both OpenAPI documents how it is called. An operation
//! that is not in the table fails the test.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod client;
mod feed;
mod leaks;
mod side;
mod table;
mod world;

use client::{Call, Response};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use table::{Expected, ROWS, Row};
use world::World;

/// The reach of each operation of both documents, by its id.
fn operations() -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for document in [asset_api::openapi(), command_dispatcher::openapi()] {
        for methods in document["paths"].as_object().unwrap().values() {
            for operation in methods.as_object().unwrap().values() {
                let id = operation["operationId"].as_str().unwrap().to_owned();
                let reach = operation["x-reach"].as_str().expect("a reach").to_owned();
                assert_eq!(all.insert(id.clone(), reach), None, "{id} is in both documents");
            }
        }
    }
    all
}

#[test]
fn the_table_covers_every_operation() {
    let operations = operations();
    let documented: BTreeSet<&str> = operations.keys().map(String::as_str).collect();
    let tabled: BTreeSet<&str> = ROWS.iter().map(|row| row.operation).collect();
    assert_eq!(tabled, documented, "add a row to tests/operators/table.rs for each new operation");
    for row in ROWS {
        let is_refused = row.other == Expected::Forbidden;
        let reach = operations[row.operation].as_str();
        assert_eq!(is_refused, reach == "platform", "{}: {reach}", row.operation);
        let is_open = row.other == Expected::Done && row.own == Expected::Done;
        assert!(!is_open || reach == "everyone", "{}: {reach}", row.operation);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_operation_shows_or_changes_what_belongs_to_another_operator() {
    let world = World::new().await;
    let before = world.rows_of(&world.other).await;
    for row in ROWS {
        for tag in [None, Some("\"99\"")] {
            let call = row.call(&world.own, &world.other).tagged(tag);
            check(&world, row, &call, row.other).await;
        }
    }
    assert_eq!(world.rows_of(&world.other).await, before, "the other operator's data changed");
    // The same of the caller's own data: otherwise the table could call the wrong paths.
    for row in ROWS {
        let call = row.call(&world.own, &world.own);
        check(&world, row, &call, row.own).await;
    }
    assert_eq!(world.rows_of(&world.other).await, before, "the other operator's data changed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_without_operators_sees_nothing() {
    let world = World::new().await;
    for row in ROWS.iter().filter(|row| row.is_read()) {
        let call = row.call(&world.own, &world.own);
        for response in world.send(&world.unassigned, &call).await {
            assert!(row.other.allows(response.status), "{}: {response:?}", call.what());
            for side in [&world.own, &world.other] {
                leaks::assert_none(&call, &response, side);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_are_those_of_the_callers_operators() {
    let world = World::new().await;
    let fleet = async |token: &str| -> Value {
        world.send(token, &Call::get("/api/v1/fleet")).await.pop().unwrap().json()
    };
    let sum = |counts: &Value| counts.as_object().unwrap().values().filter_map(Value::as_i64).sum::<i64>();
    let (own, all) = (fleet(&world.bound).await, fleet(&world.all).await);
    let (piles, stations) = (world.own.piles, world.own.stations);
    assert_eq!((sum(&own["piles"]), sum(&own["stations"])), (piles, stations));
    assert_eq!((sum(&all["piles"]), sum(&all["stations"])), (2 * piles, 2 * stations));
    assert_eq!(sum(&fleet(&world.unassigned).await["piles"]), 0);
    let faults = async |token: &str| -> Value {
        let counts: Value =
            world.send(token, &Call::get("/api/v1/issues/counts?cause=fault")).await.pop().unwrap().json();
        counts["major"]["open"].clone()
    };
    assert_eq!((faults(&world.bound).await, faults(&world.all).await), (1.into(), 2.into()));
    assert_eq!(faults(&world.unassigned).await, Value::from(0));
    let export = Call::get("/api/v1/sessions/export?format=ndjson");
    let exported = world.send(&world.bound, &export).await.pop().unwrap().text();
    assert_eq!(exported.lines().count(), 2 + 1, "two sessions and the last line");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_only_operator_of_a_caller_is_the_default_of_what_it_creates() {
    let world = World::new().await;
    let body = |body: &str| Call { body: Some(body.to_owned()), ..Call::get("/api/v1/stations") };
    let create = async |token: &str, text: &str| -> Response {
        let call = Call { method: reqwest::Method::POST, ..body(text) };
        world.send(token, &call).await.pop().unwrap()
    };
    let made = create(&world.bound, r#"{ "name": "North" }"#).await;
    assert_eq!((made.status, &made.json()["operatorId"]), (201, &Value::from(world.own.get("operator"))));
    for token in [&world.both, &world.unassigned] {
        let refused = create(token, r#"{ "name": "North" }"#).await;
        let field = &refused.json()["errors"][0]["field"];
        assert_eq!((refused.status, field), (400, &Value::from("operatorId")), "{}", refused.text());
    }
    let named = format!(r#"{{ "name": "North", "operatorId": "{}" }}"#, world.other.get("operator"));
    assert_eq!(create(&world.both, &named).await.status, 201);
    assert_eq!(create(&world.all, r#"{ "name": "North" }"#).await.json()["operatorId"], Value::Null);
}

/// Sends `call` on behalf of the bound caller, and checks every response.
async fn check(world: &World, row: &Row, call: &Call, expected: Expected) {
    if row.is_stream() {
        return feed::check_filter(world, call).await;
    }
    let responses = world.send(&world.bound, call).await;
    for response in &responses {
        assert!(expected.allows(response.status), "{}: expected {expected:?}, got {response:?}", call.what());
        leaks::assert_none(call, response, &world.other);
    }
    if row.is_read() {
        let head: Response = world.head(&world.bound, call).await;
        assert_eq!(head.status, responses[0].status, "HEAD {}", call.what());
        leaks::assert_none(call, &head, &world.other);
    }
}
