//! The verdict: compares the ledger of what was sent with the state in PostgreSQL, and checks the
//! audit of its writes.

pub mod audit;
pub mod state;

use crate::database_audit::AuditedDatabase;
use crate::markers::Marker;
use crate::traffic::Sent;
use std::collections::BTreeMap;

/// A violation, as a sentence.
pub type Finding = String;

/// How many examples a finding shows.
const EXAMPLES: usize = 3;

/// Differences from what was sent that are not findings.
#[derive(Debug, Clone, Copy, Default)]
pub struct Allowed<'a> {
    /// The prefix of the ids of devices that are not compared.
    pub bystanders: Option<&'a str>,
    /// Whether a marker's dead letter may have the reason that the database refused it.
    pub refused_markers: bool,
    /// Batches that cannot be read: each is one dead letter, at the offset of its first record.
    pub unreadable: &'a [Marker],
}

/// Compares everything except what is `allowed`; no finding means that every effect was written
/// exactly once. `ends` are the end offsets of the partitions.
///
/// # Errors
/// When PostgreSQL cannot be reached.
pub async fn judge(
    audited: &AuditedDatabase,
    sent: &Sent,
    ends: &BTreeMap<i32, i64>,
    allowed: &Allowed<'_>,
) -> anyhow::Result<Vec<Finding>> {
    let mut findings = state::differences(&audited.database, &sent.ledger, allowed.bystanders).await?;
    findings.extend(audit::violations(audited).await?);
    findings.extend(audit::unexpected_dead_letters(audited, &sent.markers, allowed).await?);
    findings.extend(audit::unread_partitions(audited, ends).await?);
    findings.extend(audit::marker_mismatches(audited, &sent.markers).await?);
    Ok(findings)
}

/// One finding for all of `examples`; none if there are no examples.
fn finding(what: &str, examples: &[String]) -> Option<Finding> {
    let (first, number) = (examples.get(..EXAMPLES.min(examples.len()))?, examples.len());
    (number > 0).then(|| format!("{what}: {number}, such as {}", first.join("; ")))
}
