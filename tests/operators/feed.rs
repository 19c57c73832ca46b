//! The feed: a bound caller gets the changes of its operator, all of them, and no other's.

use crate::client::Call;
use crate::side::Side;
use crate::world::World;
use serde_json::Value;
use std::collections::BTreeSet;
use std::time::Duration;
use testkit::unique;

/// Generous, because machines are shared.
const PATIENCE: Duration = Duration::from_secs(60);
/// Changes that begin here were written before the test calls anything.
const BEGINNING: &str = "0-0";

/// The events that a caller receives from the beginning of the feed up to the one that contains `last`.
async fn follow(world: &World, token: &str, path: &str, last: &str) -> String {
    let separator = if path.contains('?') { '&' } else { '?' };
    let call = Call::get(&format!("{path}{separator}lastEventId={BEGINNING}"));
    let mut response = world.stream(token, &call).await;
    assert_eq!(response.status(), 200, "{}", call.what());
    let mut received = String::new();
    // Later events, such as outcomes of commands, may be in the same piece.
    let end = |received: &str| received.find(last).and_then(|at| Some(at + received[at..].find("\n\n")?));
    while end(&received).is_none() {
        let piece = tokio::time::timeout(PATIENCE, response.chunk()).await;
        let piece = piece.unwrap_or_else(|_| panic!("{last} did not arrive:\n{received}"));
        received.push_str(std::str::from_utf8(&piece.unwrap().unwrap()).unwrap());
    }
    received.truncate(end(&received).unwrap());
    received
}

/// The ids of the events in `received` that name something of `side`.
fn events_of(received: &str, side: &Side) -> BTreeSet<String> {
    let blocks = received.split("\n\n").filter(|block| block.contains("\ndata: "));
    let of_side = blocks.filter(|block| side.marks().any(|(_, mark)| block.contains(mark)));
    of_side
        .filter_map(|block| block.lines().find_map(|line| line.strip_prefix("id: ")))
        .map(str::to_owned)
        .collect()
}

/// Creates a station of the bound caller's operator, whose change is the last one so far.
async fn write_last(world: &World) -> String {
    let body = serde_json::json!({ "name": unique("last"), "operatorId": world.own.get("operator") });
    let call = Call { body: Some(body.to_string()), ..Call::get("/api/v1/stations") };
    let call = Call { method: reqwest::Method::POST, ..call };
    let made: Value = world.send(&world.all, &call).await.pop().unwrap().json();
    made["id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bound_caller_follows_the_changes_of_its_operator_and_no_others() {
    let world = World::new().await;
    let last = write_last(&world).await;
    let path = "/api/v1/feed";
    let all = follow(&world, &world.all, path, &last).await;
    let (own, others) = (events_of(&all, &world.own), events_of(&all, &world.other));
    assert!(own.len() > 15 && others.len() > 15, "{} and {} events", own.len(), others.len());
    assert!(own.is_disjoint(&others));
    // The second time the changes are in the ring, with their operators.
    for _ in 0..2 {
        let received = follow(&world, &world.bound, path, &last).await;
        assert_eq!(events_of(&received, &world.own), own, "a change of the caller's operator is missing");
        for (name, mark) in world.other.marks() {
            assert!(!received.contains(mark), "{name} {mark} in the feed:\n{received}");
        }
        for id in &others {
            assert!(!received.contains(&format!("id: {id}\n")), "the event {id} in the feed:\n{received}");
        }
    }
}

/// Checks that no filter shows a change of the other operator: `call` follows the feed with one.
pub async fn check_filter(world: &World, call: &Call) {
    let last = write_last(world).await;
    // The filter may select nothing; so the stream is read until the keep-alive or the last change.
    let separator = if call.path.contains('?') { '&' } else { '?' };
    let call = Call { path: format!("{}{separator}lastEventId={BEGINNING}", call.path), ..call.clone() };
    let mut response = world.stream(&world.bound, &call).await;
    assert_eq!(response.status(), 200, "{}", call.what());
    let mut received = String::new();
    while !received.contains(&last) {
        match tokio::time::timeout(Duration::from_secs(2), response.chunk()).await {
            Ok(piece) => received.push_str(std::str::from_utf8(&piece.unwrap().unwrap()).unwrap()),
            Err(_quiet) => break,
        }
    }
    let named = call.what();
    for (name, mark) in world.other.marks().filter(|(_, mark)| !named.contains(*mark)) {
        assert!(!received.contains(mark), "{named}: {name} {mark} in the feed:\n{received}");
    }
    let events = received.split("\n\n").filter(|block| block.contains("\ndata: "));
    for event in events {
        assert!(!world.other.marks().any(|(_, mark)| event.contains(mark)), "{named}: {event}");
    }
}
