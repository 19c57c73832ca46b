//! Every duplication and every interleaving of a charge point's events leads to the same state as
//! the clean log.

#![expect(clippy::indexing_slicing, clippy::unwrap_used, reason = "a test fails by panicking")]

use chrono::{DateTime, TimeDelta, Utc};
use domain::commands::{CommandRecord, EffectKind, Goal};
use domain::devices::charge_point::ChargePoint;
use domain::devices::connector::Connector;
use domain::devices::presence::Confidence;
use domain::devices::sample::Samples;
use domain::event::{BootReport, EventKind, GatewayEvent, TransactionStart};
use domain::generate::{
    Record, Store, at, busy_log, clean_log, delivered, delivered_evidence, device, evidence_log, kinds,
    pending_commands,
};
use domain::ids::{CommandId, ConnectorId, EventId, GatewayId, SessionId, TransactionId};
use domain::order::{LIVE_WITHIN, RecordPosition};
use domain::sessions::ledger::Derived;
use domain::sessions::session::{ChargingSession, SUPERSEDED, SessionState, StartedBy};
use domain::status::ConnectorStatus;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use std::collections::{BTreeMap, BTreeSet};

type VisibleConnector = (u16, Option<ConnectorStatus>, Option<f64>, Option<f64>);

/// The visible state; the remembered events behind it (ties, forgotten disconnections) may differ.
#[derive(Debug, PartialEq)]
struct Visible {
    connectivity: Connectivity,
    content: Content,
}

/// Whether the device is online, and since when: every record counts.
#[derive(Debug, PartialEq)]
struct Connectivity {
    online: bool,
    confidence: Confidence,
    gateway: Option<GatewayId>,
    last_seen_at: DateTime<Utc>,
    last_heartbeat_at: Option<DateTime<Utc>>,
}

/// The content of the events: copies change nothing.
#[derive(Debug, PartialEq)]
struct Content {
    boot: Option<BootReport>,
    connectors: Vec<VisibleConnector>,
    sessions: Derived,
}

fn visible(state: &ChargePoint) -> Visible {
    let connectivity = Connectivity {
        online: state.liveness.online(),
        confidence: state.liveness.confidence(),
        gateway: state.liveness.gateway().cloned(),
        last_seen_at: state.liveness.last_seen_at,
        last_heartbeat_at: state.liveness.last_heartbeat_at,
    };
    Visible { connectivity, content: content(state) }
}

fn content(state: &ChargePoint) -> Content {
    let mut sessions = state.sessions();
    sessions.unplaced.sort_by_key(|(event, _)| *event);
    Content {
        boot: state.boot.as_ref().map(|boot| boot.value.clone()),
        connectors: state
            .connectors
            .values()
            .map(|c| {
                let status = c.status.as_ref().map(|status| status.newest().value.status);
                (c.id.number(), status, c.power_w.map(|v| v.value), c.energy_wh.map(|v| v.value))
            })
            .collect(),
        sessions,
    }
}

fn state_after(records: &[Record]) -> ChargePoint {
    state_with_commands(&[], records)
}

/// The state after `records`, while `commands` were pending.
fn state_with_commands(commands: &[CommandRecord], records: &[Record]) -> ChargePoint {
    let mut state = ChargePoint::new(device(), records[0].1.appended_at);
    state.commands = commands.iter().cloned().collect();
    for (event, position) in records {
        state.apply(event, position);
    }
    state
}

/// The same with each record in a batch of its own, as ingestors store and load it: commands that
/// can no longer change are not loaded.
fn stored_and_loaded(commands: &[CommandRecord], records: &[Record]) -> ChargePoint {
    let mut state = ChargePoint::new(device(), records[0].1.appended_at);
    let mut commands = commands.to_vec();
    for (event, position) in records {
        state.commands = commands.iter().filter(|record| record.is_open()).cloned().collect();
        let stored = serde_json::to_string(&state.ledger).unwrap();
        state.ledger = serde_json::from_str(&stored).unwrap();
        state.apply(event, position);
        let sessions = state.sessions().sessions;
        for record in &mut commands {
            if let Some(loaded) = state.commands.get(record.id) {
                *record = loaded.clone();
            } else {
                record.follow_sessions(&sessions, |began| state.ledger.remembers(began));
            }
        }
    }
    state.commands = commands.into_iter().collect();
    state
}

