//! Judges the command topic: its partitions, and how long it keeps commands.

use super::Judge;
use crate::check::rule::Rule;
use runtime::kafka::TopicRetention;
use std::time::Duration;

impl Judge {
    /// The command topic has `found` partitions; returns whether that is the agreed number.
    pub fn judge_command_partitions(&mut self, found: usize) -> bool {
        let agreed = usize::from(self.parameters.command_partitions);
        self.tallies
            .judge(Rule::CommandPartitions, found == agreed, || format!("{found} partitions, not {agreed}"));
        found == agreed
    }

    /// The topic `topic` has the retention `found`; commands should be deleted after `limit`.
    pub fn judge_command_retention(&mut self, topic: &str, found: TopicRetention, limit: Duration) {
        match found.excess(limit) {
            None => self.tallies.kept(Rule::CommandRetentionLong),
            Some(excess) => self.tallies.broken(Rule::CommandRetentionLong, || format!("{topic} {excess}")),
        }
    }
}
