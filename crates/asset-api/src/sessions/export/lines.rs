//! The formats of an export, and its lines.

use super::csv;
use crate::http::drivers::IdTags;
use crate::sessions::CompleteSession;
use crate::sessions::view::SessionView;
use schemars::JsonSchema;
use serde::Serialize;

/// The format of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "lowercase")]
pub enum Format {
    /// CSV according to RFC 4180, with a header.
    Csv,
    /// One JSON object per line.
    NdJson,
}

/// A line of NDJSON.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
enum Line<'a> {
    Session(&'a SessionView<'a>),
    End(&'a End),
}

/// The last line of an export.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct End {
    /// Why the export ends.
    pub outcome: Outcome,
    /// Number of sessions in this export.
    pub rows: usize,
    /// The cursor with which another export continues; `None` if this one is complete.
    pub next_cursor: Option<String>,
}

/// Why an export ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// All sessions are written.
    Complete,
    /// `export.max_rows` sessions are written, and more match.
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

    /// The text before the first session.
    pub const fn head(self) -> &'static str {
        match self {
            Self::Csv => csv::HEADER,
            Self::NdJson => "",
        }
    }

    /// Appends the line of a session for a caller that sees `id_tags`.
    pub(super) fn write_session(self, text: &mut String, session: &CompleteSession, id_tags: IdTags) {
        let view = SessionView::of(session, id_tags);
        match self {
            Self::Csv => csv::write_session(text, &view),
            Self::NdJson => text.push_str(&line(&Line::Session(&view))),
        }
    }

    /// The last line.
    pub fn end(self, end: &End) -> String {
        match self {
            Self::Csv => csv::end(end),
            Self::NdJson => line(&Line::End(end)),
        }
    }
}

fn line(content: &Line<'_>) -> String {
    // Strings and numbers can always be serialized.
    let mut line = serde_json::to_string(content).unwrap_or_default();
    line.push('\n');
    line
}

/// An export as CSV, for the OpenAPI document.
pub const CSV_EXAMPLE: &str = "id,pileId,stationId,operatorId,chargePointId,connectorId,transactionId,idTag,reservationId,commandId,startedAt,startedBy,\
endedAt,endReason,endIssuedBy,meterStartWh,meterStopWh,energyWh,limits.maxEnergyWh,limits.maxDurationS,limits.maxAmount,limits.currency,\
limitReached.limit,limitReached.at,limitReached.value,limitReached.finalValue,limitReached.overshoot,limitReached.stopCommandId,exportOutcome,nextCursor\r\n\
0192f0c5-41d2-7e6a-9b0c-8d5e2f7a1b33,0192f0c2-10aa-7f21-8a3d-6b1d5c4e9f02,0192f0c1-7c1a-7b3e-9c55-3f6f1d0a2b11,op-7,\
CP-3101-0007,1,634,04E91C5A2B3C80,,,2026-03-01T09:00:00Z,event,2026-03-01T09:30:00Z,EVDisconnected,,1182400.0,1204550.0,22150.0,,,,,,,,,,,,\r\n\
,,,,,,,,,,,,,,,,,,,,,,,,,,,,complete,\r\n";

/// An export as NDJSON, for the OpenAPI document.
pub const NDJSON_EXAMPLE: &str = concat!(
    r#"{"session":{"id":"0192f0c5-41d2-7e6a-9b0c-8d5e2f7a1b33","pileId":"0192f0c2-10aa-7f21-8a3d-6b1d5c4e9f02","#,
    r#""stationId":"0192f0c1-7c1a-7b3e-9c55-3f6f1d0a2b11","operatorId":"op-7","chargePointId":"CP-3101-0007","#,
    r#""connectorId":1,"transactionId":"634","idTag":"04E91C5A2B3C80","reservationId":null,"commandId":null,"#,
    r#""startedAt":"2026-03-01T09:00:00Z","startedBy":"event","endedAt":"2026-03-01T09:30:00Z","#,
    r#""endReason":"EVDisconnected","endIssuedBy":null,"meterStartWh":1182400.0,"meterStopWh":1204550.0,"energyWh":22150.0,"#,
    r#""limits":null,"limitReached":null}}"#,
    "\n",
    r#"{"end":{"outcome":"complete","rows":1,"nextCursor":null}}"#,
    "\n"
);
