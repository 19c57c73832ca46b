//! A wrong clock is an issue in both directions, however wrong it is.

use super::fixture::*;
use crate::feed::FeedKind;
use crate::ids::EventKey;
use crate::issues::{Rule, Seen, Verdict, WrittenChange};
use crate::order::{LIVE_WITHIN, MAX_AHEAD, MAX_BEHIND, RecordPosition, Stamp};
use crate::status::ConnectorStatus::Available;
use chrono::{DateTime, TimeDelta, Utc};
use proptest::prelude::*;

const MAX_LAG: TimeDelta = TimeDelta::minutes(5);

/// What follows from a status whose record is appended at `appended_at` and written `delay` later, from
/// the event to the rule.
fn judged(
    claimed_at: DateTime<Utc>,
    appended_at: DateTime<Utc>,
    delay: TimeDelta,
    is_punctual: bool,
) -> Option<(Verdict, i64)> {
    let status = crate::event::StatusReport {
        connector_id: crate::ids::ConnectorId::parse(1).unwrap(),
        status: Available,
        error_code: None,
        info: None,
        vendor_error_code: None,
    };
    let mut connector = crate::devices::connector::Connector::new(status.connector_id);
    let position = RecordPosition { partition: 0, offset: 1, appended_at };
    let stamp = Stamp::new(Some(claimed_at), &position);
    connector.report_status(&status, EventKey(1), Some(claimed_at), stamp);
    let (at, body) = crate::feed::status_change(None, &connector).unwrap();
    let change = change(at, FeedKind::ConnectorStatusChanged(body));
    let written = WrittenChange { is_punctual, ..written(&change, appended_at + delay) };
    let signal = Rule::ClockSkew { max_lag: MAX_LAG, count: 3 }.judge(written)?;
    let Seen::Lag { seconds } = signal.fact.seen else { panic!("{:?}", signal.fact) };
    Some((signal.verdict, seconds))
}

const WRONG: Verdict = Verdict::Occurred { count: 3 };

#[test]
fn a_clock_at_1970_one_that_is_fast_and_one_in_the_far_future_are_wrong() {
    let day = TimeDelta::days(1);
    let far = "2099-01-01T00:00:00Z".parse().unwrap();
    for claimed in [DateTime::UNIX_EPOCH, at(0) - day * 8, at(0) + minutes(6), at(0) + day, far] {
        let lag = (at(0) - claimed).num_seconds();
        for is_punctual in [true, false] {
            let judged = judged(claimed, at(0), minutes(60), is_punctual);
            assert_eq!(judged, Some((WRONG, lag)), "the record shows it, however late the platform is");
        }
    }
}

#[test]
fn a_clock_within_the_limit_is_in_time_although_it_is_not_plausible() {
    let judged = judged(at(240), at(0), TimeDelta::seconds(1), true);
    assert_eq!(judged, Some((Verdict::Absent, -240)));
}

#[test]
fn a_fast_clock_opens_an_issue_and_does_not_close_it() {
    let mut run = Run::default();
    let fast = |seconds: i64, ahead: i64| {
        let mut change = status(at(seconds), Available, None);
        let FeedKind::ConnectorStatusChanged(body) = &mut change.kind else { panic!("not a status") };
        body.claimed_at = Some(at(seconds + ahead));
        change
    };
    run.pass(&[fast(0, 3_600), fast(10, 3_600), fast(20, 3_600), fast(30, -1_700_000_000)], None);
    assert_eq!(run.seen(), [(crate::issues::Cause::ClockSkew, crate::issues::TransitionKind::Opened, 20)]);
    assert_eq!(run.transitions[0].fact.seen, Seen::Lag { seconds: -3_600 });
    run.pass(&[status(at(40), Available, None)], None);
    assert_eq!(run.transitions[1].kind, crate::issues::TransitionKind::Closed);
}

proptest! {
    /// From 1970 to 2099, and close to the limits: the clock is wrong if it is off by more than the limit.
    #[test]
    fn a_clock_is_judged_by_how_wrong_it_is(
        ahead in prop_oneof![-1_700_000_000..2_400_000_000_i64, -700_000..700_000_i64, -400..400_i64],
        delay in 0..30_i64,
    ) {
        let (claimed, delay) = (at(ahead), TimeDelta::seconds(delay));
        let ahead = TimeDelta::seconds(ahead);
        let is_plausible = ahead <= MAX_AHEAD && -ahead <= MAX_BEHIND;
        // How late a plausible one is shows when the change is written.
        let lag = if is_plausible { delay - ahead } else { -ahead };
        let verdict = if lag.abs() > MAX_LAG { WRONG } else { Verdict::Absent };
        prop_assert_eq!(judged(claimed, at(0), delay, true), Some((verdict, lag.num_seconds())));
        let late = judged(claimed, at(0), LIVE_WITHIN * 60, false);
        prop_assert!(late.is_none_or(|(late, _)| late == verdict), "a late platform shows nothing else");
    }
}
