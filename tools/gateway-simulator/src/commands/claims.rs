//! Which pod reads which partition of the command topic, and from which offset. No I/O and no
//! clock.
//!
//! In the contract's manner, a pod reads the partition of its hash and continues at its last offset
//! after a restart. The deployed gateway uses Kafka consumer groups: it starts at the last
//! committed offset, or without one at the oldest. It commits offsets only when a claim ends in
//! order; the claims of a killed pod do not.

mod membership;
#[cfg(test)]
mod tests;

use crate::settings::CommandGroups;
use chrono::{DateTime, TimeDelta, Utc};
use std::collections::BTreeMap;

/// The claims of all pods.
#[derive(Debug)]
pub(crate) struct Claims {
    sharing: Sharing,
    pods: Vec<PodState>,
    claims: BTreeMap<i32, Vec<Claim>>,
}

/// How partitions are shared.
#[derive(Debug)]
enum Sharing {
    /// Permanently.
    Fixed,
    /// By Kafka, among the pods of a group.
    Groups {
        groups: CommandGroups,
        session: TimeDelta,
        partitions: Vec<i32>,
        /// The committed offsets by group (the pod's number if it is alone in its group, else 0)
        /// and partition.
        committed: BTreeMap<(usize, i32), i64>,
    },
}

/// Whether a pod runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PodState {
    Up,
    /// It was killed; its group has not noticed yet.
    Unnoticed {
        since: DateTime<Utc>,
    },
    Down,
}

/// A pod's claim of a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Claim {
    pod: usize,
    /// The next offset; `None` for the first one, which is not known yet.
    next: Option<i64>,
}

/// The offset to fetch from next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FetchFrom {
    /// No pod reads the partition.
    NoReader,
    /// Some pod reads from the first offset, which must be resolved: the oldest, or the end.
    First,
    /// That offset.
    Offset(i64),
}

impl Claims {
    /// Each pod reads the partition of its hash.
    pub(crate) fn by_hash(partitions: impl Iterator<Item = i32>) -> Self {
        let mut claims = BTreeMap::<i32, Vec<Claim>>::new();
        let mut pods = Vec::new();
        for (pod, partition) in partitions.enumerate() {
            claims.entry(partition).or_default().push(Claim { pod, next: None });
            pods.push(PodState::Up);
        }
        Self { sharing: Sharing::Fixed, pods, claims }
    }

    /// Each pod reads all partitions.
    pub(crate) fn of_all_partitions(partitions: &[i32], pods: usize) -> Self {
        let each_pod = || (0..pods).map(|pod| Claim { pod, next: None }).collect();
        let claims = partitions.iter().map(|partition| (*partition, each_pod())).collect();
        Self { sharing: Sharing::Fixed, pods: vec![PodState::Up; pods], claims }
    }

    /// The pods are consumers of Kafka groups, which notice a missing member after `session`.
    pub(crate) fn by_groups(
        groups: CommandGroups,
        session: TimeDelta,
        partitions: Vec<i32>,
        pods: usize,
    ) -> Self {
        let claims = partitions.iter().map(|partition| (*partition, Vec::new())).collect();
        let sharing = Sharing::Groups { groups, session, partitions, committed: BTreeMap::new() };
        let mut all = Self { sharing, pods: vec![PodState::Up; pods], claims };
        match groups {
            CommandGroups::Shared => all.rebalance(),
            CommandGroups::PerPod => (0..pods).for_each(|pod| all.claim_all(pod)),
        }
        all
    }

    /// The partitions that some pod reads, or may read later.
    pub(crate) fn partitions(&self) -> Vec<i32> {
        self.claims.keys().copied().collect()
    }

    /// Whether a pod without an offset begins with the oldest command; otherwise at the end.
    pub(crate) const fn starts_at_oldest(&self) -> bool {
        matches!(self.sharing, Sharing::Groups { .. })
    }

    /// The lowest offset that a running pod needs next from that partition.
    pub(crate) fn fetch_from(&self, partition: i32) -> FetchFrom {
        let mut from = FetchFrom::NoReader;
        for claim in self.claims.get(&partition).into_iter().flatten().filter(|claim| self.is_up(claim.pod)) {
            from = match (claim.next, from) {
                (None, _) => return FetchFrom::First,
                (Some(next), FetchFrom::Offset(lowest)) => FetchFrom::Offset(next.min(lowest)),
                (Some(next), _) => FetchFrom::Offset(next),
            };
        }
        from
    }

    /// Resolves the first offset of that partition.
    pub(crate) fn resolve_first(&mut self, partition: i32, first: i64) {
        for claim in self.claims.get_mut(&partition).into_iter().flatten() {
            claim.next.get_or_insert(first);
        }
    }

    /// The pods that read the record at `offset`, which was fetched from the offset `from`. Their
    /// claims advance past it.
    pub(crate) fn deliver(&mut self, partition: i32, from: i64, offset: i64) -> Vec<usize> {
        let mut pods = Vec::new();
        for claim in self.claims.get_mut(&partition).into_iter().flatten() {
            let is_up = self.pods.get(claim.pod) == Some(&PodState::Up);
            // A claim that was reset during the fetch waits for a fetch from its new offset.
            if is_up && claim.next.is_some_and(|next| (from..=offset).contains(&next)) {
                claim.next = Some(offset + 1);
                pods.push(claim.pod);
            }
        }
        pods
    }

    /// The offsets from `from` up to `to` cannot be read: claims at `from` continue at `to`.
    pub(crate) fn skip(&mut self, partition: i32, from: i64, to: i64) {
        for claim in self.claims.get_mut(&partition).into_iter().flatten() {
            if claim.next == Some(from) {
                claim.next = Some(to);
            }
        }
    }

    fn is_up(&self, pod: usize) -> bool {
        self.pods.get(pod) == Some(&PodState::Up)
    }
}
