//! The report of an import: its counts and the faults of its rows.

use super::table::Table;
use domain::ids::Actor;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};
use storage::assets::import::Outcome;
use uuid::Uuid;

/// Whether valid rows are written when others are invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Writes all rows or none.
    Atomic,
    /// Writes the valid rows.
    BestEffort,
}

impl Mode {
    pub const ALL: [Self; 2] = [Self::Atomic, Self::BestEffort];

    /// The value of the mode in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Atomic => "atomic",
            Self::BestEffort => "best-effort",
        }
    }
}

/// Largest number of faults that a report lists; further ones are only counted.
const MAX_FAULTS: usize = 1_000;
/// Longest field name or message in a report, in characters; the rest is cut off.
const MAX_TEXT_CHARS: usize = 200;

/// A fault of a row.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "ImportFault")]
pub struct Fault {
    /// The line of the file in which the row begins; the header of a CSV file is line 1.
    line: u64,
    /// The invalid field of the row, at most 200 characters; `row` is the row as a whole.
    field: String,
    /// What is wrong and, where there is one, the limit, for people. At most 200 characters.
    message: String,
}

impl Fault {
    /// A fault of a field of the row that begins in `line`; the field `row` means the whole row.
    pub fn new(line: u64, field: &str, message: &str) -> Self {
        let short = |text: &str| text.chars().take(MAX_TEXT_CHARS).collect();
        Self { line, field: short(field), message: short(message) }
    }

    /// The first line of the row, from 1.
    pub const fn line(&self) -> u64 {
        self.line
    }
}

/// The outcome of an import.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "ImportReport")]
pub struct Report {
    /// Whether the file was only checked; nothing is written then.
    pub dry_run: bool,
    /// What invalid rows do: with `atomic` nothing is written if a row is invalid, with
    /// `best-effort` the valid rows are written.
    pub mode: &'static str,
    /// Whether the valid rows were written. False for a dry run, and with `atomic` if a row failed:
    /// the counts then say what would have happened.
    pub applied: bool,
    /// The caller: `sub` of its token, or `anonymous` without authentication.
    pub issued_by: String,
    /// The id of the import in the audit, a UUID; null if nothing was written.
    pub import_id: Option<Uuid>,
    /// The number of rows that were read, invalid ones included, without the header.
    pub rows: usize,
    /// The number of rows that create a station or a pile.
    pub created: usize,
    /// The number of rows that change an existing station or pile.
    pub updated: usize,
    /// The number of rows that equal the existing station or pile; they lead to no new version,
    /// audit entry or change in the feed.
    pub unchanged: usize,
    /// The number of invalid rows; `errors` says why.
    pub failed: usize,
    /// What is wrong with the invalid rows, by ascending line; at most 20 entries for a row and
    /// 1,000 in all. Empty if no row failed.
    pub errors: Vec<Fault>,
    /// The number of further faults, once `errors` has 1,000 entries; 0 if it has all.
    pub errors_left_out: usize,
    /// Whether the import failed after a part of the file was written. Such an import is answered with
    /// a problem and not with its report; the audit has the counts of that part.
    #[serde(skip)]
    #[schemars(skip)]
    pub interrupted: bool,
}

impl Report {
    /// A report without any row of an import by `issued_by`.
    pub fn new(dry_run: bool, mode: Mode, issued_by: &Actor) -> Self {
        Self {
            dry_run,
            mode: mode.as_str(),
            applied: false,
            issued_by: issued_by.to_string(),
            import_id: None,
            rows: 0,
            created: 0,
            updated: 0,
            unchanged: 0,
            failed: 0,
            errors: Vec::new(),
            errors_left_out: 0,
            interrupted: false,
        }
    }

    /// Writes the counts to the log.
    pub fn log(&self, what: &str) {
        let Self { dry_run, mode, applied, rows, created, updated, unchanged, failed, .. } = self;
        let by = &self.issued_by;
        if self.interrupted {
            tracing::warn!(
                what,
                by,
                mode,
                rows,
                created,
                updated,
                unchanged,
                failed,
                "an import failed after a part of its file was written; importing the file again writes the rest"
            );
            return;
        }
        tracing::info!(
            what, by, dry_run, mode, applied, rows, created, updated, unchanged, failed, "imported"
        );
    }

    /// What the audit keeps of an import of `what`; `interrupted` is stated only if it was.
    pub fn summary(&self, what: &str) -> Value {
        let Self { mode, rows, created, updated, unchanged, failed, .. } = self;
        let mut summary = json!({
            "of": what, "mode": mode, "rows": rows, "created": created, "updated": updated,
            "unchanged": unchanged, "failed": failed,
        });
        if let (true, Some(fields)) = (self.interrupted, summary.as_object_mut()) {
            fields.insert("interrupted".to_owned(), Value::Bool(true));
        }
        summary
    }

    /// Adds a fault, or only counts it when the report is full.
    pub fn add_fault(&mut self, fault: Fault) {
        if self.errors.len() < MAX_FAULTS {
            self.errors.push(fault);
        } else {
            self.errors_left_out += 1;
        }
    }

    /// Adds the outcome of entries that were written or checked.
    pub fn count<T: Table>(&mut self, outcome: Outcome<T::Refusal>) {
        self.created += outcome.created;
        self.updated += outcome.updated;
        self.unchanged += outcome.unchanged;
        self.failed += outcome.refused.len();
        for (line, refusal) in outcome.refused {
            self.add_fault(Fault::new(line, T::field(&refusal), &refusal.to_string()));
        }
    }
}
