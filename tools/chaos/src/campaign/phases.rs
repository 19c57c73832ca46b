//! The phases of the campaign.

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

/// Events per second for measuring the time of a takeover.
const FULL: u32 = 6_000;
/// Events per second of most phases: enough that a batch is in flight at any time.
const BRISK: u32 = 2_000;
/// Events per second of phases in which a backlog has to be read afterwards, because everything is
/// slow or no ingestor runs.
const MODEST: u32 = 320;
/// Longer than PostgreSQL lets a transaction be idle, or run.
const DEEP_FREEZE: Duration = Duration::from_secs(13);
/// How long PostgreSQL refuses writes, or is blocked.
const OUTAGE: Duration = Duration::from_secs(8);
/// How long no ingestor runs before the database becomes slow, and how slow it becomes.
const SLOW_GATHERING: Duration = Duration::from_secs(4);
const SLOW_PER_KIB: Duration = Duration::from_millis(100);
/// The delay of each COMMIT.
const SLOW_COMMIT: Duration = Duration::from_secs(5);
/// The default of PostgreSQL: the size of its lock table grows with its connections. The readers
/// leave some connections to the ingestors.
const DEFAULT_CONNECTIONS: u32 = 100;
const READERS: usize = 45;
const NO_SETTINGS: &[(&str, &str)] = &[];
/// How often each ingestor takes each partition from the others.
const ROUNDS: u32 = 12;

