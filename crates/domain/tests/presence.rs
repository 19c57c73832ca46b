//! Whether a device is online: the consequences of silence, of probes and of their answers.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use chrono::{DateTime, TimeDelta, Utc};
use domain::commands::{CommandLife, CommandRecord, CommandState, Goal};
use domain::devices::charge_point::ChargePoint;
use domain::devices::liveness::{DisconnectionCause, DoubtReason};
use domain::devices::presence::{Confidence, SilenceEvidence, SilenceTimeouts, Verdict};
use domain::event::{BootReport, EventKind, GatewayEvent};
use domain::generate::{Record, at, delivered, device};
use domain::ids::{CommandId, EventId, EventKey, GatewayId, PileId};
use domain::order::RecordPosition;
use proptest::prelude::*;
use uuid::Uuid;

const PATIENCE: SilenceTimeouts =
    SilenceTimeouts { timeout: TimeDelta::seconds(630), answer: TimeDelta::seconds(10), probing: true };
const NOTHING: SilenceEvidence = SilenceEvidence { asked_at: None, gateway_suspected: false };

fn s(seconds: i64) -> DateTime<Utc> {
    at(seconds * 1_000)
}

fn asked(seconds: i64) -> SilenceEvidence {
    SilenceEvidence { asked_at: Some(s(seconds)), ..NOTHING }
}

/// An event with the given id and the claimed time `claimed`, appended at `appended`, both in
/// seconds.
fn record(id: i64, claimed: i64, appended: i64, kind: EventKind) -> Record {
    let event = GatewayEvent {
        event_id: EventId::parse(&format!("event-{id}")).unwrap(),
        charge_point_id: device(),
        gateway_id: GatewayId::parse("pod-0").ok(),
        claimed_at: Some(s(claimed)),
        trace_id: None,
        kind,
    };
    (event, RecordPosition { partition: 0, offset: id, appended_at: s(appended) })
}

fn heard_at(seconds: i64) -> ChargePoint {
    let mut state = ChargePoint::new(device(), s(0));
    let (event, position) = record(seconds, seconds, seconds, EventKind::Heartbeat);
    state.apply(&event, &position);
    state
}

fn online_and_confidence(state: &ChargePoint) -> (bool, Confidence) {
    (state.liveness.online(), state.liveness.confidence())
}

#[test]
fn a_silent_device_is_offline_after_an_unanswered_probe() {
    let mut state = heard_at(100);
    assert_eq!(state.liveness.judge(s(731), &PATIENCE, &NOTHING), Verdict::Waits, "it was not probed");
    assert_eq!(state.liveness.judge(s(731), &PATIENCE, &asked(99)), Verdict::Waits, "it was heard since");
    assert_eq!(
        state.liveness.judge(s(731), &PATIENCE, &asked(725)),
        Verdict::Waits,
        "the time for an answer is not over"
    );
    assert_eq!(
        state.liveness.judge(s(730), &PATIENCE, &asked(430)),
        Verdict::Waits,
        "it has not been silent for the timeout"
    );
    let gone = Verdict::Gone { at: s(730), cause: DisconnectionCause::Unanswered };
    assert_eq!(state.liveness.fall_silent(s(740), &PATIENCE, &asked(430)), gone);
    assert_eq!(online_and_confidence(&state), (false, Confidence::Unanswered));
    assert_eq!(state.liveness.fall_silent(s(9_999), &PATIENCE, &asked(430)), Verdict::Waits, "once");
}

#[test]
fn a_silent_device_without_a_probe_is_offline_later_and_doubtful() {
    let mut state = heard_at(100);
    assert_eq!(state.liveness.fall_silent(s(1_360), &PATIENCE, &NOTHING), Verdict::Waits);
    let gone = Verdict::Gone { at: s(1_360), cause: DisconnectionCause::Unprobed };
    assert_eq!(state.liveness.fall_silent(s(1_361), &PATIENCE, &NOTHING), gone);
    assert_eq!(online_and_confidence(&state), (false, Confidence::Doubtful));
    let off = SilenceTimeouts { probing: false, ..PATIENCE };
    let gone = Verdict::Gone { at: s(730), cause: DisconnectionCause::Unprobed };
    assert_eq!(heard_at(100).liveness.fall_silent(s(731), &off, &NOTHING), gone, "devices are not probed");
}

