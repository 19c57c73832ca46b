//! The ids of the commands that a pod has received, to recognise copies.

use domain::ids::CommandId;
use std::collections::{HashSet, VecDeque};

/// The latest ids, bounded.
#[derive(Debug)]
pub(crate) struct RecentCommands {
    ids: HashSet<CommandId>,
    order: VecDeque<CommandId>,
    capacity: usize,
}

impl RecentCommands {
    pub(crate) fn new(capacity: usize) -> Self {
        Self { ids: HashSet::new(), order: VecDeque::new(), capacity }
    }

    /// Remembers the id; returns whether it is new.
    pub(crate) fn insert(&mut self, id: CommandId) -> bool {
        if !self.ids.insert(id) {
            return false;
        }
        self.order.push_back(id);
        if self.order.len() > self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn an_id_is_new_once_and_memory_is_bounded() {
        let id = |number| CommandId(Uuid::from_u128(number));
        let mut recent = RecentCommands::new(2);
        assert!(recent.insert(id(1)) && !recent.insert(id(1)));
        assert!(recent.insert(id(2)) && recent.insert(id(3)));
        assert!(recent.insert(id(1)), "already forgotten");
        assert_eq!(recent.ids.len(), 2);
    }
}
