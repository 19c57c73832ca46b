//! Commands have the same effects for any delivery, wherever batches end.

use crate::fixture::{config, content, state_with_commands};
use chrono::TimeDelta;
use domain::commands::{CommandRecord, EffectKind, Goal};
use domain::devices::charge_point::ChargePoint;
use domain::generate::{Record, delivered, delivered_evidence, device, pending_commands};
use domain::ids::{CommandId, SessionId};
use domain::sessions::session::StartedBy;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use std::collections::BTreeSet;

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

proptest! {
    #![proptest_config(config())]

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
