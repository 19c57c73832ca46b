//! What the campaign does, phase by phase.

use super::Stage;
use crate::environment::{Environment, Plan};
use crate::faults::brokers::{self, PretendedBrokers};
use crate::faults::leases::Fight;
use crate::faults::read_only::Scope;
use crate::faults::{
    broker, commits, disk, freeze, handover, kill, leases, letters, locks, postgres, quota, read_only,
    silence, slow, topic_anew, translated, unreadable,
};
use crate::narrator::seconds;
use crate::stack::Stop;
use crate::traffic::{DEPLOYED_PERCENT, Pace};
use anyhow::Context as _;
use std::time::Duration;

/// The rate at which the time to take over is measured.
const FULL: u32 = 6_000;
/// The rate of all else: enough that no instant is without a batch under way.
const BRISK: u32 = 2_000;
/// Where what gathers has to be read afterwards: while everything is slow, or no ingestor runs.
const MODEST: u32 = 320;
/// Longer than Postgres lets a transaction stand idle, or run.
const DEEP_FREEZE: Duration = Duration::from_secs(13);
/// How long Postgres refuses what is written, or is held up.
const OUTAGE: Duration = Duration::from_secs(8);
/// How long ingestors are away before the database is slow, and how slow that is.
const SLOW_GATHERING: Duration = Duration::from_secs(4);
const SLOW_PER_KIB: Duration = Duration::from_millis(100);
/// How much longer each COMMIT takes.
const SLOW_COMMIT: Duration = Duration::from_secs(5);
/// A server as Postgres sets it up: its table of locks grows with its connections. Readers leave some to the ingestors.
const DEFAULT_CONNECTIONS: u32 = 100;
const READERS: usize = 45;
const NO_SETTINGS: &[(&str, &str)] = &[];
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
    ReadOnly,
    Disk,
    Translated,
    Letters,
    Slow,
    Handover,
    Silence,
    Locks,
    Quota,
    TopicAnew,
    Unreadable,
}