#[test]
fn a_device_of_a_suspected_gateway_is_doubtful_and_offline_after_the_timeout() {
    let mut state = heard_at(100);
    let suspected = SilenceEvidence { gateway_suspected: true, ..NOTHING };
    let doubtful = Verdict::Doubtful(DoubtReason::GatewaySilent);
    assert_eq!(state.liveness.fall_silent(s(120), &PATIENCE, &suspected), doubtful);
    assert_eq!(online_and_confidence(&state), (true, Confidence::Doubtful));
    assert_eq!(state.liveness.fall_silent(s(121), &PATIENCE, &suspected), Verdict::Waits, "once");
    assert_eq!(state.liveness.fall_silent(s(132), &PATIENCE, &asked(122)), Verdict::Waits);
    let gone = Verdict::Gone { at: s(132), cause: DisconnectionCause::Unanswered };
    assert_eq!(state.liveness.fall_silent(s(133), &PATIENCE, &asked(122)), gone);
    assert_eq!(online_and_confidence(&state), (false, Confidence::Unanswered));
}

#[test]
fn a_sign_of_life_ends_doubt_and_silence_even_with_a_slow_clock() {
    // This clock is an hour behind.
    let slow = |id, seconds: i64| record(id, seconds - 3_600, seconds, EventKind::Heartbeat);
    let mut state = ChargePoint::new(device(), s(0));
    let (event, position) = slow(1, 5_000);
    state.apply(&event, &position);
    assert_eq!(state.liveness.judge(s(5_600), &PATIENCE, &asked(5_400)), Verdict::Waits, "it was just heard");
    let suspected = SilenceEvidence { gateway_suspected: true, ..NOTHING };
    state.liveness.fall_silent(s(5_020), &PATIENCE, &suspected);
    assert_eq!(online_and_confidence(&state), (true, Confidence::Doubtful));
    let (event, position) = slow(2, 5_030);
    state.apply(&event, &position);
    assert_eq!(online_and_confidence(&state), (true, Confidence::Live));
    assert_ne!(state.liveness.fall_silent(s(9_000), &PATIENCE, &asked(5_400)), Verdict::Waits);
    assert_eq!(online_and_confidence(&state), (false, Confidence::Unanswered));
    let (event, position) = slow(3, 9_001);
    state.apply(&event, &position);
    assert_eq!(
        online_and_confidence(&state),
        (true, Confidence::Live),
        "its clock is behind the end of the silence"
    );
}

#[test]
fn silence_counts_from_when_the_platform_wrote_the_sign_of_life() {
    let mut state = heard_at(100);
    state.liveness.written_at = Some(s(4_000));
    assert_eq!(state.liveness.judge(s(4_600), &PATIENCE, &asked(4_500)), Verdict::Waits);
    assert_eq!(
        state.liveness.judge(s(4_700), &PATIENCE, &asked(3_999)),
        Verdict::Waits,
        "heard after the probe"
    );
    assert_ne!(state.liveness.judge(s(4_700), &PATIENCE, &asked(4_500)), Verdict::Waits);
}

#[test]
fn a_disconnection_makes_a_silent_device_certainly_offline() {
    let mut state = heard_at(100);
    state.liveness.fall_silent(s(9_000), &PATIENCE, &asked(500));
    let (event, position) = record(9, 101, 9_001, EventKind::Disconnected { reason: None });
    state.apply(&event, &position);
    assert_eq!(online_and_confidence(&state), (false, Confidence::Live));
}

#[test]
fn a_stored_disconnection_without_a_cause_is_from_the_gateway() {
    let mut state = heard_at(100);
    state.liveness.fall_silent(s(9_000), &PATIENCE, &asked(500));
    let mut stored = serde_json::to_value(&state.liveness.disconnections[0]).unwrap();
    stored.as_object_mut().unwrap().remove("cause");
    state.liveness.disconnections = vec![serde_json::from_value(stored).unwrap()];
    assert_eq!(online_and_confidence(&state), (false, Confidence::Live));
}

/// A pending reset that was requested at 100 s.
fn reset(state: &mut ChargePoint) {
    let record = CommandRecord {
        id: CommandId(Uuid::from_u128(1)),
        pile_id: PileId(Uuid::from_u128(2)),
        charge_point_id: device(),
        name: "Reset".to_owned(),
        goal: Some(Goal::Restarted),
        gateway_id: GatewayId::parse("pod-0").unwrap(),
        route: None,
        issued_by: None,
        issued_at: s(100),
        expires_at: s(160),
        life: CommandLife::accepted(s(100)),
    };
    state.commands = std::iter::once(record).collect();
}

fn boot(id: i64, seconds: i64) -> Record {
    record(id, seconds, seconds, EventKind::Connected(BootReport::default()))
}

