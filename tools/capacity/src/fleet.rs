//! A fleet, and the demand of its drivers hour by hour.

use anyhow::{Context as _, bail, ensure};

/// Minutes per day.
pub const MINUTES_PER_DAY: u32 = 24 * 60;
/// Seconds per day.
pub const SECONDS_PER_DAY: f64 = 86_400.0;

/// The weight of each hour in the sessions of a day: few begin at night, most in the evening.
const HOUR_WEIGHTS: [f64; 24] = [
    0.5, 0.3, 0.2, 0.2, 0.3, 0.5, 0.9, 1.3, 1.5, 1.2, 1.0, 1.2, 1.5, 1.3, 1.0, 1.0, 1.1, 1.4, 1.9, 2.1, 1.9,
    1.5, 1.1, 0.8,
];

/// A fleet, and the PostgreSQL that it writes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Fleet {
    /// The number of piles.
    pub piles: f64,
    /// Connectors per pile.
    pub connectors: f64,
    /// Seconds between heartbeats of a device.
    pub heartbeat_s: f64,
    /// Seconds between meter values of a session.
    pub meter_s: f64,
    /// Sessions per pile and day.
    pub sessions_per_day: f64,
    /// Mean duration of a session in minutes.
    pub session_min: f64,
    /// Seconds between refreshes of a `conn:` key.
    pub refresh_s: f64,
    /// Minutes within which devices that lost their gateway reconnect, evenly spread.
    pub reconnect_min: f64,
    /// Cores of PostgreSQL, each of which writes as many rows as was measured.
    pub cores: f64,
    /// Minutes between checkpoints.
    pub checkpoint_min: u32,
    /// The same seed gives the same day.
    pub seed: u64,
}

impl Default for Fleet {
    fn default() -> Self {
        Self {
            piles: 1_000_000.0,
            connectors: 2.0,
            heartbeat_s: 300.0,
            meter_s: 30.0,
            sessions_per_day: 6.0,
            session_min: 40.0,
            refresh_s: 100.0,
            reconnect_min: 3.0,
            cores: 2.0,
            checkpoint_min: 15,
            seed: 1,
        }
    }
}

impl Fleet {
    /// The fleet that arguments like `piles=10000` describe.
    ///
    /// # Errors
    /// When an argument is unknown, or its value is not a positive integer.
    pub fn parse(words: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut fleet = Self::default();
        for word in words {
            let (key, value) =
                word.split_once('=').with_context(|| format!("`{word}` is not of the form KEY=NUMBER"))?;
            let number: u32 = value.parse().with_context(|| format!("{key} must be a whole number"))?;
            ensure!(number > 0, "{key} must be above 0");
            if key == "checkpoint" {
                fleet.checkpoint_min = number;
                continue;
            }
            let number = f64::from(number);
            match key {
                "piles" => fleet.piles = number,
                "heartbeat" => fleet.heartbeat_s = number,
                "meter" => fleet.meter_s = number,
                "sessions" => fleet.sessions_per_day = number,
                "session" => fleet.session_min = number,
                "cores" => fleet.cores = number,
                "seed" => fleet.seed = value.parse()?,
                _ => bail!(
                    "`{key}` is not one of piles, heartbeat, meter, sessions, session, cores, checkpoint, seed"
                ),
            }
        }
        Ok(fleet)
    }

    /// The mean number of sessions that begin in a minute of the day.
    pub fn session_starts(&self, minute: u32) -> f64 {
        let weight = usize::try_from(minute / 60).ok().and_then(|hour| HOUR_WEIGHTS.get(hour)).copied();
        let share = weight.unwrap_or_default() / HOUR_WEIGHTS.iter().sum::<f64>();
        self.piles * self.sessions_per_day * share / 60.0
    }

    /// The mean number of sessions that begin in a minute of the busiest hour.
    pub fn peak_session_starts(&self) -> f64 {
        (0..MINUTES_PER_DAY).map(|minute| self.session_starts(minute)).fold(0.0, f64::max)
    }
}
