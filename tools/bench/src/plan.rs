//! What is measured, at which rates and for how long.

mod cells;
mod chapter;
mod check;
mod commands;
mod limits;
mod reads;
mod retention;
mod sessions;
mod truth;

pub use cells::CellPlan;
pub use chapter::Chapter;
pub use commands::CommandPlan;
pub use limits::LimitPlan;
pub use reads::ReadPlan;
pub use retention::RetentionPlan;
pub use sessions::SessionPlan;
pub use truth::TruthPlan;

use anyhow::{Context as _, bail};
use std::time::Duration;

const fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

/// The steps of a run.
#[derive(Debug, Clone)]
pub struct Plan {
    /// `full`, or `quick` to try the tool itself; its figures are meaningless.
    pub mode: &'static str,
    /// How many ingestors share the partitions.
    pub ingestors: usize,
    /// Partitions of the event topic.
    pub partitions: i32,
    /// Partitions of the command topic.
    pub command_partitions: u16,
    /// Charge points of the large fleet.
    pub charge_points: u32,
    /// Smaller fleets, whose cost per event is compared with that of the large one.
    pub smaller_fleets: Vec<u32>,
    /// How long each smaller fleet, and the load alone, is measured.
    pub cost_seconds: Duration,
    /// How long each fleet is measured while it sends nothing; only in the chapter on fleets.
    pub idle: Duration,
    /// Rates to measure, each with its target for P95 in ms. The last one is also the rate of the
    /// comparison of fleets and of the takeover.
    pub steady: Vec<(u32, f64)>,
    /// The target for P95 at the highest sustained rate, in ms.
    pub highest_target_ms: f64,
    /// The time at the beginning of each measurement that is not counted.
    pub warm_up: Duration,
    /// How long each of the steady rates, and the highest, is measured.
    pub measured: Duration,
    /// Rates to try in this order, until one is not sustained.
    pub ladder: Vec<u32>,
    /// How long each of them is tried.
    pub step: Duration,
    /// The greatest number of rates to try.
    pub steps: usize,
    /// How long load continues after the crash of an ingestor.
    pub takeover: Duration,
    /// The only chapter to measure; `None` for all.
    pub only: Option<Chapter>,
    /// The plan for commands.
    pub commands: CommandPlan,
    /// The plan for reads.
    pub reads: ReadPlan,
    /// The plan for lists of sessions.
    pub sessions: SessionPlan,
    /// The plan for commands while old ones are deleted.
    pub retention: RetentionPlan,
    /// The plan for the time to truth.
    pub truth: TruthPlan,
    /// The plan for limits of sessions.
    pub limits: LimitPlan,
    /// The plan for several cells.
    pub cells: CellPlan,
    /// Events with which the floor is measured.
    pub floor_events: u32,
    /// How long one transaction per event is measured, with one connection and with several.
    pub one_by_one: Duration,
    /// Commits with which the disk is measured.
    pub commits: usize,
}

impl Plan {
    /// The whole measurement, which takes about twenty-eight minutes.
    fn full() -> Self {
        Self {
            mode: "full",
            ingestors: 1,
            partitions: 16,
            command_partitions: 128,
            charge_points: 100_000,
            smaller_fleets: vec![1_000, 10_000],
            cost_seconds: seconds(20),
            idle: seconds(120),
            steady: vec![(600, 50.0), (6_000, 100.0)],
            highest_target_ms: 500.0,
            warm_up: seconds(3),
            measured: seconds(60),
            ladder: vec![10_000, 15_000, 20_000, 25_000, 30_000, 40_000, 50_000, 60_000, 80_000],
            step: seconds(8),
            steps: 9,
            takeover: seconds(25),
            only: None,
            commands: CommandPlan::full(),
            reads: ReadPlan::full(),
            sessions: SessionPlan::full(),
            retention: RetentionPlan::full(),
            truth: TruthPlan::full(),
            limits: LimitPlan::full(),
            cells: CellPlan::full(),
            floor_events: 250_000,
            one_by_one: seconds(8),
            commits: 500,
        }
    }