/// Whether the reset is confirmed after `boots` if a BootNotification was requested at 105 s.
fn is_reset_by(boots: &[Record]) -> bool {
    let mut state = heard_at(90);
    reset(&mut state);
    state.boot_probe.asked_at = Some(s(105));
    for (event, position) in boots {
        state.apply(event, position);
    }
    state.commands.iter().all(|record| record.life.state() != CommandState::Accepted)
}

#[test]
fn a_requested_boot_confirms_no_reset() {
    assert!(!is_reset_by(&[boot(1, 106)]));
    assert!(!is_reset_by(&[boot(1, 106), boot(1, 106)]), "nor does its copy");
    assert!(!is_reset_by(&[boot(1, 106), record(1, 106, 300, EventKind::Connected(BootReport::default()))]));
    assert!(is_reset_by(&[boot(1, 106), boot(2, 130)]), "the second one was not requested");
    assert!(is_reset_by(&[boot(2, 130), boot(1, 106)]), "in any order of arrival");
    assert!(is_reset_by(&[boot(1, 166)]), "too late for an answer");
}

#[test]
fn each_request_has_its_own_answer() {
    let mut state = heard_at(90);
    state.boot_probe.asked_at = Some(s(95));
    let (first, position) = boot(1, 96);
    state.apply(&first, &position);
    reset(&mut state);
    state.boot_probe.asked_at = Some(s(215));
    let (second, position) = boot(2, 216);
    state.apply(&second, &position);
    assert_eq!(state.boot_probe.answer.as_ref().unwrap().event, EventKey::of(&second.event_id));
    assert!(state.commands.iter().all(|record| record.life.state() == CommandState::Accepted));
}

fn applied<'a>(records: impl IntoIterator<Item = &'a Record>) -> ChargePoint {
    let mut state = ChargePoint::new(device(), at(0));
    for (event, position) in records {
        state.apply(event, position);
    }
    state
}

fn newest(state: &ChargePoint) -> Option<EventKey> {
    state.liveness.seen.as_ref().map(|seen| seen.event)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Silence that is concluded early, followed by late events, leads to the same state as if all
    /// events had been known before.
    #[test]
    fn silence_ends_the_same_in_any_order(
        (_, records) in delivered(), early in 0..20_usize, suspected in any::<bool>(),
    ) {
        let (first, rest) = records.split_at(early.min(records.len()));
        let evidence = SilenceEvidence { gateway_suspected: suspected, ..NOTHING };
        let now = if suspected { s(100) } else { s(1_000_000) };
        let mut judged = applied(first);
        let concluded_from = newest(&judged);
        judged.liveness.fall_silent(now, &PATIENCE, &evidence);
        for (event, position) in rest {
            judged.apply(event, position);
        }
        let mut all = applied(&records);
        if newest(&all) == concluded_from {
            // Silence is judged repeatedly: a copy may since have shown that a disconnection was
            // not the last event.
            judged.liveness.fall_silent(now, &PATIENCE, &evidence);
            all.liveness.fall_silent(now, &PATIENCE, &evidence);
        }
        prop_assert_eq!(online_and_confidence(&judged), online_and_confidence(&all));
    }

    #[test]
    fn repeated_events_end_no_silence((_, records) in delivered(), suspected in any::<bool>()) {
        let evidence = SilenceEvidence { gateway_suspected: suspected, ..NOTHING };
        let mut state = applied(&records);
        state.liveness.fall_silent(if suspected { s(100) } else { s(1_000_000) }, &PATIENCE, &evidence);
        let before = online_and_confidence(&state);
        for (event, position) in &records {
            state.apply(event, position);
        }
        prop_assert_eq!(online_and_confidence(&state), before);
    }

    /// Boots around a request confirm a reset or not, regardless of their order and of how often
    /// they arrive.
    #[test]
    fn boots_are_distinguished_from_answers_in_any_order(
        log in proptest::collection::vec(101..200_i64, 1..6).prop_flat_map(|times| {
            let clean: Vec<Record> = times.into_iter().zip(1..).map(|(at, id)| boot(id, at)).collect();
            let twice: Vec<Record> = clean.iter().chain(&clean).cloned().collect();
            (Just(clean), Just(twice).prop_shuffle())
        }),
    ) {
        let (mut clean, shuffled) = log;
        clean.sort_by_key(|(_, position)| position.appended_at);
        prop_assert_eq!(is_reset_by(&shuffled), is_reset_by(&clean));
    }
}
