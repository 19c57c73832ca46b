//! The usage of a session: energy over time, and the occupancy afterwards.

use super::energy::Energy;
use chrono::{DateTime, TimeDelta, Utc};

/// The maximum number of readings of a session: one per second of a day.
pub const MAX_READINGS: usize = 86_400;

/// The usage of a session. Energy flows evenly between two readings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Usage {
    first: Reading,
    last: Reading,
    /// All readings, including the first and the last.
    readings: Vec<Reading>,
    unplugged_at: Option<DateTime<Utc>>,
}

/// The energy register at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// When the register was read.
    pub at: DateTime<Utc>,
    /// The register.
    pub register: Energy,
}

/// Why a usage is invalid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUsage {
    /// Too few or too many readings.
    #[error("there must be 2 to {MAX_READINGS} readings, the first from the start and the last from the end")]
    Count,
    /// A reading is earlier than the one before it, or the end earlier than the start.
    #[error("the reading at {at:?} is earlier than the one before it")]
    Backwards {
        /// When the reading was taken.
        at: DateTime<Utc>,
    },
    /// The register decreases.
    #[error("the register decreases at {at:?}")]
    Falling {
        /// When the register was read.
        at: DateTime<Utc>,
    },
    /// The register increases between two readings of the same instant.
    #[error("the register increases at {at:?} in no time")]
    Jump {
        /// When the register was read.
        at: DateTime<Utc>,
    },
    /// Unplugged before charging ended.
    #[error("unplugged before charging ended")]
    UnpluggedEarly,
}

impl Usage {
    /// Energy that flows evenly from the start to the end of charging.
    ///
    /// # Errors
    /// Charging ends before it starts, or at the same instant with energy.
    pub fn even(
        started_at: DateTime<Utc>,
        ended_at: DateTime<Utc>,
        energy: Energy,
    ) -> Result<Self, InvalidUsage> {
        let start = Reading { at: started_at, register: Energy::ZERO };
        Self::metered(vec![start, Reading { at: ended_at, register: energy }])
    }

    /// Energy from register readings in order of time: the first is from the start of charging, the
    /// last from its end.
    ///
    /// # Errors
    /// There are too few or too many readings, or time or register run backwards.
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

    /// The same usage, with the connector occupied until `at`.
    ///
    /// # Errors
    /// Charging ended later.
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

    /// The number of readings, including those of the start and the end.
    #[must_use]
    pub const fn reading_count(&self) -> usize {
        self.readings.len()
    }

    /// The readings, including those of the start and the end, in order of time.
    #[must_use]
    pub fn readings(&self) -> &[Reading] {
        &self.readings
    }

    /// When the connector was released; `None` if unknown.
    #[must_use]
    pub const fn unplugged_at(&self) -> Option<DateTime<Utc>> {
        self.unplugged_at
    }

    /// The total energy.
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

    /// When the energy since the start was `drawn`, rounded up to a microsecond; the end of charging
    /// if it never was.
    #[must_use]
    pub fn reached_at(&self, drawn: Energy) -> DateTime<Utc> {
        let register = self.first.register.plus(drawn);
        let next = self.readings.partition_point(|reading| reading.register < register);
        let Some(after) = self.readings.get(next) else { return self.last.at };
        let before = next.checked_sub(1).and_then(|index| self.readings.get(index));
        let Some(before) = before else { return self.first.at };
        let whole = (after.at - before.at).num_microseconds().unwrap_or_default();
        let elapsed = before.register.time_to_reach(register, after.register, whole);
        before.at + TimeDelta::microseconds(elapsed)
    }

    /// The time from the start until an instant in which energy flowed: that between two readings
    /// whose registers differ.
    #[must_use]
    pub fn flow_until(&self, at: DateTime<Utc>) -> TimeDelta {
        let pairs = self.readings.iter().zip(self.readings.iter().skip(1));
        let flowing = pairs.filter(|(before, after)| before.register < after.register && before.at < at);
        flowing.map(|(before, after)| after.at.min(at) - before.at).sum()
    }
}
