//! Compares the responses, the database and the topic.

use super::callers::Call;
use super::site::Site;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use testkit::{eventually, eventually_some};
use uuid::Uuid;

const WAIT: Duration = Duration::from_millis(200);
const FETCH_BYTES: usize = 1 << 20;
/// The code of a command that is certainly not on the topic.
const NOT_PUBLISHED: &str = "BROKER_UNAVAILABLE";

/// A command in the database.
struct Row {
    state: String,
    partition: i32,
}

/// The disagreements of the three. `outcomes_recorded` states whether the outcome of every command
/// is recorded in the end, which needs the database.
pub async fn findings(site: &Site, calls: &[Call], outcomes_recorded: bool) -> Vec<String> {
    if outcomes_recorded {
        eventually("the outcome of all commands to be recorded", || async {
            rows(site).await.values().all(|row| row.state != "accepted")
        })
        .await;
    }
    let recorded = Recorded { rows: rows(site).await, published: published(site).await, outcomes_recorded };
    let mut findings: Vec<String> = calls.iter().filter_map(|call| recorded.against_answer(call)).collect();
    findings.extend(recorded.rows.iter().filter_map(|(id, row)| recorded.against_row(*id, row)));
    let unrecorded = recorded.published.iter().filter(|(id, _)| !recorded.rows.contains_key(id));
    findings.extend(
        unrecorded.map(|(id, partition)| format!("{id} is on partition {partition}, but not recorded")),
    );
    findings
}

/// What is recorded, and what is on which partition.
struct Recorded {
    rows: BTreeMap<Uuid, Row>,
    published: BTreeSet<(Uuid, i32)>,
    outcomes_recorded: bool,
}

impl Recorded {
    fn is_published(&self, id: Uuid) -> bool {
        self.published.range((id, i32::MIN)..=(id, i32::MAX)).next().is_some()
    }

    fn against_answer(&self, call: &Call) -> Option<String> {
        let (id, answer) = match call {
            Call::Accepted { command, .. } => (*command, "202"),
            Call::Refused { code, command } => ((*command)?, code.as_str()),
        };
        let Some(row) = self.rows.get(&id) else {
            return Some(format!("{id} was answered with {answer}, but is not recorded"));
        };
        let agrees = match call {
            Call::Accepted { partition, .. } => {
                self.published.contains(&(id, *partition))
                    && (row.state == "published" || !self.outcomes_recorded)
            }
            Call::Refused { code, .. } if code == NOT_PUBLISHED => {
                !self.is_published(id) && (row.state == "failed" || !self.outcomes_recorded)
            }
            Call::Refused { .. } => true,
        };
        let published = self.is_published(id);
        (!agrees).then(|| {
            format!("{id} was answered with {answer}, is recorded as {}, published: {published}", row.state)
        })
    }

    fn against_row(&self, id: Uuid, row: &Row) -> Option<String> {
        let agrees = match row.state.as_str() {
            "published" => self.published.contains(&(id, row.partition)),
            "failed" => !self.is_published(id),
            state => state == "unknown" || (state == "accepted" && !self.outcomes_recorded),
        };
        (!agrees).then(|| format!("{id} is recorded as {}, published: {}", row.state, self.is_published(id)))
    }
}

async fn rows(site: &Site) -> BTreeMap<Uuid, Row> {
    let all = "select coalesce(jsonb_agg(jsonb_build_array(id, state, partition)), '[]') from commands";
    let rows = site.database.json(all).await;
    let row = |row: &Value| {
        let id = Uuid::parse_str(row[0].as_str().unwrap()).unwrap();
        let partition = i32::try_from(row[2].as_i64().unwrap()).unwrap();
        (id, Row { state: row[1].as_str().unwrap().to_owned(), partition })
    };
    rows.as_array().unwrap().iter().map(row).collect()
}

/// Commands that are on the topic more than once.
pub async fn copies(site: &Site) -> Vec<String> {
    let mut counts = BTreeMap::<_, u32>::new();
    records(site).await.into_iter().for_each(|(id, _)| *counts.entry(id).or_default() += 1);
    let copied = counts.into_iter().filter(|(_, count)| *count > 1);
    copied.map(|(id, count)| format!("{id} is on the topic {count} times")).collect()
}

/// Every command on the topic, with its partition.
async fn published(site: &Site) -> BTreeSet<(Uuid, i32)> {
    records(site).await.into_iter().collect()
}

/// Every record of the topic: its command and its partition.
async fn records(site: &Site) -> Vec<(Uuid, i32)> {
    let (topic, partitions) = &site.servers.topic;
    let kafka = site.servers.kafka();
    let mut records = Vec::new();
    for partition in 0..*partitions {
        let reader = kafka.reader(topic, partition);
        let end =
            eventually_some("the end of the partition", || async { reader.latest_offset().await.ok() }).await;
        let mut next = 0;
        while next < end {
            let fetched = eventually_some("the records", || async {
                reader.fetch(next, WAIT, FETCH_BYTES).await.ok().filter(|fetched| !fetched.records.is_empty())
            })
            .await;
            for record in fetched.records {
                let command: Value = serde_json::from_slice(&record.value.unwrap()).unwrap();
                records.push((Uuid::parse_str(command["commandId"].as_str().unwrap()).unwrap(), partition));
                next = record.offset + 1;
            }
        }
    }
    records
}
