//! Timetables and quotes of sessions in responses.

use chrono::{DateTime, NaiveDate, Utc};
use domain::ids::SessionId;
use domain::tariffs::{Quote, SessionQuote, Timetable, Zone};
use schemars::JsonSchema;
use serde::Serialize;

/// The prices of a place on consecutive dates.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Timetable")]
pub struct TimetableView {
    /// The time zone of the dates.
    pub time_zone: Zone,
    /// The first date.
    pub first: NaiveDate,
    /// The last date, inclusive.
    pub last: NaiveDate,
    #[serde(flatten)]
    pub timetable: Timetable,
}

/// The cost of a recorded session by its own readings.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "SessionQuote")]
pub struct SessionQuoteView {
    /// The recorded session that is priced.
    pub session_id: SessionId,
    /// Whether charging has ended. Otherwise the quote covers the session up to its last reading.
    pub ended: bool,
    /// The number of meter readings that the quote uses, including those of start and end.
    pub readings: usize,
    /// When the connector was free again; null when that is unknown, and occupancy is then not
    /// charged.
    pub unplugged_at: Option<DateTime<Utc>>,
    #[serde(flatten)]
    pub quote: Quote,
}

impl SessionQuoteView {
    /// The quote of the session with id `session_id`.
    pub fn of(session_id: SessionId, quote: SessionQuote) -> Self {
        let SessionQuote { ended, readings, unplugged_at, quote } = quote;
        Self { session_id, ended, readings, unplugged_at, quote }
    }
}
