//! The environment of a fault: a topic and a database of its own, ingestors that work on them, and
//! continuous traffic.

mod catching_up;
mod recreated_topic;

use crate::database_audit::AuditedDatabase;
use crate::fleet::{Fleet, IngestorLaunch};
use crate::lag::{Backlog, Ends, next_offsets};
use crate::markers::{self, Form, Marker};
use crate::output::{Output, seconds};
use crate::pg_proxy::PgProxy;
use crate::traffic::{Pace, Sent, Traffic};
use crate::verdict::{Allowed, Finding, judge};
use crate::waiting::{wait_for, wait_until};
use anyhow::{Context as _, bail};
use gateway_simulator::LoadPace;
use runtime::kafka::Kafka;
use runtime::settings::KafkaSettings;
use std::collections::BTreeMap;
use std::net::{SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;
use std::time::Duration;

/// The time in which the ingestors must read all remaining records, and catch up after a fault, on a
/// machine that is slow and busy.
pub const TIMEOUT: Duration = Duration::from_secs(180);

/// A name that no ingestor has.
const NO_INGESTOR: &str = "none";

/// The prefix of the devices' ids.
const ID_PREFIX: &str = "CHAOS-";

/// The size of an environment.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Partitions of the topic.
    pub partitions: i32,
    /// Concurrent ingestors.
    pub ingestors: usize,
    /// The duration of a lease.
    pub lease: Duration,
    /// The traffic.
    pub pace: Pace,
    /// Further settings of the ingestors, as environment variables.
    pub settings: &'static [(&'static str, &'static str)],
}

impl Plan {
    /// Events and markers that are sent per second.
    fn records_per_second(&self) -> i64 {
        let markers = u128::try_from(self.partitions).unwrap_or(0) * 1_000
            / self.pace.marker_interval.as_millis().max(1);
        i64::from(self.pace.events_per_second) + i64::try_from(markers).unwrap_or(i64::MAX)
    }
}

/// The servers and programs to use.
#[derive(Debug, Clone)]
pub struct Servers {
    /// The Kafka cluster.
    pub kafka: KafkaSettings,
    /// The binary `event-ingestor`.
    pub ingestor: PathBuf,
    /// The folder for logs.
    pub logs: PathBuf,
}

/// A topic and a database with ingestors and traffic.
pub struct Environment {
    /// The size of the environment.
    pub plan: Plan,
    /// Its database.
    pub audited: AuditedDatabase,
    /// The proxy between the ingestors and PostgreSQL.
    pub proxy: PgProxy,
    /// Its ingestors.
    pub fleet: Fleet,
    /// Prints the progress.
    pub output: Output,
    /// The prefix of the ids of further devices on the topic; their state is not compared.
    pub bystanders: Option<String>,
    /// Whether a marker's dead letter may have the reason that the database refused it, because it
    /// did.
    pub refuses_letters: bool,
    /// Batches that are unreadable on purpose.
    pub(crate) unreadable: Vec<Marker>,
    pub(crate) kafka: Kafka,
    pub(crate) topic: String,
    ends: Ends,
    /// `None` between the end of one log and the beginning of the next.
    traffic: Option<Traffic>,
    /// Slows the traffic down to what ingestors on this machine can take.
    slowed: LoadPace,
    /// Everything that was sent, except by `traffic`, which still runs.
    pub(crate) sent: Sent,
    /// How often the topic was recreated.
    recreated: u32,
}

/// The result.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What was sent.
    pub sent: Sent,
    /// Batches that were written.
    pub batches: i64,
    /// Violations that the verdict found.
    pub findings: Vec<Finding>,
}

