//! The state that the tasks of a check share.

use super::judge::Judge;
use crate::settings::{CheckSettings, TopicSettings};
use runtime::kafka::Kafka;
use runtime::lock::MutexExt as _;
use runtime::redis::Redis;
use std::sync::{Mutex, MutexGuard};
use wire::routing::RoutingHash;

/// The judge, the clients and the settings of a check.
#[derive(Debug)]
pub(super) struct CheckContext {
    pub(super) judge: Mutex<Judge>,
    pub(super) kafka: Kafka,
    pub(super) redis: Redis,
    pub(super) topics: TopicSettings,
    pub(super) settings: CheckSettings,
    pub(super) routing_hash: RoutingHash,
}

impl CheckContext {
    /// Locks the judge.
    pub(super) fn judge(&self) -> MutexGuard<'_, Judge> {
        self.judge.locked()
    }
}
