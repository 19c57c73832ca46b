//! Checks of the audit: offsets are written once and in order, by the owner of the partition, and
//! no state becomes older.

use super::{Allowed, Finding, finding};
use crate::database_audit::{AuditedDatabase, rows};
use crate::lag::next_offsets;
use crate::markers::Marker;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The finding for a broken rule, and the query for its violations.
const RULES: [(&str, &str); 5] = [
    (
        "a batch does not begin where the one before it ended, or ends where it began",
        "select partition, from_offset, to_offset, writer from
           (select *, lag(to_offset, 1, 0::bigint) over (partition by partition order by seq) as before from chaos_moves) m
         where from_offset <> before or to_offset <= from_offset order by seq",
    ),
    (
        "a batch was written by another ingestor than the one that took the partition under that epoch",
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
];

/// Dead letters that are not those of markers.
const UNEXPECTED_LETTERS: &str = "
    select partition, first_offset as at_offset, reason, detail from dead_letters
    where reason <> 'MISSING_EVENT_TYPE' or position('{\"marker\":' in convert_from(value, 'UTF8')) <> 1
    order by 1, 2";

/// The broken rules.
///
/// # Errors
/// When PostgreSQL cannot be reached.
pub async fn violations(audited: &AuditedDatabase) -> anyhow::Result<Vec<Finding>> {
    let mut findings = Vec::new();
    for (rule, breaches) in RULES {
        let breaches: Vec<String> =
            rows(&audited.database, breaches).await?.iter().map(Value::to_string).collect();
        findings.extend(finding(rule, &breaches));
    }
    Ok(findings)
}

/// Events that became dead letters. If allowed, a marker's dead letter may have the reason that the
/// database refused it, and a batch that cannot be read has one.
///
/// # Errors
/// When PostgreSQL cannot be reached.
pub async fn unexpected_dead_letters(
    audited: &AuditedDatabase,
    markers: &[Marker],
    allowed: &Allowed<'_>,
) -> anyhow::Result<Option<Finding>> {
    let positions = |of: &[Marker]| of.iter().map(Marker::position).collect::<BTreeSet<_>>();
    let (marked, unreadable) = (positions(markers), positions(allowed.unreadable));
    let is_allowed = |letter: &Value| match letter.get("reason").and_then(Value::as_str) {
        Some("REFUSED_BY_DATABASE") => allowed.refused_markers && marked.contains(&position(letter)),
        Some("UNREADABLE_BATCH") => unreadable.contains(&position(letter)),
        _ => false,
    };
    let mut letters = rows(&audited.database, UNEXPECTED_LETTERS).await?;
    letters.retain(|letter| !is_allowed(letter));
    let letters: Vec<String> = letters.iter().map(Value::to_string).collect();
    Ok(finding("an event that was sent became a dead letter", &letters))
}

/// The partition and the offset of a row.
fn position(row: &Value) -> (Option<i64>, Option<i64>) {
    let number = |field: &str| row.get(field).and_then(Value::as_i64);
    (number("partition"), number("at_offset"))
}

/// Partitions whose next offset is not their end.
///
/// # Errors
/// When PostgreSQL cannot be reached.
pub async fn unread_partitions(
    audited: &AuditedDatabase,
    ends: &BTreeMap<i32, i64>,
) -> anyhow::Result<Vec<Finding>> {
    let next = next_offsets(audited).await?;
    let differs = |(partition, end): (&i32, &i64)| {
        let next_offset = next.get(partition).copied().unwrap_or(0);
        (next_offset != *end)
            .then(|| format!("partition {partition} ends at {end}, but its next offset is {next_offset}"))
    };
    Ok(finding("a partition was not read to its end", &ends.iter().filter_map(differs).collect::<Vec<_>>())
        .into_iter()
        .collect())
}

/// Acknowledged markers without an effect, and effects of markers that were not sent. A marker
/// whose acknowledgement was lost is in its partition twice, and has an effect at each position.
///
/// # Errors
/// When PostgreSQL cannot be reached.
pub async fn marker_mismatches(
    audited: &AuditedDatabase,
    markers: &[Marker],
) -> anyhow::Result<Vec<Finding>> {
    let effects = rows(
        &audited.database,
        // Dead letters of a former topic have another topic name.
        "select e.partition, e.at_offset, convert_from(d.value, 'UTF8')::jsonb ->> 'marker' as name
         from chaos_effects e left join dead_letters d on d.partition = e.partition and d.first_offset = e.at_offset
                                                         and d.topic not like '%#%'",
    );
    // A dead letter that was refused itself has no value, and is recognised by its position.
    let by_position: BTreeMap<_, _> =
        markers.iter().map(|marker| (marker.position(), &*marker.name)).collect();
    let mut written = BTreeSet::new();
    let mut named = BTreeSet::new();
    for effect in effects.await? {
        let position = position(&effect);
        let name = effect.get("name").and_then(Value::as_str);
        named.insert(name.or_else(|| by_position.get(&position).copied()).unwrap_or("(no row)").to_owned());
        written.insert(position);
    }
    let sent: BTreeSet<String> = markers.iter().map(|marker| marker.name.clone()).collect();
    let is_lost = |marker: &&Marker| !written.contains(&marker.position());
    let lost: Vec<String> = markers.iter().filter(is_lost).map(|marker| format!("{marker:?}")).collect();
    let unexpected: Vec<String> = named.difference(&sent).cloned().collect();
    let mut findings = Vec::new();
    findings.extend(finding("an acknowledged record has no effect", &lost));
    findings.extend(finding("an unacknowledged record has an effect", &unexpected));
    Ok(findings)
}
