//! Sessions of any log are plausible, and recorded regardless of batches and of the order of
//! arrival.

use crate::fixture::{config, content, state_after};
use chrono::{DateTime, Utc};
use domain::event::{EventKind, GatewayEvent, TransactionStart};
use domain::generate::{Record, Store, at, busy_log, delivered, delivered_evidence, evidence_log};
use domain::ids::{ConnectorId, EventId, TransactionId};
use domain::order::RecordPosition;
use domain::sessions::ledger::Derived;
use domain::sessions::session::{ChargingSession, SUPERSEDED, SessionState, StartedBy};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use std::collections::BTreeSet;

/// A session as the platform must record it: connector, id, start, end, and the register at the
/// end.
type ExpectedSession = (u16, String, DateTime<Utc>, Option<DateTime<Utc>>, Option<f64>);

fn recorded(store: &Store) -> Vec<ExpectedSession> {
    let row = |session: &ChargingSession| {
        let id = session.transaction_id.as_ref().map_or_else(String::new, |id| id.as_str().to_owned());
        let ended = (session.ended_at(), session.meter_stop_wh());
        (session.connector_id.number(), id, session.started_at, ended.0, ended.1)
    };
    let mut rows: Vec<ExpectedSession> = store.sessions.values().map(row).collect();
    rows.sort_by_key(|row| (row.0, row.2));
    rows
}

fn one_at_a_time(sessions: &[ChargingSession]) -> Result<(), TestCaseError> {
    for connector in [1, 2] {
        let is_open = |held: &&ChargingSession| held.is_open() && held.connector_id.number() == connector;
        prop_assert!(sessions.iter().filter(is_open).count() <= 1, "{:?}", sessions);
    }
    for session in sessions {
        prop_assert!(session.ended_at().is_none_or(|end| session.started_at <= end), "{:?}", session);
    }
    Ok(())
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn sessions_end_after_they_start_and_one_is_open_on_a_connector((clean, delivered) in delivered()) {
        one_at_a_time(&state_after(&clean).sessions().sessions)?;
        one_at_a_time(&state_after(&delivered).sessions().sessions)?;
    }

    #[test]
    fn sessions_from_evidence_end_after_they_start(clean in evidence_log()) {
        one_at_a_time(&state_after(&clean).sessions().sessions)?;
    }

    #[test]
    fn readings_alone_never_leave_two_sessions_open_on_one_connector(clean in evidence_log()) {
        let sessions = state_after(&clean).sessions().sessions;
        for connector in [1, 2] {
            let is_open = |held: &&ChargingSession| held.is_open() && held.connector_id.number() == connector;
            prop_assert!(sessions.iter().filter(is_open).count() <= 1, "{:?}", sessions);
        }
    }

    #[test]
    fn small_batches_record_the_same_as_one_batch((_, delivered) in delivered(), size in 1..4_usize) {
        let (mut batches, mut whole) = (Store::default(), Store::default());
        delivered.chunks(size).for_each(|batch| drop(batches.batch(batch)));
        whole.batch(&delivered);
        if batches.state.ledger.remembers_since().is_none() {
            prop_assert_eq!(recorded(&batches), recorded(&whole));
        }
    }

    #[test]
    fn the_sessions_of_a_busy_device_are_recorded_in_any_order_of_arrival(
        (log, delivered, size) in busy_log().prop_flat_map(|log| {
            let all = log.records.clone();
            (Just(log), Just(all).prop_shuffle(), 1..6_usize)
        }),
    ) {
        let mut store = Store::default();
        delivered.chunks(size).for_each(|batch| drop(store.batch(batch)));
        let sessions = log.sessions.into_iter().map(|held| (held.connector, held.id, held.from, held.to, held.meter_wh));
        let mut expected: Vec<ExpectedSession> = sessions.collect();
        expected.sort_by_key(|row| (row.0, row.2));
        prop_assert_eq!(recorded(&store), expected);
    }

    #[test]
    fn a_start_that_arrives_at_any_time_replaces_the_evidence(
        (clean, delivered) in delivered_evidence(),
        (connector, id) in (1..=2_i64, proptest::option::of(700..=702_u16)),
        (instant, place) in (0..40_i64, any::<prop::sample::Index>()),
    ) {
        let start = TransactionStart {
            connector_id: ConnectorId::parse(connector).unwrap(),
            transaction_id: id.map(|id| TransactionId::parse(&id.to_string()).unwrap()),
            id_tag: None,
            meter_start_wh: Some(100.0),
            reservation_id: None,
        };
        let event = GatewayEvent {
            claimed_at: Some(at(instant)),
            event_id: EventId::parse("start").unwrap(),
            kind: EventKind::TransactionStarted(start),
            ..clean[0].0.clone()
        };
        let record = (event, RecordPosition { partition: 1, offset: 0, appended_at: at(instant) });
        let with_start = |records: &[Record], place: usize| {
            let mut records = records.to_vec();
            records.insert(place, record.clone());
            state_after(&records)
        };
        let in_order = with_start(&clean, 0);
        prop_assert_eq!(content(&with_start(&delivered, place.index(delivered.len() + 1))), content(&in_order));
        let derived = in_order.sessions();
        let opened = derived.sessions.iter().filter(|held| held.started_by == StartedBy::Event);
        prop_assert_eq!(opened.count(), 1, "{:?}", derived.sessions);
    }
}

#[test]
fn generated_evidence_leads_to_every_kind_of_session() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for _ in 0..500 {
        let log = evidence_log().new_tree(&mut runner).unwrap().current();
        let Derived { sessions, unplaced } = state_after(&log).sessions();
        seen.extend(unplaced.iter().map(|(_, why)| why.reason()));
        for session in sessions {
            let is_superseded = matches!(
                &session.state,
                SessionState::Ended { reason: Some(reason), .. } if reason == SUPERSEDED
            );
            seen.insert(session.started_by.as_str());
            seen.insert(if is_superseded {
                SUPERSEDED
            } else if session.is_open() {
                "open"
            } else {
                "ended"
            });
        }
    }
    let expected =
        ["STOP_AMBIGUOUS", "STOP_WITHOUT_SESSION", SUPERSEDED, "ended", "open", "readings", "stop"];
    assert_eq!(seen, BTreeSet::from(expected));
}
