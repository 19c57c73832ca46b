//! The pods that run: how claims begin and end when pods are killed and restarted.

use super::{Claim, Claims, PodState, Sharing};
use crate::settings::CommandGroups;
use chrono::{DateTime, Utc};

impl Claims {
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
    pub(super) fn rebalance(&mut self) {
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

    /// Claims all partitions for a pod that is alone in its group.
    pub(super) fn claim_all(&mut self, pod: usize) {
        let Sharing::Groups { partitions, committed, .. } = &self.sharing else { return };
        for partition in partitions {
            let next = committed.get(&(pod, *partition)).copied();
            self.claims.entry(*partition).or_default().push(Claim { pod, next });
        }
    }

    fn set(&mut self, pod: usize, state: PodState) {
        if let Some(held) = self.pods.get_mut(pod) {
            *held = state;
        }
    }
}
