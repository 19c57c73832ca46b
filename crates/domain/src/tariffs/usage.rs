//! What a session used: energy over time, and the connector afterwards.

use super::energy::Energy;
use chrono::{DateTime, Utc};

/// The most readings that a session may have: one each second of a day.
pub const MAX_READINGS: usize = 86_400;

/// What a session used. Between two readings energy flowed evenly.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    first: Reading,
    last: Reading,
    /// All of them, the first and the last too.
    readings: Vec<Reading>,
    unplugged_at: Option<DateTime<Utc>>,
}

/// What the energy register showed at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// When.
    pub at: DateTime<Utc>,
    /// What it showed.
    pub register: Energy,
}

/// Why a usage makes no sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUsage {
    /// Too few or too many readings.
    #[error("there must be 2 to {MAX_READINGS} readings: the first is of the start, the last of the end")]
    Count,
    /// A reading is earlier than the one before it, or the end earlier than the start.
    #[error("what is read at {at:?} is earlier than what comes before it")]
    Backwards {
        /// When it was taken.
        at: DateTime<Utc>,
    },
    /// The register fell.
    #[error("the register falls at {at:?}")]
    Falling {
        /// When.
        at: DateTime<Utc>,
    },
    /// Energy without any time in which it could flow.
    #[error("the register jumps at {at:?}")]
    Jump {
        /// When.
        at: DateTime<Utc>,
    },
    /// Unplugged before charging ended.
    #[error("unplugged before charging ended")]
    UnpluggedEarly,
}

impl Usage {
    /// Energy that flowed evenly from the start to the end of charging.
    ///
    /// # Errors
    /// When it ends before it starts, or at once and yet with energy.
    pub fn even(
        started_at: DateTime<Utc>,
        ended_at: DateTime<Utc>,
        energy: Energy,
    ) -> Result<Self, InvalidUsage> {
        let start = Reading { at: started_at, register: Energy::ZERO };
        Self::metered(vec![start, Reading { at: ended_at, register: energy }])
    }

    /// Energy as a register showed it, in order of time: the first reading is of the start of charging, the last of its end.
    ///
    /// # Errors
    /// When there are too few or too many, or time or register run backwards.
    pub fn metered(readings: Vec<Reading>) -> Result<Self, InvalidUsage> {
        let ends = readings.first().copied().zip(readings.last().copied());
        let (first, last) =
            ends.filter(|_| (2..=MAX_READINGS).contains(&readings.len())).ok_or(InvalidUsage::Count)?;
        let mut before = first;
        for reading in &readings {
            let at = reading.at;
            if at < before.at {
                return Err(InvalidUsage::Backwards { at });
            }
            if reading.register < before.register {
                return Err(InvalidUsage::Falling { at });
            }
            if at == before.at && reading.register > before.register {
                return Err(InvalidUsage::Jump { at });
            }
            before = *reading;
        }
        Ok(Self { first, last, readings, unplugged_at: None })
    }

    /// The same, and the connector was held until `at`.
    ///
    /// # Errors
    /// When charging ended later.
    pub fn unplugged(self, at: DateTime<Utc>) -> Result<Self, InvalidUsage> {
        if at < self.last.at {
            return Err(InvalidUsage::UnpluggedEarly);
        }
        Ok(Self { unplugged_at: Some(at), ..self })
    }

    /// When charging started.
    #[must_use]
    pub const fn started_at(&self) -> DateTime<Utc> {
        self.first.at
    }

    /// When charging ended.
    #[must_use]
    pub const fn ended_at(&self) -> DateTime<Utc> {
        self.last.at
    }

    /// How many readings tell it, those of the start and the end too.
    #[must_use]
    pub const fn reading_count(&self) -> usize {
        self.readings.len()
    }

    /// When the connector was given free; `None` when that is not known.
    #[must_use]
    pub const fn unplugged_at(&self) -> Option<DateTime<Utc>> {
        self.unplugged_at
    }

    /// All energy.
    #[must_use]
    pub fn energy(&self) -> Energy {
        self.last.register.beyond(self.first.register)
    }

    /// The energy from the start until an instant, to a thousandth of a Wh.
    #[must_use]
    pub fn energy_until(&self, at: DateTime<Utc>) -> Energy {
        let next = self.readings.partition_point(|reading| reading.at <= at);
        let before = next.checked_sub(1).and_then(|index| self.readings.get(index)).unwrap_or(&self.first);
        let shown = self.readings.get(next).map_or(self.last.register, |after| {
            let elapsed = (at - before.at).num_microseconds().unwrap_or_default().max(0);
            let whole = (after.at - before.at).num_microseconds().unwrap_or_default();
            before.register.on_the_way_to(after.register, elapsed, whole)
        });
        shown.beyond(self.first.register)
    }
}