impl Environment {
    /// Starts ingestors on `audited` and the existing topic `topic`, and starts to send.
    ///
    /// # Errors
    /// When something cannot be started.
    pub async fn open(
        plan: Plan,
        servers: &Servers,
        audited: AuditedDatabase,
        topic: &str,
        output: Output,
    ) -> anyhow::Result<Self> {
        let kafka = Kafka::new(&servers.kafka)?;
        let (server, database) = split_url(&audited.url)?;
        let proxy = PgProxy::start(server).await?;
        let mut fleet = Fleet::new(IngestorLaunch {
            binary: servers.ingestor.clone(),
            logs: servers.logs.clone(),
            database_url: format!("postgres://charging@{}/{database}", proxy.address),
            brokers: servers.kafka.brokers.join(","),
            topic: topic.to_owned(),
            lease: plan.lease,
            settings: plan.settings,
        });
        fleet.start_many(plan.ingestors)?;
        let ends = Ends::new(&kafka, topic, plan.partitions);
        let slowed = LoadPace::default();
        let traffic = Traffic::start(&kafka, topic, plan.partitions, &plan.pace, &slowed, ID_PREFIX).await?;
        Ok(Self {
            plan,
            audited,
            proxy,
            fleet,
            output,
            bystanders: None,
            refuses_letters: false,
            unreadable: Vec::new(),
            kafka,
            topic: topic.to_owned(),
            ends,
            traffic: Some(traffic),
            slowed,
            sent: Sent::nothing(),
            recreated: 0,
        })
    }

    /// How far the ingestors are behind.
    ///
    /// # Errors
    /// When a server cannot be reached.
    pub async fn backlog(&self) -> anyhow::Result<Backlog> {
        // In this order, so that records that are written between the two reads count as missing,
        // not as surplus.
        let next = next_offsets(&self.audited).await?;
        Ok(Backlog::between(&next, &self.ends.now().await?))
    }

    /// Waits until every partition is held by a running ingestor and the shares are even, however
    /// far behind they are.
    ///
    /// # Errors
    /// When that takes longer than [`TIMEOUT`].
    pub async fn wait_until_shared(&self) -> anyhow::Result<Duration> {
        wait_until("the ingestors to share the partitions", TIMEOUT, async || self.is_shared().await).await
    }

    async fn is_shared(&self) -> anyhow::Result<bool> {
        let share = i64::from(self.plan.partitions) / i64::try_from(self.fleet.len().max(1))?;
        let even = format!(
            "select count(*) from (select taker from ({HELD}) held group by taker having count(*) >= {share}) shares"
        );
        let (takers, held) = (self.audited.number(&even).await?, self.held_by_others(NO_INGESTOR).await?);
        if !held || takers != i64::try_from(self.fleet.len())? {
            bail!("{takers} ingestors have their share; all partitions held: {held}");
        }
        Ok(true)
    }

    /// The number of written records.
    ///
    /// # Errors
    /// When PostgreSQL cannot be reached.
    pub async fn written(&self) -> anyhow::Result<i64> {
        Ok(next_offsets(&self.audited).await?.values().sum())
    }

    /// Waits until a new batch of each partition is written.
    ///
    /// # Errors
    /// When that takes longer than [`TIMEOUT`].
    pub async fn wait_for_progress(&self) -> anyhow::Result<Duration> {
        let before = next_offsets(&self.audited).await?;
        let moved = async || {
            let now = next_offsets(&self.audited).await?;
            Ok(before.iter().all(|(partition, offset)| now.get(partition).is_some_and(|now| now > offset)))
        };
        wait_until("a batch of each partition to be written", TIMEOUT, moved).await
    }

    /// Publishes a marker of this form to every partition.
    ///
    /// # Errors
    /// When Kafka does not accept it.
    pub async fn publish_markers(&mut self, form: Form) -> anyhow::Result<Vec<Marker>> {
        let mut sent = Vec::new();
        for partition in 0..self.plan.partitions {
            let name = format!("{form:?}-{partition}-{}", self.sent.markers.len());
            let writer = self.kafka.writer(&self.topic);
            sent.push(markers::publish(&writer, partition, &name, form).await?);
        }
        self.sent.markers.extend(sent.iter().cloned());
        Ok(sent)
    }

