//! Which pod reads which partition of the command topic, and from which offset. No I/O and no
//! clock.
//!
//! In the contract's manner, a pod reads the partition of its hash and continues at its last offset
//! after a restart. The deployed gateway uses Kafka consumer groups: it starts at the last
//! committed offset, or without one at the oldest. It commits offsets only when a claim ends in
//! order; the claims of a killed pod do not.

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

    /// A pod is killed: its claims end without a commit.
    pub(crate) fn kill(&mut self, pod: usize, now: DateTime<Utc>) {
        let Sharing::Groups { groups, .. } = &self.sharing else {
            self.set(pod, PodState::Down);
            return;
        };
        let state = match groups {
            CommandGroups::Shared => PodState::Unnoticed { since: now },
            CommandGroups::PerPod => PodState::Down,
        };
        self.claims.values_mut().for_each(|claims| claims.retain(|claim| claim.pod != pod));
        self.set(pod, state);
    }

    /// A killed pod runs again.
    pub(crate) fn restart(&mut self, pod: usize) {
        self.set(pod, PodState::Up);
        match &self.sharing {
            Sharing::Fixed => {}
            Sharing::Groups { groups: CommandGroups::PerPod, .. } => self.claim_all(pod),
            Sharing::Groups { groups: CommandGroups::Shared, .. } => self.rebalance(),
        }
    }

    /// Assigns the partitions of pods whose session has expired to the others of their group.
    pub(crate) fn expire_sessions(&mut self, now: DateTime<Utc>) {
        let Sharing::Groups { session, .. } = &self.sharing else { return };
        let session = *session;
        let mut has_lost = false;
        for state in &mut self.pods {
            if matches!(state, PodState::Unnoticed { since } if now - *since >= session) {
                *state = PodState::Down;
                has_lost = true;
            }
        }
        if has_lost {
            self.rebalance();
        }
    }

    /// The claims of the running pods end in order, and each of those pods gets a range of the
    /// partitions.
    fn rebalance(&mut self) {
        let Sharing::Groups { partitions, committed, .. } = &mut self.sharing else { return };
        for (partition, claims) in &mut self.claims {
            for claim in claims.drain(..) {
                if let Some(next) = claim.next {
                    committed.insert((0, *partition), next);
                }
            }
        }
        let up: Vec<usize> =
            (0..self.pods.len()).filter(|pod| self.pods.get(*pod) == Some(&PodState::Up)).collect();
        let size = partitions.len().div_ceil(up.len().max(1)).max(1);
        for (pod, range) in up.iter().zip(partitions.chunks(size)) {
            for partition in range {
                let next = committed.get(&(0, *partition)).copied();
                self.claims.entry(*partition).or_default().push(Claim { pod: *pod, next });
            }
        }
    }

    /// The claims of a pod that is alone in its group.
    fn claim_all(&mut self, pod: usize) {
        let Sharing::Groups { partitions, committed, .. } = &self.sharing else { return };
        for partition in partitions {
            let next = committed.get(&(pod, *partition)).copied();
            self.claims.entry(*partition).or_default().push(Claim { pod, next });
        }
    }

    fn is_up(&self, pod: usize) -> bool {
        self.pods.get(pod) == Some(&PodState::Up)
    }

    fn set(&mut self, pod: usize, state: PodState) {
        if let Some(held) = self.pods.get_mut(pod) {
            *held = state;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: TimeDelta = TimeDelta::seconds(10);

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    /// Six partitions that begin at offset 0.
    fn groups(groups: CommandGroups, pods: usize) -> Claims {
        let mut claims = Claims::by_groups(groups, SESSION, (0..6).collect(), pods);
        begin(&mut claims);
        claims
    }

    fn begin(claims: &mut Claims) {
        (0..6).for_each(|partition| claims.resolve_first(partition, 0));
    }

    /// The pods that read the record at `offset` of `partition`, fetched from there.
    fn read(claims: &mut Claims, partition: i32, offset: i64) -> Vec<usize> {
        claims.deliver(partition, offset, offset)
    }

    #[test]
    fn a_shared_group_splits_the_partitions_in_ranges() {
        let mut claims = groups(CommandGroups::Shared, 3);
        let readers: Vec<_> = (0..6).map(|partition| read(&mut claims, partition, 0)).collect();
        assert_eq!(readers, [[0], [0], [1], [1], [2], [2]]);
        assert_eq!(groups(CommandGroups::Shared, 1).deliver(5, 0, 0), [0]);
    }

    #[test]
    fn a_group_for_each_pod_reads_everything() {
        let mut claims = groups(CommandGroups::PerPod, 2);
        assert_eq!(read(&mut claims, 3, 0), [0, 1]);
        assert!(claims.starts_at_oldest());
    }

    #[test]
    fn a_killed_pod_reads_its_commands_again() {
        let mut claims = groups(CommandGroups::PerPod, 2);
        read(&mut claims, 3, 0);
        claims.kill(0, at(0));
        assert_eq!(read(&mut claims, 3, 1), [1], "the other one continues");
        claims.restart(0);
        assert_eq!(claims.fetch_from(3), FetchFrom::First);
        begin(&mut claims);
        assert_eq!(claims.fetch_from(3), FetchFrom::Offset(0));
        assert_eq!(claims.deliver(3, 0, 0), [0], "the other one has read it");
        assert_eq!(claims.deliver(3, 0, 1), [0]);
        assert_eq!(claims.deliver(3, 0, 2), [1, 0]);
    }

    #[test]
    fn the_others_read_a_killed_pods_partitions_again_after_its_session() {
        let mut claims = groups(CommandGroups::Shared, 3);
        for partition in 0..6 {
            read(&mut claims, partition, 0);
        }
        claims.kill(2, at(0));
        assert_eq!(claims.fetch_from(4), FetchFrom::NoReader);
        claims.expire_sessions(at(9));
        assert_eq!(claims.fetch_from(4), FetchFrom::NoReader, "the group has not noticed");
        claims.expire_sessions(at(10));
        assert_eq!(claims.fetch_from(4), FetchFrom::First, "nothing was committed");
        begin(&mut claims);
        assert_eq!(read(&mut claims, 4, 0), [1], "executed again");
        assert_eq!(claims.fetch_from(2), FetchFrom::Offset(1), "the others' offsets were committed");
        assert_eq!(read(&mut claims, 2, 1), [0]);
    }

    #[test]
    fn a_restart_assigns_the_ranges_again() {
        let mut claims = groups(CommandGroups::Shared, 2);
        read(&mut claims, 1, 0);
        claims.kill(1, at(0));
        claims.restart(1);
        assert_eq!(claims.fetch_from(1), FetchFrom::Offset(1));
        assert_eq!(read(&mut claims, 1, 1), [0]);
        begin(&mut claims);
        assert_eq!(read(&mut claims, 3, 0), [1]);
    }

    #[test]
    fn in_the_contracts_manner_a_pod_continues_at_its_last_offset() {
        let mut claims = Claims::by_hash([4, 7, 4].into_iter());
        assert_eq!(claims.partitions(), [4, 7]);
        claims.resolve_first(4, 10);
        assert_eq!(claims.deliver(4, 10, 10), [0, 2]);
        claims.kill(2, at(0));
        assert_eq!(claims.deliver(4, 11, 11), [0]);
        claims.restart(2);
        assert_eq!(claims.fetch_from(4), FetchFrom::Offset(11));
        assert_eq!(claims.deliver(4, 11, 11), [2]);
    }

    #[test]
    fn records_fetched_before_a_reset_are_not_delivered() {
        let mut claims = groups(CommandGroups::PerPod, 1);
        for offset in 0..3 {
            read(&mut claims, 0, offset);
        }
        claims.kill(0, at(0));
        claims.restart(0);
        claims.resolve_first(0, 0);
        assert_eq!(claims.deliver(0, 3, 3), [0; 0], "offsets 0 to 2 come first");
        assert_eq!(claims.deliver(0, 0, 0), [0]);
    }

    #[test]
    fn skips_unreadable_offsets() {
        let mut claims = groups(CommandGroups::PerPod, 1);
        claims.skip(0, 0, 17);
        assert_eq!(claims.fetch_from(0), FetchFrom::Offset(17));
        claims.skip(0, 3, 20);
        assert_eq!(claims.fetch_from(0), FetchFrom::Offset(17));
    }
}
