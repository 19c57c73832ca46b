//! Recreates the topic of an environment, with a verdict on the log of the former topic.

use super::{Environment, TIMEOUT};
use crate::fleet::OPERATOR;
use crate::lag::Ends;
use crate::traffic::Traffic;
use crate::waiting::wait_for;
use anyhow::{Context as _, ensure};
use std::collections::BTreeMap;
use std::time::Duration;

impl Environment {
    /// Ends the traffic, waits until everything is read, compares, and restarts the audit, because
    /// the offsets of the next topic belong to other records. Returns the end offsets of the
    /// partitions.
    ///
    /// # Errors
    /// When the verdict has a finding.
    pub(crate) async fn finish_topic(&mut self) -> anyhow::Result<BTreeMap<i32, i64>> {
        let ends = self.finish_traffic().await?;
        let findings = self.judge(&ends).await?;
        ensure!(findings.is_empty(), "before the topic was deleted: {}", findings.join("; "));
        self.audited.run_sql("truncate chaos_moves, chaos_effects").await?;
        self.sent.markers.clear();
        Ok(ends)
    }

    /// Deletes the topic, creates it again, and sends events of other devices.
    ///
    /// # Errors
    /// When Kafka refuses it.
    pub(crate) async fn recreate_topic(&mut self) -> anyhow::Result<()> {
        let (kafka, topic, partitions) = (&self.kafka, &self.topic, self.plan.partitions);
        kafka.delete_topic(topic).await.context("delete the topic")?;
        let created = async || Ok(kafka.create_topic(topic, partitions).await?);
        wait_for("the topic to be created again", TIMEOUT, created).await?;
        self.ends = Ends::new(kafka, topic, partitions);
        self.recreated += 1;
        let id_prefix = format!("CHAOS{}-", self.recreated);
        // The new log must outgrow the old one soon.
        self.restore_pace();
        let traffic =
            Traffic::start(kafka, topic, partitions, &self.plan.pace, &self.slowed, &id_prefix).await?;
        self.traffic = Some(traffic);
        Ok(())
    }

    /// Waits until each partition has grown past `ends`.
    ///
    /// # Errors
    /// When that takes too long.
    pub(crate) async fn wait_until_longer(&self, ends: &BTreeMap<i32, i64>) -> anyhow::Result<Duration> {
        let longer = async || {
            let now = self.ends.now().await?;
            Ok(ends.iter().all(|(partition, end)| now.get(partition).is_some_and(|now| now > end)))
        };
        self.wait_until("the new log to grow past the old one", longer).await
    }

    /// The number of partitions that are halted for one of these reasons.
    ///
    /// # Errors
    /// When PostgreSQL cannot be reached.
    pub(crate) async fn halted(&self, reasons: &[&str]) -> anyhow::Result<i64> {
        let halted = format!(
            "select count(*) from ingest_partitions where topic = '{}' and halted_at_offset = next_offset
                                                      and halted_because in ('{}')",
            self.topic,
            reasons.join("', '")
        );
        self.audited.number(&halted).await
    }

    /// Resumes each partition from the beginning of its log, as an operator would.
    ///
    /// # Errors
    /// When the command fails.
    pub(crate) async fn resume_partitions(&self) -> anyhow::Result<()> {
        for partition in 0..self.plan.partitions {
            self.fleet.resume_partition(partition).await?;
        }
        // The operator's move is not a batch.
        self.audited.run_sql(&format!("delete from chaos_moves where writer = '{OPERATOR}'")).await
    }
}
