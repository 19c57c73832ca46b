//! What the campaign does, phase by phase.

use super::Stage;
use crate::arena::{Arena, Plan};
use crate::faults::brokers::{self, PretendedBrokers};
use crate::faults::leases::Fight;
use crate::faults::{broker, commits, freeze, kill, leases, postgres};
use crate::narrator::seconds;
use crate::stack::Stop;
use crate::traffic::{DEPLOYED_PERCENT, Pace};
use anyhow::Context as _;
use std::time::Duration;

/// The rate at which the time to take over is measured.
const FULL: u32 = 6_000;
/// The rate of all else: enough that no instant is without a batch under way.
const BRISK: u32 = 2_000;
/// Longer than Postgres lets a transaction stand idle, or run.
const DEEP_FREEZE: Duration = Duration::from_secs(13);
/// How often each ingestor takes each partition from the others.
const ROUNDS: u32 = 12;

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Kill,
    Freeze,
    Commits,
    Postgres,
    Broker,
    Leaders,
    Leases,
}

impl Phase {
    pub(super) const ALL: [Self; 7] =
        [Self::Kill, Self::Freeze, Self::Commits, Self::Postgres, Self::Broker, Self::Leaders, Self::Leases];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Freeze => "freeze",
            Self::Commits => "commits",
            Self::Postgres => "postgres",
            Self::Broker => "broker",
            Self::Leaders => "leaders",
            Self::Leases => "leases",
        }
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Kill => "kill: one ingestor after another is killed",
            Self::Freeze => "freeze: ingestors stand still past their leases, then go on",
            Self::Commits => "commits: connections are cut between statement and answer",
            Self::Postgres => "postgres: it is restarted",
            Self::Broker => "broker: it is restarted",
            Self::Leaders => "leaders: of several brokers, leaders move, brokers go away and come back",
            Self::Leases => "leases: ignored, all ingestors write to all partitions",
        }
    }

    /// Whether its brokers are pretended: the stack has but one.
    pub(super) const fn pretends(self) -> bool {
        matches!(self, Self::Leaders)
    }

    pub(super) const fn plan(self) -> Plan {
        if self.pretends() {
            return PretendedBrokers::plan();
        }
        let (events_per_second, lease) = match self {
            Self::Kill => (FULL, Duration::from_millis(3_000)),
            // Short, since each beat of a quarter of it is one fight for every partition.
            Self::Leases => (BRISK, Duration::from_millis(800)),
            _ => (BRISK, Duration::from_millis(2_000)),
        };
        // Where batches overlap on purpose, hardly one should be without a marker.
        let marker_interval = Duration::from_millis(if matches!(self, Self::Leases) { 25 } else { 100 });
        let pace = Pace {
            events_per_second,
            charge_points: 400,
            deployed_percent: DEPLOYED_PERCENT,
            marker_interval,
        };
        Plan { partitions: 16, ingestors: 4, lease, pace }
    }

    pub(super) async fn play(
        self,
        arena: &mut Arena,
        stage: &Stage<'_>,
        notes: &mut Vec<String>,
    ) -> anyhow::Result<()> {
        match self {
            Self::Kill => {
                for takeover in kill::kill_each(arena).await? {
                    notes.push(format!(
                        "taken over after {}, caught up after {}, {} records behind at most: {} {}",
                        seconds(takeover.held),
                        seconds(takeover.caught_up),
                        takeover.backlog,
                        if takeover.is_in_time() { "within" } else { "NOT WITHIN" },
                        seconds(takeover.target),
                    ));
                }
            }
            Self::Freeze => {
                for duration in [arena.plan.lease * 2, arena.plan.lease * 3, DEEP_FREEZE] {
                    let lost = freeze::freeze_eldest(arena, duration).await?;
                    notes.push(format!("after {} it found {lost} leases lost", seconds(duration)));
                }
            }
            Self::Commits => {
                arena.settle().await?;
                let cut = commits::cut(arena, 10, 100).await?;
                notes.push(format!("{} cut before the commit, {} after it", cut.before, cut.after));
                arena.settle().await?;
            }
            Self::Postgres => {
                // Cut at commits too, so that it goes down in the midst of finding out.
                arena.settle().await?;
                for stop in [Stop::Orderly, Stop::Crash] {
                    commits::cut(arena, 10, 5).await?;
                    postgres::restart(arena, stage.stack, stop).await?;
                }
                notes.push("stopped in good order once, crashed once".to_owned());
            }
            Self::Broker => {
                for stop in [Stop::Orderly, Stop::Crash] {
                    broker::restart(arena, stage.stack, stop).await?;
                }
                notes.push("stopped in good order once, crashed once".to_owned());
            }
            Self::Leaders => {
                let brokers = stage.brokers.as_ref().context("nobody pretends to be a broker")?;
                let moved = brokers::depose_leaders(arena, brokers).await?;
                notes.push(format!("all leaders moved {moved} times"));
            }
            Self::Leases => {
                for fight in [Fight::Epochs, Fight::OneEpoch] {
                    let took = leases::fight(arena, fight, ROUNDS).await?;
                    let lost = arena.fleet.leases_lost().await?;
                    notes.push(format!(
                        "{fight:?}: each took each partition {ROUNDS} times in {}; by then {lost} leases were found lost",
                        seconds(took)
                    ));
                }
            }
        }
        Ok(())
    }
}
