//! The goals for the time to truth.

use super::Verdict;
use crate::report::{Arrivals, KilledPod, MovedDevices, Truth, grouped_count};

/// P95 from the kill of a pod until its devices are at least doubtful, in seconds.
const NOTICED_S: f64 = 30.0;
/// P95 from the kill of a pod until its devices are offline or found elsewhere, in seconds.
const SETTLED_S: f64 = 90.0;
/// The greatest growth of P95 of the events of other devices after the kill, in percent.
const OTHERS_PERCENT: f64 = 20.0;
/// P95 from the first event of a moved device to a command for the new pod, in ms.
const FOLLOWED_MS: f64 = 2_000.0;

/// Compares the results of the time to truth with the goals.
pub(super) fn judge(truth: &Truth) -> Vec<Verdict> {
    let killed = &truth.killed;
    vec![
        arrived("P95 from a pod killed to its devices doubtful", NOTICED_S, killed, &killed.noticed),
        arrived("… offline or found elsewhere", SETTLED_S, killed, &killed.settled),
        others(killed),
        followed(&truth.moved),
    ]
}

fn arrived(what: &str, goal_s: f64, killed: &KilledPod, arrivals: &Arrivals) -> Verdict {
    let measured = arrivals.p95_s.map_or_else(
        || {
            let (reached, devices) = (grouped_count(arrivals.reached), grouped_count(killed.devices));
            format!("{reached} of {devices} devices after {} s", killed.watched_s)
        },
        |p95| format!("{p95} s"),
    );
    let met = arrivals.p95_s.is_some_and(|p95| p95 <= goal_s);
    Verdict::new(what, format!("≤ {goal_s} s"), measured, met)
}

fn others(killed: &KilledPod) -> Verdict {
    let others = &killed.others;
    let (growth, before, after) = (others.p95_growth_percent, others.before.p95_ms, others.after.p95_ms);
    let measured = format!("{growth:+} % ({before:.1} → {after:.1} ms)");
    let met = before > 0.0 && growth <= OTHERS_PERCENT;
    Verdict::new(
        "… P95 of the events of other devices meanwhile",
        format!("≤ +{OTHERS_PERCENT} %"),
        measured,
        met,
    )
}

fn followed(moved: &MovedDevices) -> Verdict {
    let p95 = moved.latency.p95_ms;
    let all = moved.followed == moved.devices && moved.devices > 0;
    let measured =
        if all { format!("{p95:.0} ms") } else { format!("{} of {} devices", moved.followed, moved.devices) };
    let what = "P95 from the first event of a moved device to a command for its new pod";
    Verdict::new(what, format!("≤ {FOLLOWED_MS} ms"), measured, all && p95 <= FOLLOWED_MS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::sample;

    fn met(change: impl Fn(&mut Truth)) -> Vec<bool> {
        let mut truth = sample().truth.unwrap();
        change(&mut truth);
        judge(&truth).iter().map(|verdict| verdict.met).collect()
    }

    #[test]
    fn each_goal_is_compared() {
        assert_eq!(met(|_| {}), [true, true, false, true]);
        assert!(!met(|truth| truth.killed.noticed.p95_s = Some(30.1))[0]);
        assert!(!met(|truth| truth.killed.settled.p95_s = Some(90.1))[1]);
        assert!(met(|truth| truth.killed.others.p95_growth_percent = 20.0)[2]);
        assert!(!met(|truth| truth.moved.latency.p95_ms = 2_000.1)[3]);
    }

    #[test]
    fn devices_that_did_not_arrive_miss_the_goal() {
        assert!(!met(|truth| truth.killed.noticed.p95_s = None)[0]);
        assert!(!met(|truth| truth.killed.settled.p95_s = None)[1]);
        assert!(!met(|truth| truth.moved.followed -= 1)[3]);
    }

    #[test]
    fn a_baseline_that_was_not_measured_meets_no_goal() {
        let empty = |truth: &mut Truth| {
            truth.killed.others.before.p95_ms = 0.0;
            truth.killed.others.p95_growth_percent = 0.0;
        };
        assert!(!met(empty)[2]);
    }
}
