//! Ratios of one run: speed and cost in relation to the floor or to another load of the same run.
//! Unlike the figures themselves, they can be compared between machines and releases.

mod chart;
mod run;
mod thresholds;

pub use run::RatioRun;
pub use thresholds::{Threshold, thresholds};

use serde::{Deserialize, Serialize};

/// A ratio. Its serialized name is that in the files of ratios.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ratio {
    /// Events per second, of the floor: at the highest sustained rate; in a check, while an ingestor
    /// catches up with a backlog.
    EventsOfFloor,
    /// CPU time per event of the ingestors and servers at 600/s, in multiples of that at the rate of
    /// [`Ratio::EventsOfFloor`].
    EventCpuAtLowRate,
    /// P50 of POST → 202 at 50/s, in multiples of the floor's.
    CommandP50AtLowRate,
    /// P50 of POST → 202 at 500/s, in multiples of the floor's.
    CommandP50,
    /// CPU time per command at 500/s of the services and servers, in multiples of the floor's.
    CommandCpu,
    /// Commands per second, of the floor: the highest sustained rate; in a check, with clients that
    /// send the next command as soon as they have a response.
    CommandsOfFloor,
    /// The highest throughput of requests for a pile, of the floor.
    PilesOfFloor,
    /// The same for the price at a connector.
    PricesOfFloor,
    /// The same for pages of 50 stations.
    StationsOfFloor,
    /// The same for 50 stations nearby.
    NearbyOfFloor,
}

impl Ratio {
    /// All ratios, in the order of tables and the chart.
    pub const ALL: [Self; 10] = [
        Self::EventsOfFloor,
        Self::EventCpuAtLowRate,
        Self::CommandP50AtLowRate,
        Self::CommandP50,
        Self::CommandCpu,
        Self::CommandsOfFloor,
        Self::PilesOfFloor,
        Self::PricesOfFloor,
        Self::StationsOfFloor,
        Self::NearbyOfFloor,
    ];

    /// The name in tables and the chart.
    pub const fn title(self) -> &'static str {
        match self {
            Self::EventsOfFloor => "events per second, of the floor",
            Self::EventCpuAtLowRate => "CPU per event at 600/s, relative to the highest rate",
            Self::CommandP50AtLowRate => "P50 of POST → 202 at 50/s, relative to the floor",
            Self::CommandP50 => "P50 of POST → 202 at 500/s, relative to the floor",
            Self::CommandCpu => "CPU per command at 500/s, relative to the floor",
            Self::CommandsOfFloor => "commands per second, of the floor",
            Self::PilesOfFloor => "GET a pile, of the floor",
            Self::PricesOfFloor => "GET the price at a connector, of the floor",
            Self::StationsOfFloor => "GET a page of 50 stations, of the floor",
            Self::NearbyOfFloor => "GET 50 stations nearby, of the floor",
        }
    }

    /// Whether a greater value is better: shares of the floor's throughput are, latency and cost are
    /// not.
    pub const fn is_better_when_higher(self) -> bool {
        !matches!(
            self,
            Self::EventCpuAtLowRate | Self::CommandP50AtLowRate | Self::CommandP50 | Self::CommandCpu
        )
    }
}
