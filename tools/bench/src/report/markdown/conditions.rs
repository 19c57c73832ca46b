//! The conditions of the run.

use super::table;
use crate::conditions::Conditions;

/// Renders the conditions.
pub(super) fn render(conditions: &Conditions) -> String {
    let postgres: Vec<_> =
        conditions.postgres.iter().map(|setting| format!("{} {}", setting.name, setting.value)).collect();
    let or_unknown = |value: &Option<String>| value.clone().unwrap_or_else(|| "unknown".to_owned());
    let mut rows = vec![
        ("date", conditions.date.clone()),
        ("commit, build", format!("{}, {}", conditions.commit, conditions.profile)),
        ("processor", format!("{} × {}", conditions.cores, conditions.cpu)),
        ("memory, kernel", format!("{} GB, Linux {}", conditions.memory_gb, conditions.kernel)),
        ("load before (1, 5, 15 min)", conditions.load_before.clone()),
        ("PostgreSQL", postgres.join(", ")),
        (
            "Kafka",
            format!(
                "{}, heap {}, one broker, acks=all without fsync",
                or_unknown(&conditions.kafka),
                or_unknown(&conditions.kafka_heap)
            ),
        ),
        ("ingestors, partitions", format!("{}, {}", conditions.ingestors, conditions.partitions)),
    ];
    rows.push((
        "on the same cores",
        if conditions.servers_are_here {
            "ingestors, PostgreSQL, Kafka, Redis, the load generator, the measurement".to_owned()
        } else {
            "ingestors, the load generator, the measurement; PostgreSQL and Kafka run elsewhere, unless the tables contain them"
                .to_owned()
        },
    ));
    let rows: Vec<_> = rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    table("Conditions", &["", ""], &rows)
}
