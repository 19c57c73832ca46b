//! The devices that piles had at their last commands. They say which route key to read before the
//! context of the next command is loaded; the context decides whether it was the right one.

use domain::ids::{ChargePointId, PileId};
use runtime::lock::MutexExt as _;
use std::collections::HashMap;
use std::sync::Mutex;

/// The most piles to remember, about 10 MB.
const MOST: usize = 65_536;

/// Piles with their devices.
#[derive(Debug, Default)]
pub(super) struct KnownDevices(Mutex<HashMap<PileId, ChargePointId>>);

impl KnownDevices {
    /// The device that the pile had.
    pub(super) fn find(&self, pile: PileId) -> Option<ChargePointId> {
        self.0.locked().get(&pile).cloned()
    }

    /// Remembers the device of a pile; forgets all others if there are too many.
    pub(super) fn remember(&self, pile: PileId, device: &ChargePointId) {
        let mut known = self.0.locked();
        if known.get(&pile) == Some(device) {
            return;
        }
        if known.len() >= MOST {
            known.clear();
        }
        known.insert(pile, device.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn remembers_the_last_device_of_a_bounded_number_of_piles() {
        let known = KnownDevices::default();
        let [first, second] = ["CP-1", "CP-2"].map(|id| ChargePointId::parse(id).unwrap());
        let pile = |number: usize| PileId(Uuid::from_u128(number.try_into().unwrap()));
        assert_eq!(known.find(pile(0)), None);
        known.remember(pile(0), &first);
        known.remember(pile(0), &second);
        assert_eq!(known.find(pile(0)), Some(second));
        for number in 1..=MOST {
            known.remember(pile(number), &first);
        }
        assert!(known.0.locked().len() <= MOST);
        assert_eq!(known.find(pile(MOST)), Some(first));
    }
}