    /// The same steps, small and short.
    fn quick() -> Self {
        Self {
            mode: "quick",
            command_partitions: 8,
            charge_points: 2_000,
            smaller_fleets: vec![200, 1_000],
            cost_seconds: seconds(3),
            idle: seconds(10),
            steady: vec![(100, 50.0), (500, 100.0)],
            warm_up: seconds(1),
            measured: seconds(4),
            ladder: vec![1_000, 2_000, 4_000],
            step: seconds(3),
            steps: 4,
            takeover: seconds(16),
            commands: CommandPlan::quick(),
            reads: ReadPlan::quick(),
            sessions: SessionPlan::quick(),
            retention: RetentionPlan::quick(),
            truth: TruthPlan::quick(),
            limits: LimitPlan::quick(),
            cells: CellPlan::quick(),
            floor_events: 6_000,
            one_by_one: seconds(2),
            commits: 50,
            ..Self::full()
        }
    }

    /// The plan for these arguments: `quick`, a chapter, `ingestors=N`, `partitions=N`, `idle`,
    /// `pace=MS`, `sessions=N` and `stations=N`.
    pub fn parse(words: impl IntoIterator<Item = String>) -> anyhow::Result<Self> {
        let mut plan = Self::full();
        let (mut pace_ms, mut idle, mut sessions, mut stations) = (None, false, None, None);
        for word in words {
            match word.split_once('=') {
                None if word == "quick" => {
                    let Self { ingestors, partitions, only, .. } = plan;
                    plan = Self { ingestors, partitions, only, ..Self::quick() };
                }
                None if word == "idle" => idle = true,
                None if Chapter::parse(&word).is_some() => plan.only = Chapter::parse(&word),
                Some(("ingestors", number)) => {
                    plan.ingestors = at_least_one(&word, number)?.try_into().context("ingestors")?;
                }
                Some(("partitions", number)) => {
                    plan.partitions = at_least_one(&word, number)?.try_into().context("partitions")?;
                }
                Some(("pace", number)) => pace_ms = Some(at_least_one(&word, number)?.into()),
                Some(("sessions", number)) => sessions = Some(SessionPlan::parse_sessions(number)?),
                Some(("stations", number)) => stations = Some(ReadPlan::parse_stations(number)?),
                _ => bail!(
                    "`{word}` is not one of quick, check, tail, fleets, commands, reads, sessions, retention, truth, limits, cells, idle, ingestors=N, partitions=N, pace=MS, sessions=N, stations=N"
                ),
            }
        }
        if plan.only == Some(Chapter::Fleets) {
            plan = plan.with_large_fleets();
        }
        plan.truth.idle = idle;
        plan.truth.pace_ms = pace_ms.unwrap_or(plan.truth.pace_ms);
        plan.sessions.sessions = sessions.unwrap_or(plan.sessions.sessions);
        plan.reads.stations = stations.unwrap_or(plan.reads.stations);
        Ok(if plan.only == Some(Chapter::Check) { plan.shortened() } else { plan })
    }

    /// The plan with fleets of ten times as many devices: only the largest two, at one rate.
    fn with_large_fleets(self) -> Self {
        Self {
            smaller_fleets: vec![self.charge_points],
            charge_points: self.charge_points * 10,
            steady: self.steady.last().copied().into_iter().collect(),
            measured: self.cost_seconds,
            ..self
        }
    }

    /// Whether that chapter is measured.
    pub fn measures(&self, chapter: Chapter) -> bool {
        self.only.map_or(chapter.is_in_full_run(), |only| only == chapter)
    }

    /// The time limit of the run, longer than any run takes.
    pub fn limit(&self) -> Duration {
        let minutes = match self.only {
            Some(Chapter::Fleets | Chapter::Sessions | Chapter::Retention) => 90,
            Some(Chapter::Check) => 15,
            _ => 40,
        };
        seconds(minutes * 60)
    }