/// The sessions that commands are known to have started or ended. A stop counts only if its
/// transaction has ended in the final state: meanwhile, another session may have seemed to have
/// that id.
fn effects(state: &ChargePoint) -> Vec<(CommandId, Option<SessionId>)> {
    let sessions = state.sessions().sessions;
    let is_reached = |record: &&CommandRecord| match &record.goal {
        Some(Goal::Stopped { transaction_id, .. }) => sessions.iter().any(|session| {
            session.transaction_id.as_ref() == Some(transaction_id)
                && session.ended_at().is_some_and(|ended_at| ended_at >= record.issued_at)
        }),
        _ => true,
    };
    state.commands.iter().filter(is_reached).map(|record| (record.id, record.session_id())).collect()
}

/// The records in the order in which they were appended.
fn in_order(records: &[Record]) -> Vec<Record> {
    let mut records = records.to_vec();
    records.sort_by_key(|(_, position)| (position.appended_at, position.partition, position.offset));
    records
}

fn samples(records: &[Record]) -> Samples {
    let mut samples = Samples::default();
    records.iter().for_each(|(event, position)| samples.add_event(event, position));
    samples
}

/// 500 logs per property; `PROPTEST_CASES` sets a greater number.
fn config() -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig { cases: default.cases.max(500), ..default }
}

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
    fn any_delivery_leads_to_the_state_of_the_clean_log((clean, delivered) in delivered()) {
        let state = state_after(&delivered);
        prop_assert_eq!(content(&state), content(&state_after(&clean)));
        prop_assert_eq!(visible(&state), visible(&state_after(&in_order(&delivered))));
    }

    #[test]
    fn the_live_status_is_the_one_that_was_appended_last((_, delivered) in delivered()) {
        let is_late = |(event, position): &&Record| {
            event.claimed_at.is_some_and(|claimed| position.appended_at - claimed > LIVE_WITHIN)
        };
        let mut copies = BTreeSet::new();
        let mut last = BTreeMap::new();
        for (event, _) in in_order(&delivered).iter().filter(|record| !is_late(record)) {
            if let EventKind::StatusChanged(report) = &event.kind && copies.insert(event.event_id.clone()) {
                last.insert(report.connector_id, report.status);
            }
        }
        // A late status takes effect a minute after its claimed time, which may be after the live
        // ones.
        for (event, _) in delivered.iter().filter(is_late) {
            if let EventKind::StatusChanged(report) = &event.kind {
                last.remove(&report.connector_id);
            }
        }
        let state = state_after(&delivered);
        for (connector, status) in last {
            prop_assert_eq!(state.connectors[&connector].reported_status(), Some(status));
        }
    }

    #[test]
    fn a_device_is_online_unless_a_disconnection_of_its_gateway_was_appended_last((clean, _) in delivered()) {
        let ordered = in_order(&clean);
        let last = ordered.iter().rev().find(|(event, _)| event.kind.is_proof_of_life());
        let Some((_, at)) = last else { return Ok(()) };
        let state = state_after(&clean);
        let place = |position: &RecordPosition| (position.appended_at, position.partition, position.offset);
        let gone = ordered.iter().any(|(event, position)| {
            let is_goodbye = matches!(event.kind, EventKind::Disconnected { .. });
            is_goodbye && place(position) > place(at) && event.gateway_id.as_ref() == state.liveness.gateway()
        });
        prop_assert_eq!(state.liveness.online(), !gone);
    }

    #[test]
    fn sessions_from_evidence_are_the_same_for_any_delivery((clean, delivered) in delivered_evidence()) {
        prop_assert_eq!(content(&state_after(&delivered)), content(&state_after(&clean)));
    }

    #[test]
    fn commands_have_the_same_effects_for_any_delivery(
        (clean, delivered) in delivered(),
        commands in pending_commands(),
    ) {
        let (clean, state) = (state_with_commands(&commands, &clean), state_with_commands(&commands, &delivered));
        prop_assert_eq!(content(&state), content(&clean));
        prop_assert_eq!(effects(&state), effects(&clean));
    }

    #[test]
    fn commands_have_the_same_effects_for_any_delivery_of_evidence(
        (clean, delivered) in delivered_evidence(),
        commands in pending_commands(),
    ) {
        let (clean, state) = (state_with_commands(&commands, &clean), state_with_commands(&commands, &delivered));
        prop_assert_eq!(content(&state), content(&clean));
        prop_assert_eq!(effects(&state), effects(&clean));
    }

    #[test]
    fn commands_have_the_same_effects_wherever_batches_end(
        (clean, delivered) in prop_oneof![delivered(), delivered_evidence()],
        commands in pending_commands(),
    ) {
        let (clean, state) = (state_with_commands(&commands, &clean), stored_and_loaded(&commands, &delivered));
        prop_assert_eq!(content(&state), content(&clean));
        prop_assert_eq!(effects(&state), effects(&clean));
    }

    #[test]
    fn a_start_has_at_most_one_effect_which_matches_its_driver_and_time(
        (_, delivered) in prop_oneof![delivered(), delivered_evidence()],
        commands in pending_commands(),
    ) {
        let state = state_with_commands(&commands, &delivered);
        let mut seen = BTreeSet::new();
        for session in state.sessions().sessions {
            let Some(command) = session.command_id.and_then(|id| state.commands.get(id)) else { continue };
            prop_assert!(seen.insert(command.id), "one session");
            prop_assert_eq!(command.session_id(), Some(session.id));
            let Some(Goal::Charging { connector_id, id_tag }) = &command.goal else { panic!("a start") };
            prop_assert_eq!(session.id_tag.as_ref(), Some(id_tag));
            prop_assert!(connector_id.is_none_or(|wanted| wanted == session.connector_id));
            if session.started_by != StartedBy::Event {
                prop_assert!(session.started_at + TimeDelta::seconds(60) >= command.issued_at);
            }
        }
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

    #[test]
    fn readings_alone_never_leave_two_sessions_open_on_one_connector(clean in evidence_log()) {
        let sessions = state_after(&clean).sessions().sessions;
        for connector in [1, 2] {
            let is_open = |held: &&ChargingSession| held.is_open() && held.connector_id.number() == connector;
            prop_assert!(sessions.iter().filter(is_open).count() <= 1, "{:?}", sessions);
        }
    }

    #[test]
    fn any_delivery_leads_to_the_samples_of_the_clean_log((clean, delivered) in delivered()) {
        prop_assert_eq!(samples(&delivered), samples(&clean));
    }

    #[test]
    fn repeating_all_events_changes_nothing(clean in clean_log()) {
        let once = state_after(&clean);
        let mut twice = once.clone();
        for (event, position) in &clean {
            twice.apply(event, position);
        }
        prop_assert_eq!(visible(&twice), visible(&once));
    }

    #[test]
    fn an_old_event_changes_no_status(clean in clean_log(), late in kinds()) {
        let before = state_after(&clean);
        let event = GatewayEvent { claimed_at: Some(at(-1_000_000)), event_id: EventId::parse("late").unwrap(), kind: late, ..clean[0].0.clone() };
        let mut after = before.clone();
        after.apply(&event, &RecordPosition { partition: 0, offset: 5_000, appended_at: at(10_000) });
        for (id, connector) in before.connectors.iter().filter(|(_, connector)| connector.status.is_some()) {
            let status = |connector: &Connector| connector.status.as_ref().map(|status| status.newest().clone());
            prop_assert_eq!(status(&after.connectors[id]), status(connector));
        }
    }

    #[test]
    fn an_old_record_takes_no_device_online_or_offline(clean in clean_log(), old in kinds()) {
        let before = state_after(&clean);
        // Through the gateway that holds the device: of two gateways with different clocks the
        // other one may take over the device.
        let gateway_id = before.liveness.gateway().cloned().or_else(|| clean[0].0.gateway_id.clone());
        let event_id = EventId::parse("old").unwrap();
        let event = GatewayEvent { event_id, gateway_id, kind: old, ..clean[0].0.clone() };
        let mut after = before.clone();
        after.apply(&event, &RecordPosition { partition: 0, offset: 5_000, appended_at: at(-1_000) });
        if before.liveness.seen.is_some() {
            prop_assert_eq!(visible(&after).connectivity.online, visible(&before).connectivity.online);
        }
        prop_assert_eq!(after.liveness.last_seen_at, before.liveness.last_seen_at);
    }
}

#[test]
fn generated_commands_have_effects() {
    let mut runner = TestRunner::deterministic();
    let mut seen = BTreeSet::new();
    for _ in 0..500 {
        let (clean, _) = delivered_evidence().new_tree(&mut runner).unwrap().current();
        let commands = pending_commands().new_tree(&mut runner).unwrap().current();
        let state = state_with_commands(&commands, &clean);
        let started = state.sessions().sessions.into_iter().filter(|session| session.command_id.is_some());
        seen.extend(started.map(|session| session.started_by.as_str()));
        let effects = state.commands.iter().filter_map(|record| record.life.effect());
        seen.extend(effects.map(|(_, effect)| match effect.kind {
            EffectKind::Charging => "charging",
            EffectKind::Stopped => "stopped",
            EffectKind::Restarted => "restarted",
            EffectKind::Status => "status",
        }));
    }
    assert_eq!(seen, BTreeSet::from(["charging", "readings", "status", "stop", "stopped"]));
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
