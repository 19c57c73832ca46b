//! Segments of one round and of several.

use super::*;

/// A call per ms for three seconds; the first second is warm-up. `ended` returns the duration
/// in ms and the result of each.
fn segment(ended: impl Fn(u64) -> (u64, Outcome<u64>)) -> RunSegment<u64> {
    let begin = Instant::now();
    let ms = Duration::from_millis;
    let calls = (0..3_000).map(|number| {
        let (took, outcome) = ended(number);
        let due = begin + ms(number);
        Call { due, begun: due, ended: due + ms(took), outcome }
    });
    let window = Window { from: 1_000_000, to: 3_000_000 };
    let round = Round { begin, window, calls: calls.collect(), metered: MeteredInterval::nothing() };
    RunSegment { rate: 1_000, rounds: vec![round] }
}

#[test]
fn counts_only_calls_due_in_the_window() {
    let phase = segment(|number| (if number < 1_000 { 900 } else { 4 }, Ok(number))).phase();
    assert_eq!((phase.calls, phase.failed), (2_000, 0));
    assert!((phase.latency.max_ms - 4.0).abs() < 1e-9 && (phase.p99_at_end_ms - 4.0).abs() < 1e-9);
}

#[test]
fn a_constant_latency_is_sustained() {
    let phase = segment(|number| (4, Ok(number))).phase();
    assert_eq!(phase.why_not(), None);
    assert!((phase.answered_per_s - 1_000.0).abs() < 1e-9, "{}", phase.answered_per_s);
}

#[test]
fn a_growing_latency_is_not_sustained() {
    let phase = segment(|number| (number / 10, Ok(number))).phase();
    assert!(!phase.sustained);
    assert!(phase.answered_per_s < 990.0, "{}", phase.answered_per_s);
}

#[test]
fn one_failure_means_not_sustained_and_is_reported() {
    let refused = Err("503 BROKER_UNAVAILABLE".to_owned());
    let phase = segment(|number| (4, if number == 2_000 { refused.clone() } else { Ok(number) })).phase();
    assert_eq!((phase.failed, phase.failure.as_deref()), (1, Some("503 BROKER_UNAVAILABLE")));
    assert!(!phase.sustained);
}

#[test]
fn later_instants_count_from_when_the_call_was_due() {
    let segment = segment(|number| (4, Ok(number)));
    let end = |number: &u64| Ok(segment.rounds[0].begin + Duration::from_millis(number + 3));
    assert!((segment.until(end).unwrap().p99_ms - 3.0).abs() < 1e-9);
    assert!(segment.until(|_| anyhow::bail!("never")).is_err());
}

#[test]
fn the_result_of_several_rounds_is_of_all_their_calls() {
    // A slow machine, a fast one, and a stall: no mean of medians, but the median of all calls.
    let mut all = segment(|number| (10, Ok(number)));
    all.append(segment(|number| (4, Ok(number))));
    all.append(segment(|number| (if number == 2_999 { 600 } else { 4 }, Ok(number))));
    let phase = all.phase();
    assert_eq!((phase.calls, phase.failed, phase.seconds), (6_000, 0, 6.0));
    let latency = phase.latency;
    assert_eq!((latency.p50_ms, latency.p95_ms, latency.max_ms), (4.0, 10.0, 600.0));
    assert!((phase.p99_at_end_ms - 10.0).abs() < 1e-9, "{phase:?}");
    assert!(phase.sustained, "{phase:?}");
    assert_eq!(all.successes().count(), 9_000);
}

#[test]
fn a_failure_in_any_round_counts() {
    let mut all = segment(|number| (4, Ok(number)));
    let refused = |number| if number == 2_000 { Err("503 X".to_owned()) } else { Ok(number) };
    all.append(segment(|number| (4, refused(number))));
    let phase = all.phase();
    assert_eq!((phase.failed, phase.failure.as_deref()), (1, Some("503 X")));
    assert!(!phase.sustained);
}
