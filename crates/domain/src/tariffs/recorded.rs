//! What a recorded session used, from what its meter was heard to read.

use super::energy::Energy;
use super::usage::{InvalidUsage, Reading, Usage};
use crate::sessions::session::{ChargingSession, SessionState};
use chrono::{DateTime, Utc};

impl Usage {
    /// What a recorded session used. `samples` are what the meter of its connector read in the meantime, in Wh, in order of time.
    ///
    /// - The first reading is that of the start; if nobody told it, the first sample counts as it.
    /// - The last reading is that of the end; while nobody told it, the last sample that is not below the first reading counts as
    ///   it. Of a session that goes on, it is what was used by then.
    /// - A sample that is lower than one before it, or higher than the meter was at the end, is a slip of the meter and left out.
    ///
    /// # Errors
    /// When no two readings tell what it used, or it ends below where it began.
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

/// That the meter stayed as it was until a session ended whose last reading nobody told.
fn at_end(session: &ChargingSession, last: Option<Reading>) -> Option<Reading> {
    let at = session.ended_at()?;
    last.map(|last| Reading { at, ..last })
}
