//! The verdict: a ledger of what was sent against what stands in Postgres, and the audit of how it came to stand there.

pub mod audit;
pub mod state;

use crate::database_audit::AuditedDatabase;
use crate::markers::Marker;
use crate::traffic::Sent;
use std::collections::BTreeMap;

/// Something that is not as it must be, as a sentence.
pub type Finding = String;

/// How many examples a finding names.
const EXAMPLES: usize = 3;

/// Differences from what was sent that are not findings.
#[derive(Debug, Clone, Copy, Default)]
pub struct Allowed<'a> {
    /// What the ids of devices begin with that are not compared.
    pub bystanders: Option<&'a str>,
    /// Whether the dead letter of a marker may say that the database refused it.
    pub refused_markers: bool,
    /// Batches that nobody can read: each is one dead letter, at the place of its first record.
    pub unreadable: &'a [Marker],
}

/// Compares everything but what is `allowed`; no finding means that every effect stands exactly
/// once. `ends` are the offsets at which the partitions end.
///
/// # Errors
/// When Postgres cannot be asked.
pub async fn judge(
    audited: &AuditedDatabase,
    sent: &Sent,
    ends: &BTreeMap<i32, i64>,
    allowed: &Allowed<'_>,
) -> anyhow::Result<Vec<Finding>> {
    let mut findings = state::differences(&audited.database, &sent.ledger, allowed.bystanders).await?;
    findings.extend(audit::violations(audited).await?);
    findings.extend(audit::condemned(audited, &sent.markers, allowed).await?);
    findings.extend(audit::unread(audited, ends).await?);
    findings.extend(audit::miscounted(audited, &sent.markers).await?);
    Ok(findings)
}

/// One finding for all of `examples`, or none.
fn finding(what: &str, examples: &[String]) -> Option<Finding> {
    let (first, number) = (examples.get(..EXAMPLES.min(examples.len()))?, examples.len());
    (number > 0).then(|| format!("{what}: {number}, such as {}", first.join("; ")))
}
