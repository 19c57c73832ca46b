//! Judges how long the command topic keeps commands.

use super::{Judge, Rule};
use runtime::kafka::TopicRetention;
use std::time::Duration;

impl Judge {
    /// The topic `topic` has the retention `found`; commands should be deleted after `limit`.
    pub fn command_retention(&mut self, topic: &str, found: TopicRetention, limit: Duration) {
        match found.excess(limit) {
            None => self.tallies.kept(Rule::CommandRetentionLong),
            Some(excess) => self.tallies.broken(Rule::CommandRetentionLong, || format!("{topic} {excess}")),
        }
    }
}