    /// The rate of the comparison of fleets and of the takeover.
    pub fn common_rate(&self) -> u32 {
        self.steady.last().map_or(1, |(rate, _)| *rate)
    }
}

fn at_least_one(word: &str, number: &str) -> anyhow::Result<u32> {
    let number: u32 = number.parse().with_context(|| format!("`{word}` has no valid number"))?;
    anyhow::ensure!((1..=1_000).contains(&number), "the number in `{word}` must be between 1 and 1000");
    Ok(number)
}

#[cfg(test)]
mod tests {
    use super::{Chapter, Plan};

    fn parse(words: &[&str]) -> anyhow::Result<Plan> {
        Plan::parse(words.iter().map(|word| (*word).to_owned()))
    }

    #[test]
    fn arguments_choose_and_change_the_plan() {
        assert_eq!(parse(&[]).unwrap().charge_points, 100_000);
        let plan = parse(&["ingestors=2", "quick", "partitions=4"]).unwrap();
        assert_eq!((plan.mode, plan.ingestors, plan.partitions), ("quick", 2, 4));
        assert_eq!(plan.only, None);
        assert_eq!(parse(&["commands", "quick"]).unwrap().only, Some(Chapter::Commands));
        assert_eq!(parse(&["quick", "reads"]).unwrap().only, Some(Chapter::Reads));
        let truth = parse(&["truth", "pace=2", "quick"]).unwrap();
        assert_eq!((truth.truth.pace_ms, plan.truth.pace_ms), (2, 10));
        assert_eq!((truth.only, truth.truth.devices), (Some(Chapter::Truth), 300));
        assert!(!truth.truth.idle && parse(&["truth", "idle", "quick"]).unwrap().truth.idle);
        assert!(truth.measures(Chapter::Truth) && !truth.measures(Chapter::Commands));
        assert!(plan.measures(Chapter::Truth) && plan.measures(Chapter::Commands));
        assert_eq!(parse(&["limits"]).unwrap().only, Some(Chapter::Limits));
        assert!(plan.measures(Chapter::Limits) && !truth.measures(Chapter::Limits));
        assert!(plan.measures(Chapter::Cells) && parse(&["cells"]).unwrap().only == Some(Chapter::Cells));
        let sessions = parse(&["sessions", "sessions=200000", "quick"]).unwrap();
        assert_eq!((sessions.only, sessions.sessions.sessions), (Some(Chapter::Sessions), 200_000));
        assert_eq!(parse(&["sessions"]).unwrap().sessions.sessions, 10_000_000);
        assert!(sessions.limit() > plan.limit() && !plan.measures(Chapter::Sessions));
        assert_eq!(parse(&["reads", "stations=100000"]).unwrap().reads.stations, 100_000);
        assert!(parse(&["stations=9999"]).is_err() && parse(&["stations=x"]).is_err());
        assert!(parse(&["sessions=99999"]).is_err() && parse(&["sessions=x"]).is_err());
        let retention = parse(&["retention", "quick"]).unwrap();
        assert_eq!((retention.only, retention.retention.commands), (Some(Chapter::Retention), 100_000));
        assert!(retention.limit() > plan.limit() && !plan.measures(Chapter::Retention));
        let fleets = parse(&["fleets"]).unwrap();
        assert_eq!(
            (fleets.smaller_fleets.as_slice(), fleets.charge_points),
            ([100_000].as_slice(), 1_000_000)
        );
        assert_eq!(fleets.steady, [(6_000, 100.0)]);
        assert!(fleets.limit() > plan.limit() && !plan.measures(Chapter::Fleets));
        let check = parse(&["check"]).unwrap();
        assert!(check.measures(Chapter::Check) && !check.measures(Chapter::Reads));
        assert!(!plan.measures(Chapter::Check) && check.limit() < plan.limit());
        assert_eq!((check.charge_points, check.reads.stations), (10_000, 10_000));
        assert_eq!(parse(&["check", "quick"]).unwrap().charge_points, 2_000);
        assert!(parse(&["quickly"]).is_err());
        assert!(parse(&["ingestors=0"]).is_err());
    }
}
