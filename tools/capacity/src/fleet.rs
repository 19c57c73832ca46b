//! A fleet, what drivers want of it hour by hour, and what goes wrong on a day.

use anyhow::{Context as _, bail, ensure};
use bench::numbers::float;

/// Minutes of a day.
pub const DAY: u32 = 24 * 60;

/// How much of the day's sessions begins in each hour, as parts of their sum: little at night, most in the evening.
const HOURS: [f64; 24] = [
    0.5, 0.3, 0.2, 0.2, 0.3, 0.5, 0.9, 1.3, 1.5, 1.2, 1.0, 1.2, 1.5, 1.3, 1.0, 1.0, 1.1, 1.4, 1.9, 2.1, 1.9,
    1.5, 1.1, 0.8,
];

/// A fleet, and the `PostgreSQL` that it writes to.
#[derive(Debug, Clone, PartialEq)]
pub struct Fleet {
    /// Piles.
    pub piles: f64,
    /// Connectors of each.
    pub connectors: f64,
    /// Seconds between heartbeats.
    pub heartbeat_s: f64,
    /// Seconds between meter values of a session.
    pub meter_s: f64,
    /// Sessions of each pile.
    pub sessions_per_day: f64,
    /// Mean length of a session, minutes.
    pub session_min: f64,
    /// Seconds between refreshes of a `conn:` key.
    pub refresh_s: f64,
    /// Minutes in which devices that lost their gateway come back, spread evenly.
    pub return_min: f64,
    /// Cores of `PostgreSQL`, each as measured.
    pub cores: f64,
    /// Minutes between checkpoints.
    pub checkpoint_min: u32,
    /// The same seed, the same day.
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
            return_min: 3.0,
            cores: 2.0,
            checkpoint_min: 15,
            seed: 1,
        }
    }
}

impl Fleet {
    /// The fleet that `words` like `piles=10000` ask for.
    pub fn parse(words: impl Iterator<Item = String>) -> anyhow::Result<Self> {
        let mut fleet = Self::default();
        for word in words {
            let (key, value) = word.split_once('=').with_context(|| format!("{word} is not understood"))?;
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
                _ => bail!("{key} is not understood"),
            }
        }
        Ok(fleet)
    }

    /// How many sessions drivers want to begin within a minute of the day, on average.
    pub fn wanted(&self, minute: u32) -> f64 {
        let hour = usize::try_from(minute / 60).ok().and_then(|hour| HOURS.get(hour)).copied();
        let part = hour.unwrap_or_default() / HOURS.iter().sum::<f64>();
        self.piles * self.sessions_per_day * part / 60.0
    }

    /// The same in the busiest hour.
    pub fn most_wanted(&self) -> f64 {
        (0..DAY).map(|minute| self.wanted(minute)).fold(0.0, f64::max)
    }
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Trouble {
    /// A gateway pod dies and says nothing; the devices that it held come back elsewhere.
    PodDies {
        /// The minute.
        at: u32,
        /// The share of all devices that it held.
        share: f64,
    },
    /// The network between devices and gateways is cut; gateways say goodbye for them.
    Cut {
        /// The minute.
        at: u32,
        /// For so many minutes.
        minutes: u32,
        /// The share of all devices behind it.
        share: f64,
    },
    /// Nothing is written: `PostgreSQL` is away, or all ingestors are.
    Standstill {
        /// The minute.
        at: u32,
        /// For so many minutes.
        minutes: u32,
    },
}

/// One of each: a pod of a hundred at nine, a fifth of the fleet cut off at half past twelve, ten minutes without
/// `PostgreSQL` in the busiest hour.
pub const fn usual_troubles() -> [Trouble; 3] {
    [
        Trouble::PodDies { at: 9 * 60, share: 0.01 },
        Trouble::Cut { at: 12 * 60 + 30, minutes: 5, share: 0.2 },
        Trouble::Standstill { at: 19 * 60 + 30, minutes: 10 },
    ]
}

impl Trouble {
    /// Whether nothing is written in this minute.
    pub const fn stands_still(&self, minute: u32) -> bool {
        matches!(self, Self::Standstill { at, minutes } if *at <= minute && minute < *at + *minutes)
    }
}

/// Seconds of a day.
pub const fn seconds() -> f64 {
    float(86_400)
}
