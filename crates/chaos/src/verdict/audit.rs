//! What the audit in the database says: offsets written once and in order, by who held the partition, no state gone back.

use super::{Finding, finding};
use crate::books::{Books, rows};
use crate::lag::next_offsets;
use crate::markers::Marker;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What a rule says when it is broken, and a query for the breaches.
const RULES: [(&str, &str); 6] = [
    (
        "a batch does not begin where the one before it ended, or ends where it began",
        "select partition, from_offset, to_offset, writer from
           (select *, lag(to_offset, 1, 0::bigint) over (partition by partition order by seq) as before from chaos_moves) m
         where from_offset <> before or to_offset <= from_offset order by seq",
    ),
    (
        "a batch was written by somebody else than the one who took the partition under that epoch",
        "select partition, epoch, from_offset, to_offset, writer from chaos_moves m
         where not exists (select from chaos_takes t
                           where t.partition = m.partition and t.epoch = m.epoch and t.taker = m.writer)
         order by seq",
    ),
    (
        "an effect was written more than once",
        "select partition, at_offset, count(*) as times from chaos_effects
         group by partition, at_offset having count(*) > 1 order by 1, 2",
    ),
    (
        "an effect was written in a transaction that does not move the offset over it",
        "select e.partition, e.at_offset from chaos_effects e
         where not exists (select from chaos_moves m where m.tx = e.tx and m.partition = e.partition
                           and e.at_offset >= m.from_offset and e.at_offset < m.to_offset)
         order by 1, 2",
    ),
    ("a state became older than it was", "select what, was, became from chaos_regressions"),
    (
        "an event that was sent became a dead letter",
        "select partition, first_offset, reason, detail from dead_letters
         where reason <> 'MISSING_EVENT_TYPE' or position('{\"marker\":' in convert_from(value, 'UTF8')) <> 1",
    ),
];

/// Which rules are broken.
///
/// # Errors
/// When Postgres cannot be asked.
pub async fn violations(books: &Books) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (rule, breaches) in RULES {
        let breaches: Vec<String> =
            rows(&books.database, breaches).await?.iter().map(Value::to_string).collect();
        findings.extend(finding(rule, &breaches));
    }
    Ok(findings)
}

/// Partitions that do not stand at their ends.
///
/// # Errors
/// When Postgres cannot be asked.
pub async fn unread(books: &Books, ends: &BTreeMap<i32, i64>) -> anyhow::Result<Vec<Finding>> {
    let next = next_offsets(books).await?;
    let differs = |(partition, end): (&i32, &i64)| {
        let stands = next.get(partition).copied().unwrap_or(0);
        (stands != *end).then(|| format!("partition {partition} ends at {end} and stands at {stands}"))
    };
    Ok(finding("a partition is not read to its end", &ends.iter().filter_map(differs).collect::<Vec<_>>())
        .into_iter()
        .collect())
}

/// Markers that were acknowledged and have no effect, and effects of none that was sent. A marker whose acknowledgement was
/// lost lies in its partition twice, and has an effect at each place.
///
/// # Errors
/// When Postgres cannot be asked.
pub async fn miscounted(books: &Books, markers: &[Marker]) -> anyhow::Result<Vec<Finding>> {
    let effects = rows(
        &books.database,
        "select e.partition, e.at_offset, convert_from(d.value, 'UTF8')::jsonb ->> 'marker' as name
         from chaos_effects e left join dead_letters d on d.partition = e.partition and d.first_offset = e.at_offset",
    );
    let mut written = BTreeSet::new();
    let mut named = BTreeSet::new();
    for effect in effects.await? {
        let number = |field: &str| effect.get(field).and_then(Value::as_i64);
        written.insert((number("partition"), number("at_offset")));
        named.insert(effect.get("name").and_then(Value::as_str).unwrap_or("(no row)").to_owned());
    }
    let sent: BTreeSet<String> = markers.iter().map(|marker| marker.name.clone()).collect();
    let is_lost = |marker: &&Marker| !written.contains(&(Some(marker.partition.into()), Some(marker.offset)));
    let lost: Vec<String> = markers.iter().filter(is_lost).map(|marker| format!("{marker:?}")).collect();
    let strange: Vec<String> = named.difference(&sent).cloned().collect();
    let mut findings = Vec::new();
    findings.extend(finding("an acknowledged record has no effect", &lost));
    findings.extend(finding("an effect of a record that was not acknowledged", &strange));
    Ok(findings)
}
