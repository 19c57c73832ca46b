//! The formats of an export, and its lines.

use super::{ExportList, csv};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::BTreeMap;

/// The format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub enum Format {
    /// CSV according to RFC 4180, with a header.
    Csv,
    /// One JSON object per line.
    NdJson,
}

/// The last line of an export.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct End {
    /// Why the export ends.
    pub outcome: Outcome,
    /// Number of rows in this export.
    pub rows: usize,
    /// The cursor with which another export continues; `None` if this one is complete.
    pub next_cursor: Option<String>,
}

/// Why an export ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// All rows are written.
    Complete,
    /// `export.max_rows` rows are written, and more match.
    RowLimit,
    /// `export.timeout_ms` has passed.
    TimeLimit,
    /// The service stops.
    Stopped,
    /// The next page could not be read.
    Failed,
}

impl Outcome {
    /// The name in both formats.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::RowLimit => "rowLimit",
            Self::TimeLimit => "timeLimit",
            Self::Stopped => "stopped",
            Self::Failed => "failed",
        }
    }
}

impl Format {
    pub const ALL: [Self; 2] = [Self::Csv, Self::NdJson];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::NdJson => "ndjson",
        }
    }

    /// The format of a media type without parameters; `None` if it is neither.
    pub fn of_media(media: &str) -> Option<Self> {
        match media {
            "text/csv" => Some(Self::Csv),
            "application/x-ndjson" => Some(Self::NdJson),
            _ => None,
        }
    }

    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::NdJson => "application/x-ndjson",
        }
    }

    /// Appends the line of a row.
    pub(super) fn write_row<L: ExportList>(self, text: &mut String, view: &L::View<'_>) {
        match self {
            Self::Csv => csv::write_row(text, view, L::COLUMNS),
            Self::NdJson => write_line(text, L::KEY, view),
        }
    }

    /// The last line.
    pub(super) fn end<L: ExportList>(self, end: &End) -> String {
        let mut text = String::new();
        match self {
            Self::Csv => text.push_str(&csv::end(L::COLUMNS.len(), end)),
            Self::NdJson => write_line(&mut text, "end", end),
        }
        text
    }
}

/// Appends an object with one field.
fn write_line<V: Serialize>(text: &mut String, key: &str, content: &V) {
    // Strings and numbers can always be serialized.
    text.push_str(&serde_json::to_string(&BTreeMap::from([(key, content)])).unwrap_or_default());
    text.push('\n');
}