impl Phase {
    pub(super) const ALL: [Self; 18] = [
        Self::Kill,
        Self::Freeze,
        Self::Commits,
        Self::Postgres,
        Self::Broker,
        Self::Leaders,
        Self::Leases,
        Self::ReadOnly,
        Self::Disk,
        Self::Translated,
        Self::Letters,
        Self::Slow,
        Self::Handover,
        Self::Silence,
        Self::Locks,
        Self::Quota,
        Self::TopicAnew,
        Self::Unreadable,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Freeze => "freeze",
            Self::Commits => "commits",
            Self::Postgres => "postgres",
            Self::Broker => "broker",
            Self::Leaders => "leaders",
            Self::Leases => "leases",
            Self::ReadOnly => "read-only",
            Self::Disk => "disk",
            Self::Translated => "translated",
            Self::Letters => "letters",
            Self::Slow => "slow",
            Self::Handover => "handover",
            Self::Silence => "silence",
            Self::Locks => "locks",
            Self::Quota => "quota",
            Self::TopicAnew => "topic-anew",
            Self::Unreadable => "unreadable",
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
            Self::ReadOnly => "read-only: Postgres takes no writes for a while",
            Self::Disk => "disk: that of Postgres runs full",
            Self::Translated => "translated: errors that pass, in words that no ingestor knows",
            Self::Letters => "letters: dead letters are refused, too",
            Self::Slow => "slow: large batches time out again and again",
            Self::Handover => "handover: partitions change hands while each COMMIT is slow",
            Self::Silence => "silence: silent devices are looked for among very many",
            Self::Locks => "locks: many callers read a history of many days",
            Self::Quota => "quota: Kafka throttles gateways and the relay of the feed",
            Self::TopicAnew => "topic-anew: the events topic is deleted and created anew",
            Self::Unreadable => "unreadable: another producer writes what no gateway does",
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
            Self::Slow | Self::Quota | Self::TopicAnew | Self::Unreadable => {
                (MODEST, Duration::from_millis(2_000))
            }
            // The default.
            Self::Handover => (BRISK, Duration::from_secs(10)),
            // Short, since each beat of a quarter of it is one fight for every partition.
            Self::Leases => (BRISK, Duration::from_millis(800)),
            _ => (BRISK, Duration::from_millis(2_000)),
        };
        // Where batches overlap on purpose, hardly one should be without a marker.
        let marker_interval = Duration::from_millis(match self {
            Self::Leases => 25,
            Self::Slow => 200,
            _ => 100,
        });
        let pace = Pace {
            events_per_second,
            charge_points: 400,
            deployed_percent: DEPLOYED_PERCENT,
            marker_interval,
        };
        let (ingestors, settings) = match self {
            Self::Handover => (handover::INGESTORS, NO_SETTINGS),
            Self::Slow => (4, slow::SETTINGS),
            Self::Silence => (4, silence::SETTINGS),
            Self::Quota => (4, quota::SETTINGS),
            Self::Unreadable => (4, unreadable::SETTINGS),
            _ => (4, NO_SETTINGS),
        };
        Plan { partitions: 16, ingestors, lease, pace, settings }
    }

    pub(super) async fn play(
        self,
        environment: &mut Environment,
        stage: &Stage<'_>,
        notes: &mut Vec<String>,
    ) -> anyhow::Result<()> {
        match self {
            Self::Kill => {
                for takeover in kill::kill_each(environment).await? {
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
                for duration in [environment.plan.lease * 2, environment.plan.lease * 3, DEEP_FREEZE] {
                    let lost = freeze::freeze_eldest(environment, duration).await?;
                    notes.push(format!("after {} it found {lost} leases lost", seconds(duration)));
                }
            }
            Self::Commits => {
                environment.settle().await?;
                let cut = commits::cut(environment, 10, 100).await?;
                notes.push(format!("{} cut before the commit, {} after it", cut.before, cut.after));
                environment.settle().await?;
            }
            Self::Postgres => {
                // Cut at commits too, so that it goes down in the midst of finding out.
                environment.settle().await?;
                for stop in [Stop::Orderly, Stop::Crash] {
                    commits::cut(environment, 10, 5).await?;
                    postgres::restart(environment, stage.stack, stop).await?;
                }
                notes.push("stopped in good order once, crashed once".to_owned());
            }
            Self::Broker => {
                for stop in [Stop::Orderly, Stop::Crash] {
                    broker::restart(environment, stage.stack, stop).await?;
                }
                notes.push("stopped in good order once, crashed once".to_owned());
            }
            Self::Leaders => {
                let brokers = stage.brokers.as_ref().context("nobody pretends to be a broker")?;
                let moved = brokers::depose_leaders(environment, brokers).await?;
                notes.push(format!("all leaders moved {moved} times"));
            }
            Self::Leases => {
                for fight in [Fight::Epochs, Fight::OneEpoch] {
                    let took = leases::fight(environment, fight, ROUNDS).await?;
                    let lost = environment.fleet.leases_lost().await?;
                    notes.push(format!(
                        "{fight:?}: each took each partition {ROUNDS} times in {}; by then {lost} leases were found lost",
                        seconds(took)
                    ));
                }
            }
            Self::ReadOnly | Self::Disk | Self::Translated | Self::Letters => {
                notes.push(self.refuse_writes(environment).await?);
            }
            Self::Slow | Self::Handover | Self::Silence | Self::Locks => {
                notes.push(self.slow_down(environment, stage).await?);
            }
            Self::Quota | Self::TopicAnew | Self::Unreadable => {
                notes.extend(self.upset_kafka(environment, stage).await?);
            }
        }
        Ok(())
    }

    /// The phases in which the database refuses what is written, although no record is at fault; a note of it.
    async fn refuse_writes(self, environment: &mut Environment) -> anyhow::Result<String> {
        Ok(match self {
            Self::Disk => {
                let filled = disk::run_full(environment, OUTAGE).await?;
                let means = if filled.is_real {
                    "a small file system"
                } else {
                    "triggers, since none could be mounted"
                };
                format!("full by {means}; {} writes were put off", filled.deferred)
            }
            Self::Translated => {
                let met = translated::misunderstand(environment, 10).await?;
                format!("translated by the {:?}: {} errors were not understood", met.translator, met.refusals)
            }
            Self::Letters => {
                let stopped = letters::refuse(environment).await?;
                format!("SIGTERM while no dead letter is taken: ended after {}", seconds(stopped))
            }
            _ => {
                let refused = read_only::deny_writes(environment, Scope::Server, OUTAGE).await?;
                format!(
                    "{} writes were put off, caught up after {}",
                    refused.deferred,
                    seconds(refused.caught_up)
                )
            }
        })
    }

    /// The phases in which Kafka throttles, or a topic is not what it was; notes of it.
    async fn upset_kafka(self, environment: &mut Environment, stage: &Stage<'_>) -> anyhow::Result<Vec<String>> {
        let brokers = stage.stack.brokers();
        Ok(match self {
            Self::Quota => {
                let throttled = quota::throttle(environment, &brokers).await?;
                vec![format!(
                    "the relay was told to wait {} in all; {} changes are on the feed, each once",
                    seconds(throttled.waits),
                    throttled.changes
                )]
            }
            Self::TopicAnew => {
                let mut notes = Vec::new();
                for ingestors in [topic_anew::Ingestors::Stopped, topic_anew::Ingestors::Running] {
                    let replaced = topic_anew::replace(environment, ingestors).await?;
                    notes.push(format!(
                        "{ingestors:?}: halted after {}, read from the beginning {} after an operator's decision",
                        seconds(replaced.halted),
                        seconds(replaced.caught_up)
                    ));
                }
                notes
            }
            _ => {
                let data = stage.stack.broker_data();
                let written = unreadable::write(environment, &brokers, Some(&data)).await?;
                vec![format!(
                    "{} batches could not be read, {} of them damaged on the disk; caught up after {}",
                    written.unreadable,
                    written.damaged,
                    seconds(written.caught_up)
                )]
            }
        })
    }

    /// The phases in which the database is slow or busy; a note of it.
    async fn slow_down(self, environment: &mut Environment, stage: &Stage<'_>) -> anyhow::Result<String> {
        Ok(match self {
            Self::Slow => {
                let halved = slow::hold_back(environment, SLOW_GATHERING, SLOW_PER_KIB).await?;
                format!(
                    "{} batches were halved, each partition moved within {}",
                    halved.times,
                    seconds(halved.moved)
                )
            }
            Self::Handover => {
                let handed = handover::hand_over(environment, SLOW_COMMIT).await?;
                format!("{} leases lost, even shares after {}", handed.lost, seconds(handed.shared))
            }
            Self::Silence => {
                let searched = silence::search(environment, 100_000, 20_000).await?;
                format!("20,000 of 100,000 quiet devices were offline after {}", seconds(searched.gone))
            }
            _ => {
                let connections = DEFAULT_CONNECTIONS.to_string();
                change_server(environment, stage, &format!("alter system set max_connections = {connections}"))
                    .await?;
                let held = locks::read_history(environment, READERS, OUTAGE).await;
                change_server(environment, stage, "alter system reset max_connections").await?;
                let held = held?;
                format!("{READERS} readers at once, {} pages, {} locks each at most", held.pages, held.most)
            }
        })
    }
}

/// Changes a setting that the server reads when it starts.
async fn change_server(environment: &Environment, stage: &Stage<'_>, change: &str) -> anyhow::Result<()> {
    environment.audited.run_sql(change).await?;
    postgres::restart(environment, stage.stack, Stop::Orderly).await
}