    /// Whether every partition is held under a lease by another ingestor than `absent`.
    ///
    /// # Errors
    /// When PostgreSQL cannot be reached.
    pub async fn held_by_others(&self, absent: &str) -> anyhow::Result<bool> {
        let held = format!("select count(*) from ({HELD}) held where taker <> '{absent}'");
        Ok(self.audited.number(&held).await? == i64::from(self.plan.partitions))
    }

    /// Waits until `condition` holds.
    ///
    /// # Errors
    /// When that takes too long.
    pub async fn wait_until(
        &self,
        what: &str,
        condition: impl AsyncFn() -> anyhow::Result<bool>,
    ) -> anyhow::Result<Duration> {
        wait_until(what, TIMEOUT, condition).await
    }

    /// Ends the traffic, waits until everything is read, stops the ingestors and compares. If the
    /// injection of the faults ended early, that is a finding, too; the other findings may explain
    /// it.
    ///
    /// # Errors
    /// When something could not be sent or compared.
    pub async fn close(self, injected: anyhow::Result<()>) -> anyhow::Result<Outcome> {
        let ended_early = injected.err().map(|error| format!("the faults ended early: {error:#}"));
        match (self.finish().await, ended_early) {
            (Ok(mut outcome), ended_early) => {
                outcome.findings.extend(ended_early);
                Ok(outcome)
            }
            (Err(error), Some(ended_early)) => Err(error.context(ended_early)),
            (Err(error), None) => Err(error),
        }
    }

    async fn finish(mut self) -> anyhow::Result<Outcome> {
        self.proxy.end_faults();
        let ends = self.finish_traffic().await?;
        self.fleet.kill_all().await;
        let findings = self.judge(&ends).await?;
        let batches = self.audited.number("select count(*) from chaos_moves").await?;
        Ok(Outcome { sent: self.sent, batches, findings })
    }

    /// Ends the traffic and waits until everything is read; returns the end offsets of the
    /// partitions.
    async fn finish_traffic(&mut self) -> anyhow::Result<BTreeMap<i32, i64>> {
        if let Some(traffic) = self.traffic.take() {
            self.sent.merge(traffic.stop().await?);
        }
        let ends = wait_for("the ends of the partitions", TIMEOUT, async || self.ends.now().await).await?;
        let read = async || Ok(next_offsets(&self.audited).await? == ends);
        // A partition that never reaches its end is a finding; the other findings are needed, too.
        let read = wait_until("everything to be written", TIMEOUT, read).await;
        self.output.progress(&match read {
            Ok(took) => format!(
                "all {} records were written {} after the last was sent",
                ends.values().sum::<i64>(),
                seconds(took)
            ),
            Err(error) => format!("{error:#}"),
        });
        Ok(ends)
    }

    async fn judge(&self, ends: &BTreeMap<i32, i64>) -> anyhow::Result<Vec<Finding>> {
        let allowed = Allowed {
            bystanders: self.bystanders.as_deref(),
            refused_markers: self.refuses_letters,
            unreadable: &self.unreadable,
        };
        judge(&self.audited, &self.sent, ends, &allowed).await
    }
}

/// The partitions that are held under a lease, and their owners.
const HELD: &str = "select p.partition, t.taker from chaos_partitions p
    join lateral (select taker from chaos_takes t where t.partition = p.partition and t.owner = p.owner
                  order by t.seq desc limit 1) t on true
    where p.lease_until >= clock_timestamp()";

/// The address of the server, and the name of the database.
fn split_url(url: &str) -> anyhow::Result<(SocketAddr, &str)> {
    let (server, database) = url.rsplit_once('/').context("the database URL has no /database at its end")?;
    let address = server.rsplit_once(['@', '/']).map_or(server, |(_, address)| address);
    let mut addresses = address.to_socket_addrs().with_context(|| format!("resolve {address}"))?;
    Ok((addresses.next().context("the host of the database URL has no address")?, database))
}
