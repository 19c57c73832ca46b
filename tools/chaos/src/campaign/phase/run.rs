//! The faults of each phase, and the notes about them for the report.

use super::Phase;
use crate::campaign::PhaseServers;
use crate::environment::Environment;
use crate::faults::leases::Fence;
use crate::faults::read_only::Scope;
use crate::faults::{
    broker, brokers, commits, dead_letters, disk, freeze, handover, kill, leases, locks, postgres, quota,
    read_only, recreated_topic, silence, slow, translated, unreadable,
};
use crate::output::seconds;
use crate::stack::Stop;
use anyhow::Context as _;
use std::time::Duration;

/// Longer than PostgreSQL lets a transaction be idle, or run.
const LONG_FREEZE: Duration = Duration::from_secs(13);
/// How long PostgreSQL refuses writes, or is blocked.
const OUTAGE: Duration = Duration::from_secs(8);
/// How long no ingestor runs before the database becomes slow, and how slow it becomes.
const GATHERING: Duration = Duration::from_secs(4);
const DELAY_PER_KIB: Duration = Duration::from_millis(100);
/// The delay of each COMMIT.
const COMMIT_DELAY: Duration = Duration::from_secs(5);
/// The default of PostgreSQL: the size of its lock table grows with its connections. The readers
/// leave some connections to the ingestors.
const DEFAULT_CONNECTIONS: u32 = 100;
const READERS: usize = 45;
/// How often each ingestor takes each partition from the others.
const ROUNDS: u32 = 12;

impl Phase {
    pub(in crate::campaign) async fn run(
        self,
        environment: &mut Environment,
        servers: &PhaseServers<'_>,
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
                for duration in [environment.plan.lease * 2, environment.plan.lease * 3, LONG_FREEZE] {
                    let lost = freeze::freeze_oldest(environment, duration).await?;
                    notes.push(format!(
                        "after {} the ingestor found {lost} of its leases lost",
                        seconds(duration)
                    ));
                }
            }
            Self::Commits => {
                environment.wait_until_caught_up().await?;
                let cut = commits::cut(environment, 10, 100).await?;
                notes.push(format!("{} cut before the commit, {} after it", cut.before, cut.after));
                environment.wait_until_caught_up().await?;
            }
            Self::Postgres => {
                // Commits are cut, too, so that PostgreSQL goes down while outcomes of commits are
                // being determined.
                environment.wait_until_caught_up().await?;
                for stop in [Stop::Orderly, Stop::Crash] {
                    commits::cut(environment, 10, 5).await?;
                    postgres::restart(environment, servers.stack, stop).await?;
                }
                notes.push("stopped once, crashed once".to_owned());
            }
            Self::Broker => {
                for stop in [Stop::Orderly, Stop::Crash] {
                    broker::restart(environment, servers.stack, stop).await?;
                }
                notes.push("stopped once, crashed once".to_owned());
            }
            Self::Leaders => {
                let brokers = servers.brokers.as_ref().context("the phase has no mock brokers")?;
                let moved = brokers::move_leaders(environment, brokers).await?;
                notes.push(format!("all leaders moved {moved} times"));
            }
            Self::Leases => {
                for fence in [Fence::Epoch, Fence::Offset] {
                    let took = leases::ignore_leases(environment, fence, ROUNDS).await?;
                    let lost = environment.fleet.leases_lost().await?;
                    notes.push(format!(
                        "{fence:?}: each ingestor took each partition {ROUNDS} times in {}; {lost} leases were found lost",
                        seconds(took)
                    ));
                }
            }
            Self::ReadOnly | Self::Disk | Self::Translated | Self::DeadLetters => {
                notes.push(self.refuse_writes(environment).await?);
            }
            Self::Slow | Self::Handover | Self::Silence | Self::Locks => {
                notes.push(self.slow_down(environment, servers).await?);
            }
            Self::Quota | Self::TopicRecreated | Self::Unreadable => {
                notes.extend(self.disturb_kafka(environment, servers).await?);
            }
        }
        Ok(())
    }

    /// The phases in which the database refuses valid writes; returns a note for the report.
    async fn refuse_writes(self, environment: &mut Environment) -> anyhow::Result<String> {
        Ok(match self {
            Self::Disk => {
                let filled = disk::fill_disk(environment, OUTAGE).await?;
                let means = if filled.is_real {
                    "a small file system"
                } else {
                    "triggers, because no small file system could be mounted"
                };
                format!("filled by {means}; {} writes were deferred", filled.deferred)
            }
            Self::Translated => {
                let reported = translated::report_translated_errors(environment, 10).await?;
                format!(
                    "translated by the {:?}: {} errors were not recognised",
                    reported.translator, reported.unrecognised
                )
            }
            Self::DeadLetters => {
                let stopped = dead_letters::refuse_dead_letters(environment).await?;
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
    async fn disturb_kafka(
        self,
        environment: &mut Environment,
        servers: &PhaseServers<'_>,
    ) -> anyhow::Result<Vec<String>> {
        let brokers = servers.stack.brokers();
        Ok(match self {
            Self::Quota => {
                let throttled = quota::throttle(environment, &brokers).await?;
                vec![format!(
                    "the relay was throttled for {} in total; {} changes are on the feed, each once",
                    seconds(throttled.waits),
                    throttled.changes
                )]
            }
            Self::TopicRecreated => {
                let mut notes = Vec::new();
                for ingestors in [recreated_topic::Ingestors::Stopped, recreated_topic::Ingestors::Running] {
                    let replaced = recreated_topic::recreate(environment, ingestors).await?;
                    notes.push(format!(
                        "{ingestors:?}: halted after {}; read from the beginning {} after the operator's decision",
                        seconds(replaced.halted),
                        seconds(replaced.caught_up)
                    ));
                }
                notes
            }
            _ => {
                let data = servers.stack.broker_data();
                let written = unreadable::write_foreign_records(environment, &brokers, Some(&data)).await?;
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
    async fn slow_down(
        self,
        environment: &mut Environment,
        servers: &PhaseServers<'_>,
    ) -> anyhow::Result<String> {
        Ok(match self {
            Self::Slow => {
                let halved = slow::delay_writes(environment, GATHERING, DELAY_PER_KIB).await?;
                format!(
                    "{} batches were halved; each partition advanced within {}",
                    halved.times,
                    seconds(halved.advanced)
                )
            }
            Self::Handover => {
                let handed = handover::hand_over(environment, COMMIT_DELAY).await?;
                format!("{} leases lost, even shares after {}", handed.lost, seconds(handed.shared))
            }
            Self::Silence => {
                let searched = silence::search(environment, 100_000, 20_000).await?;
                format!(
                    "20,000 of 100,000 quiet devices were offline after {}",
                    seconds(searched.offline_after)
                )
            }
            _ => {
                let connections = DEFAULT_CONNECTIONS.to_string();
                change_server(
                    environment,
                    servers,
                    &format!("alter system set max_connections = {connections}"),
                )
                .await?;
                let reads = locks::read_history(environment, READERS, OUTAGE).await;
                change_server(environment, servers, "alter system reset max_connections").await?;
                let reads = reads?;
                format!(
                    "{READERS} concurrent readers, {} pages, at most {} locks each",
                    reads.pages, reads.max_locks
                )
            }
        })
    }
}

/// Changes a setting that the server reads at start-up, and restarts it.
async fn change_server(
    environment: &Environment,
    servers: &PhaseServers<'_>,
    change: &str,
) -> anyhow::Result<()> {
    environment.audited.run_sql(change).await?;
    postgres::restart(environment, servers.stack, Stop::Orderly).await
}
