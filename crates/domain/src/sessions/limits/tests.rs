//! Which limit is reached first, and when a session needs another stop.

use super::*;
use proptest::prelude::*;
use uuid::Uuid;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
}

fn yuan(fen: u32) -> Money {
    Money::rounded(Decimal::new(fen.into(), 2), Currency::parse("CNY").unwrap())
}

fn reading(seconds: i64, energy_wh: f64, fen: u32) -> Progress {
    Progress { at: at(seconds), energy_wh, total: Some(yuan(fen)) }
}

fn limits(energy: Option<u32>, duration: Option<u32>, amount: Option<&str>) -> SessionLimits {
    SessionLimits {
        max_energy_wh: energy,
        max_duration_s: duration,
        max_amount: amount.map(|amount| Price::parse(amount).unwrap()),
        currency: amount.map(|_| Currency::parse("CNY").unwrap()),
    }
}

#[test]
fn each_kind_of_limit_is_reached_at_its_value() {
    let readings = [reading(10, 999.9, 299), reading(20, 1_000.0, 300), reading(30, 1_100.0, 330)];
    let reached = |limits: SessionLimits, now| limits.first_reached(at(0), &readings, at(now));
    let expected = |kind, seconds, value: &str| {
        Some(LimitReached { kind, at: at(seconds), value: LimitValue::parse(value).unwrap() })
    };
    assert_eq!(reached(limits(Some(1_000), None, None), 30), expected(LimitKind::Energy, 20, "1000"));
    assert_eq!(reached(limits(Some(1_050), None, None), 30), expected(LimitKind::Energy, 30, "1100"));
    assert_eq!(reached(limits(Some(1_101), None, None), 30), None);
    assert_eq!(reached(limits(None, Some(25), None), 24), None);
    assert_eq!(reached(limits(None, Some(25), None), 25), expected(LimitKind::Duration, 25, "25"));
    assert_eq!(reached(limits(None, None, Some("3")), 30), expected(LimitKind::Amount, 20, "3.00"));
    assert_eq!(reached(limits(None, None, Some("3.31")), 30), None);
}

#[test]
fn an_amount_in_another_currency_reaches_no_limit() {
    let dollars = Money::rounded(Decimal::from(900), Currency::parse("USD").unwrap());
    let readings = [Progress { total: Some(dollars), ..reading(10, 1.0, 0) }];
    assert_eq!(limits(None, None, Some("3")).first_reached(at(0), &readings, at(10)), None);
}

#[test]
fn the_first_limit_wins() {
    let all = limits(Some(1_000), Some(25), Some("3"));
    let reached = |readings: &[Progress]| all.first_reached(at(0), readings, at(60)).unwrap().kind;
    assert_eq!(reached(&[reading(20, 1_000.0, 100)]), LimitKind::Energy);
    assert_eq!(reached(&[reading(30, 1_000.0, 300)]), LimitKind::Duration);
    assert_eq!(reached(&[reading(20, 900.0, 300), reading(24, 1_000.0, 310)]), LimitKind::Amount);
    assert_eq!(reached(&[reading(20, 1_000.0, 300)]), LimitKind::Energy, "the same reading");
}

#[test]
fn the_overshoot_is_what_the_session_took_above_its_limit() {
    let limits = limits(Some(1_000), None, Some("3"));
    let overshoot = |kind, value| limits.overshoot(kind, LimitValue::parse(value).unwrap());
    assert_eq!(overshoot(LimitKind::Energy, "1012.5").map(|over| over.to_string()).unwrap(), "12.5");
    assert_eq!(overshoot(LimitKind::Amount, "3.40").map(|over| over.to_string()).unwrap(), "0.4");
    assert_eq!(overshoot(LimitKind::Energy, "990").map(LimitValue::as_f64), Some(0.0));
    assert_eq!(overshoot(LimitKind::Duration, "9"), None);
}

#[test]
fn another_stop_is_sent_only_when_the_last_one_is_over() {
    let attempt = |state| StopAttempt { state, issued_at: at(0), expires_at: at(60) };
    let over = |state, attempts, now| attempt(state).is_over(attempts, at(now));
    assert!(!over(CommandState::Waiting, 1, 1_000_000), "the wait has its own end");
    for state in [CommandState::Accepted, CommandState::Published, CommandState::Confirmed] {
        assert!(!over(state, 1, 59));
        assert!(over(state, 1, 60));
    }
    let ended =
        [CommandState::Failed, CommandState::Rejected, CommandState::Expired, CommandState::Cancelled];
    for state in ended {
        assert!(!over(state, 1, 14));
        assert!(over(state, 1, 15));
        assert!(!over(state, 3, 59), "the pause doubles");
        assert!(over(state, 3, 60));
        assert!(over(state, u16::MAX, 1_800), "the pause is bounded");
    }
}

