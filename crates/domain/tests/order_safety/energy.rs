//! Each Wh of a connector's register is in at most one session, in any order of arrival.

use crate::fixture::{config, content, state_after};
use domain::devices::charge_point::ChargePoint;
use domain::generate::{Store, delivered_metered};
use domain::ids::ConnectorId;
use domain::sessions::session::ChargingSession;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

/// The part of its connector's register that a session took, in Wh; `None` if it is not known.
fn taken(state: &ChargePoint, session: &ChargingSession) -> Option<(ConnectorId, f64, f64)> {
    let registers = state.connectors.get(&session.connector_id).map(|connector| &connector.registers);
    let newest = registers.and_then(|registers| registers.of_session(session));
    let (start, energy) = (session.meter_start_wh?, session.energy_wh(newest)?);
    Some((session.connector_id, start, start + energy))
}

fn no_wh_twice(state: &ChargePoint, sessions: &[ChargingSession]) -> Result<(), TestCaseError> {
    let mut taken: Vec<_> = sessions.iter().filter_map(|session| taken(state, session)).collect();
    taken.sort_by(|one, other| one.partial_cmp(other).unwrap());
    for pair in taken.windows(2) {
        let is_apart = pair[0].0 != pair[1].0 || pair[0].2 <= pair[1].1;
        prop_assert!(is_apart, "{:?} in {:#?}", pair, sessions);
    }
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn each_wh_is_in_at_most_one_session((clean, delivered) in delivered_metered(), size in 1..6_usize) {
        let state = state_after(&delivered);
        prop_assert_eq!(content(&state), content(&state_after(&clean)));
        no_wh_twice(&state, &state.sessions().sessions)?;
        let mut store = Store::default();
        delivered.chunks(size).for_each(|batch| drop(store.batch(batch)));
        no_wh_twice(&store.state, &store.recorded())?;
    }
}

#[test]
fn generated_charges_share_connectors_and_have_energy() {
    let mut runner = TestRunner::deterministic();
    let mut adjacent = 0;
    for _ in 0..500 {
        let (clean, _) = delivered_metered().new_tree(&mut runner).unwrap().current();
        let state = state_after(&clean);
        let sessions = state.sessions().sessions;
        let known = sessions.iter().filter_map(|session| taken(&state, session));
        adjacent += usize::from(known.filter(|(_, start, stop)| start < stop).count() >= 2);
    }
    assert!(adjacent > 100, "{adjacent}");
}
