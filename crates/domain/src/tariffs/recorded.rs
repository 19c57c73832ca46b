//! The usage of a recorded session, from the readings of its meter.

use super::energy::Energy;
use super::usage::{InvalidUsage, Reading, Usage};
use crate::sessions::session::{ChargingSession, SessionState};
use chrono::{DateTime, Utc};

impl Usage {
    /// The usage of a recorded session. `samples` are the registers that the meter of its connector
    /// showed during the session, in Wh, in order of time.
    ///
    /// - The first reading is that of the start; if none was reported, the first sample takes its
    ///   place.
    /// - The last reading is that of the end; until one is reported, the last sample that is not
    ///   below the first reading takes its place. For an open session, the usage is that up to this
    ///   sample.
    /// - A sample that is lower than an earlier one, or higher than the register at the end, is a
    ///   meter error and is ignored.
    ///
    /// # Errors
    /// There are no two readings, or the session ends below its first reading.
    pub fn recorded(
        session: &ChargingSession,
        samples: impl IntoIterator<Item = (DateTime<Utc>, f64)>,
    ) -> Result<Self, InvalidUsage> {
        let stop_wh = match &session.state {
            SessionState::Open => None,
            SessionState::Ended { meter_stop_wh, .. } => *meter_stop_wh,
        };
        let read = |at: DateTime<Utc>, wh: f64| {
            Energy::from_wh_float(wh).ok().map(|register| Reading { at, register })
        };
        let start = session.meter_start_wh.and_then(|wh| read(session.started_at, wh));
        let end = session.ended_at().zip(stop_wh).and_then(|(at, wh)| read(at, wh));
        let between = |reading: &Reading| {
            let begun =
                session.started_at < reading.at || start.is_none() && session.started_at == reading.at;
            let ended_at = session.ended_at();
            begun && ended_at.is_none_or(|ended| reading.at < ended || end.is_none() && reading.at == ended)
        };
        let samples: Vec<Reading> =
            samples.into_iter().filter_map(|(at, wh)| read(at, wh)).filter(between).collect();
        let first = start.or_else(|| samples.first().copied());
        let is_possible = |sample: &&Reading| first.is_none_or(|first| first.register <= sample.register);
        let last = end.or_else(|| samples.iter().rev().find(is_possible).copied());
        let mut readings: Vec<Reading> = start.into_iter().collect();
        for sample in samples {
            let rises =
                readings.last().is_none_or(|last| last.at < sample.at && last.register <= sample.register);
            if rises && last.is_none_or(|last| sample.register <= last.register) {
                readings.push(sample);
            }
        }
        if start.is_none()
            && let Some(first) = readings.first_mut()
        {
            first.at = session.started_at;
        }
        readings.extend(end.or_else(|| at_end(session, readings.last().copied())));
        Self::metered(readings)
    }
}

/// The last reading, extended to the end of a session that reported no register at its end.
fn at_end(session: &ChargingSession, last: Option<Reading>) -> Option<Reading> {
    let at = session.ended_at()?;
    last.map(|last| Reading { at, ..last })
}