#[test]
fn all_replicas_derive_the_same_stop() {
    let start = CommandId(Uuid::now_v7());
    let first = CommandId::of_limit_stop(start, 1);
    assert_eq!(first, CommandId::of_limit_stop(start, 1));
    assert_ne!(first, CommandId::of_limit_stop(start, 2));
    assert_ne!(first, CommandId::of_limit_stop(CommandId(Uuid::now_v7()), 1));
    assert_eq!(first.0.get_version_num(), 7);
    assert_eq!(first.0.as_bytes().first_chunk::<6>(), start.0.as_bytes().first_chunk::<6>());
}

/// Readings in order of time with rising registers and totals, and the time of the check.
fn any_readings() -> impl Strategy<Value = Vec<Progress>> {
    prop::collection::vec((1..60_i64, 0..500_u32, 0..300_u32), 0..20).prop_map(|steps| {
        let mut last = (0, 0_u32, 0_u32);
        let next = |(seconds, wh, fen)| {
            last = (last.0 + seconds, last.1 + wh, last.2 + fen);
            reading(last.0, last.1.into(), last.2)
        };
        steps.into_iter().map(next).collect()
    })
}

fn any_limits() -> impl Strategy<Value = SessionLimits> {
    let amount = prop::option::of(1..3_000_u32);
    (prop::option::of(1..5_000_u32), prop::option::of(1..900_u32), amount).prop_map(
        |(energy, duration, fen)| {
            let amount = fen.map(|fen| Decimal::new(fen.into(), 2).to_string());
            limits(energy, duration, amount.as_deref())
        },
    )
}

proptest! {
    /// Later readings and later checks do not change the limit that was reached.
    #[test]
    fn a_reached_limit_stays_the_first(limits in any_limits(), readings in any_readings()) {
        let mut before = None;
        for count in 0..=readings.len() {
            let known = &readings[..count];
            let now = known.last().map_or(at(0), |reading| reading.at);
            let reached = limits.first_reached(at(0), known, now);
            prop_assert!(before.is_none() || before == reached);
            before = reached;
        }
    }

    /// A limit is reached by the first reading at or above it, and by no earlier one.
    #[test]
    fn nothing_is_reached_below_the_limits(limits in any_limits(), readings in any_readings()) {
        let now = readings.last().map_or(at(0), |reading| reading.at);
        let exceeds = |reading: &Progress| {
            let passed = (reading.at - at(0)).num_seconds();
            limits.max_energy_wh.is_some_and(|limit| reading.energy_wh >= f64::from(limit))
                || limits.max_duration_s.is_some_and(|limit| passed >= i64::from(limit))
                || limits.max_amount.is_some_and(|limit| reading.total.unwrap().amount() >= limit.value())
        };
        let first = readings.iter().find(|reading| exceeds(reading));
        let reached = limits.first_reached(at(0), &readings, now);
        prop_assert_eq!(reached.is_some(), first.is_some());
        if let (Some(reached), Some(first)) = (reached, first) {
            prop_assert!(reached.at <= first.at);
            prop_assert!(Some(reached.value) >= limits.limit(reached.kind));
        }
    }

    /// Higher limits are never reached earlier.
    #[test]
    fn higher_limits_are_reached_later(readings in any_readings(), low in 1..4_000_u32, more in 0..1_000_u32) {
        let now = readings.last().map_or(at(0), |reading| reading.at);
        let reached_at = |limit| limits(Some(limit), None, None).first_reached(at(0), &readings, now).map(|reached| reached.at);
        let (early, late) = (reached_at(low), reached_at(low + more));
        prop_assert!(late.is_none() || early.is_some_and(|early| Some(early) <= late));
    }

    #[test]
    fn limits_survive_serialization(limits in any_limits()) {
        let stored = serde_json::to_string(&limits).unwrap();
        prop_assert_eq!(serde_json::from_str::<SessionLimits>(&stored).unwrap(), limits);
    }
}
