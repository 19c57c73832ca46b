//! Timetables and quotes of sessions as responses show them.

use chrono::{DateTime, NaiveDate, Utc};
use domain::ids::SessionId;
use domain::tariffs::{Quote, Timetable, Zone};
use schemars::JsonSchema;
use serde::Serialize;

/// What a place costs on some dates.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Timetable")]
pub struct TimetableView {
    /// The zone whose dates these are.
    pub time_zone: Zone,
    /// The first date.
    pub first: NaiveDate,
    /// The last one.
    pub last: NaiveDate,
    #[serde(flatten)]
    pub timetable: Timetable,
}

/// What a session comes to by its own readings.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionQuote {
    /// The recorded session that is priced.
    pub session_id: SessionId,
    /// Whether charging is over. Before, it is what the session came to by its last reading.
    pub ended: bool,
    /// How many readings of the meter it is made from, those of start and end among them.
    pub readings: usize,
    /// When the connector was free again; null when that is not known, and then occupancy is not charged.
    pub unplugged_at: Option<DateTime<Utc>>,
    #[serde(flatten)]
    pub quote: Quote,
}
