//! Statements: every hot statement was executed, and finds the rows of hot tables by their device.

use crate::plan::{Plan, Watched};
use crate::story::{look_and_tidy, play};
use crate::{COMPANIONS, HOT, UNIQUE_WITHOUT_KEY};
use std::collections::BTreeSet;
use testkit::TestDatabase;

/// Periodic statements over all devices, which join rows of the same device only: silent devices,
/// and due commands. With several machines each one runs the statement for its devices.
const OF_ALL: [&str; 2] = [
    "select device.charge_point_id, device.seen_partition from charge_points as device left join device_probes as probe",
    "select id, charge_point_id, clock_timestamp() as now from commands where open",
];

/// Describes how a statement crosses devices, if it does.
fn crossing(plan: &Plan) -> Option<String> {
    let hot: Vec<_> = plan.scans.iter().filter(|(table, _)| HOT.contains(&table.as_str())).collect();
    let asks_all = OF_ALL.iter().any(|known| plan.text.starts_with(known));
    if asks_all && hot.len() == 1 {
        return None;
    }
    let keys: Vec<String> = hot.iter().map(|(_, alias)| format!("{alias}.charge_point_id")).collect();
    let (first, others) = keys.split_first()?;
    let Some(class) = plan.equal_to(first) else {
        return Some(format!("{first} is not restricted: {}", plan.text));
    };
    let apart = others.iter().find(|key| !class.contains(*key));
    apart.map(|key| format!("{key} may differ from {first}: {}", plan.text))
}

#[tokio::test(flavor = "multi_thread")]
async fn no_hot_statement_crosses_devices() {
    let database = TestDatabase::new().await;
    let mut watched = Watched::open(&database.url).await;
    play(&mut watched.connection, |_| true).await;
    look_and_tidy(&mut watched.connection).await;
    let plans = watched.plans().await;
    let crossings: BTreeSet<String> = plans.iter().filter_map(crossing).collect();
    assert!(crossings.is_empty(), "{crossings:#?}");
    let arbiters: BTreeSet<&str> = plans.iter().flat_map(|plan| &plan.arbiters).map(String::as_str).collect();
    let unkeyed: Vec<&str> =
        arbiters.into_iter().filter(|index| UNIQUE_WITHOUT_KEY.contains(index)).collect();
    assert_eq!(unkeyed, ["sessions_pkey"], "conflict arbiters without the device");
    everything_hot_was_seen(&plans);
}

/// Asserts that every hot table and statement occurred, because a test without plans would find no
/// error.
fn everything_hot_was_seen(plans: &[Plan]) {
    let written: BTreeSet<&str> =
        plans.iter().flat_map(|plan| &plan.written).map(|(_, table)| table.as_str()).collect();
    let assets = ["piles", "stations"];
    let expected: BTreeSet<&str> = HOT.iter().chain(&COMPANIONS).chain(&assets).copied().collect();
    assert_eq!(written, expected, "the tables that are written on the hot path");
    let is_seen = |known: &&str| plans.iter().any(|plan| plan.text.starts_with(*known));
    assert!(OF_ALL.iter().all(is_seen), "the text of a statement has changed: {OF_ALL:?}");
    for (how, table) in [("Delete", "sessions"), ("Update", "commands"), ("Insert", "commands")] {
        let is_seen = plans.iter().any(|plan| plan.written.contains(&(how.to_owned(), table.to_owned())));
        assert!(is_seen, "{how} of {table}");
    }
    let joined = |plan: &Plan| plan.scans.iter().filter(|(table, _)| HOT.contains(&table.as_str())).count();
    assert!(
        plans.iter().any(|plan| joined(plan) >= 4),
        "loading a command's context must join four hot tables"
    );
}