/// A phase.
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
            Self::Kill => "kill: each ingestor is killed in turn",
            Self::Freeze => "freeze: ingestors are stopped for longer than their leases, then resumed",
            Self::Commits => "commits: connections are cut between statement and response",
            Self::Postgres => "postgres: PostgreSQL is restarted",
            Self::Broker => "broker: Kafka is restarted",
            Self::Leaders => "leaders: leaders move between brokers, and brokers disappear and return",
            Self::Leases => "leases: leases are ignored, and all ingestors write to all partitions",
            Self::ReadOnly => "read-only: PostgreSQL is read-only for a while",
            Self::Disk => "disk: the disk of PostgreSQL is full",
            Self::Translated => "translated: transient errors with messages in another language",
            Self::Letters => "letters: dead letters are refused, too",
            Self::Slow => "slow: large batches time out again and again",
            Self::Handover => "handover: partitions change owners while each COMMIT is slow",
            Self::Silence => "silence: silent devices are searched for among very many",
            Self::Locks => "locks: many callers read a history of many days",
            Self::Quota => "quota: Kafka throttles gateways and the relay of the feed",
            Self::TopicAnew => "topic-anew: the events topic is deleted and created again",
            Self::Unreadable => "unreadable: another producer writes batches that cannot be read",
        }
    }

    /// Whether the phase uses mock brokers, because the stack has only one broker.
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
            // Short, because each heartbeat, a quarter of the lease, leads to one contest for every
            // partition.
            Self::Leases => (BRISK, Duration::from_millis(800)),
            _ => (BRISK, Duration::from_millis(2_000)),
        };
        // Where batches overlap on purpose, almost every batch should contain a marker.
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
                        "taken over after {}, caught up after {}, at most {} records behind: {} {}",
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
                    notes.push(format!(
                        "after {} the ingestor found {lost} of its leases lost",
                        seconds(duration)
                    ));
                }
            }
            Self::Commits => {
                environment.settle().await?;
                let cut = commits::cut(environment, 10, 100).await?;
                notes.push(format!("{} cut before the commit, {} after it", cut.before, cut.after));
                environment.settle().await?;
            }
            Self::Postgres => {
                // Commits are cut, too, so that PostgreSQL goes down while outcomes of commits are
                // being determined.
                environment.settle().await?;
                for stop in [Stop::Orderly, Stop::Crash] {
                    commits::cut(environment, 10, 5).await?;
                    postgres::restart(environment, stage.stack, stop).await?;
                }
                notes.push("stopped once, crashed once".to_owned());
            }
            Self::Broker => {
                for stop in [Stop::Orderly, Stop::Crash] {
                    broker::restart(environment, stage.stack, stop).await?;
                }
                notes.push("stopped once, crashed once".to_owned());
            }
            Self::Leaders => {
                let brokers = stage.brokers.as_ref().context("the phase has no mock brokers")?;
                let moved = brokers::depose_leaders(environment, brokers).await?;
                notes.push(format!("all leaders moved {moved} times"));
            }
            Self::Leases => {
                for fight in [Fight::Epochs, Fight::OneEpoch] {
                    let took = leases::fight(environment, fight, ROUNDS).await?;
                    let lost = environment.fleet.leases_lost().await?;
                    notes.push(format!(
                        "{fight:?}: each ingestor took each partition {ROUNDS} times in {}; {lost} leases were found lost",
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

    /// The phases in which the database refuses valid writes; returns a note for the report.
    async fn refuse_writes(self, environment: &mut Environment) -> anyhow::Result<String> {
        Ok(match self {
            Self::Disk => {
                let filled = disk::run_full(environment, OUTAGE).await?;
                let means = if filled.is_real {
                    "a small file system"
                } else {
                    "triggers, because no small file system could be mounted"
                };
                format!("filled by {means}; {} writes were deferred", filled.deferred)
            }
            Self::Translated => {
                let met = translated::misunderstand(environment, 10).await?;
                format!("translated by the {:?}: {} errors were not recognised", met.translator, met.refusals)
            }
            Self::Letters => {
                let stopped = letters::refuse(environment).await?;
                format!("SIGTERM while dead letters are refused: exited after {}", seconds(stopped))
            }
            _ => {
                let refused = read_only::deny_writes(environment, Scope::Server, OUTAGE).await?;
                format!(
                    "{} writes were deferred, caught up after {}",
                    refused.deferred,
                    seconds(refused.caught_up)
                )
            }
        })
    }

    /// The phases in which Kafka throttles or a topic changes; returns notes for the report.
    async fn upset_kafka(
        self,
        environment: &mut Environment,
        stage: &Stage<'_>,
    ) -> anyhow::Result<Vec<String>> {
        let brokers = stage.stack.brokers();
        Ok(match self {
            Self::Quota => {
                let throttled = quota::throttle(environment, &brokers).await?;
                vec![format!(
                    "the relay was throttled for {} in total; {} changes are on the feed, each once",
                    seconds(throttled.waits),
                    throttled.changes
                )]
            }
            Self::TopicAnew => {
                let mut notes = Vec::new();
                for ingestors in [topic_anew::Ingestors::Stopped, topic_anew::Ingestors::Running] {
                    let replaced = topic_anew::replace(environment, ingestors).await?;
                    notes.push(format!(
                        "{ingestors:?}: halted after {}; read from the beginning {} after the operator's decision",
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
                    "{} batches could not be read, {} of them damaged on disk; caught up after {}",
                    written.unreadable,
                    written.damaged,
                    seconds(written.caught_up)
                )]
            }
        })
    }

    /// The phases in which the database is slow or busy; returns a note for the report.
    async fn slow_down(self, environment: &mut Environment, stage: &Stage<'_>) -> anyhow::Result<String> {
        Ok(match self {
            Self::Slow => {
                let halved = slow::hold_back(environment, SLOW_GATHERING, SLOW_PER_KIB).await?;
                format!(
                    "{} batches were halved; each partition advanced within {}",
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
                change_server(
                    environment,
                    stage,
                    &format!("alter system set max_connections = {connections}"),
                )
                .await?;
                let held = locks::read_history(environment, READERS, OUTAGE).await;
                change_server(environment, stage, "alter system reset max_connections").await?;
                let held = held?;
                format!(
                    "{READERS} concurrent readers, {} pages, at most {} locks each",
                    held.pages, held.most
                )
            }
        })
    }
}

/// Changes a setting that the server reads at start-up, and restarts it.
async fn change_server(environment: &Environment, stage: &Stage<'_>, change: &str) -> anyhow::Result<()> {
    environment.audited.run_sql(change).await?;
    postgres::restart(environment, stage.stack, Stop::Orderly).await
}
