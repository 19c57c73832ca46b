//! The outcome of commands: as answered, as recorded, and as the gateway received them.

use gateway_simulator::{Outcome, Simulator};
use serde_json::Value;
use std::collections::BTreeMap;
use testkit::TestDatabase;
use uuid::Uuid;

/// The number of commands without a final outcome.
pub const OPEN: &str = "select count(*) from commands where state in ('accepted', 'published', 'unknown')";

/// The disagreements of the three: each accepted command must be confirmed in the end, and executed
/// once.
pub async fn findings(database: &TestDatabase, simulator: &Simulator, accepted: &[Uuid]) -> Vec<String> {
    let recorded = recorded(database).await;
    let mut received: BTreeMap<Uuid, Vec<Outcome>> = BTreeMap::new();
    for command in simulator.commands() {
        received.entry(command.command.id.0).or_default().push(command.outcome);
    }
    let mut findings = Vec::new();
    for id in accepted {
        let (state, outcomes) = (recorded.get(id), received.get(id).map(Vec::as_slice));
        if state.map(String::as_str) != Some("confirmed") || outcomes != Some(&[Outcome::Accepted]) {
            findings
                .push(format!("{id} was accepted, is recorded as {state:?}, and was received: {outcomes:?}"));
        }
    }
    let unknown = recorded.keys().filter(|id| !accepted.contains(id));
    findings.extend(unknown.map(|id| format!("{id} is recorded, but no caller received it")));
    findings
}

async fn recorded(database: &TestDatabase) -> BTreeMap<Uuid, String> {
    let all = "select coalesce(jsonb_agg(jsonb_build_array(id, state)), '[]') from commands";
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = database.json(all).await;
    rows.as_array()
        .unwrap()
        .iter()
        .map(|row| (Uuid::parse_str(&text(&row[0])).unwrap(), text(&row[1])))
        .collect()
}
