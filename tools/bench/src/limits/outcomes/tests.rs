//! Figures of sessions with limits.

use super::*;

/// A session that one stop ended at its limit of energy.
fn stopped() -> Stopped {
    let row = Row {
        charge_point_id: "A".to_owned(),
        limit_kind: "energy".to_owned(),
        limit_value: 1_000.0,
        reached: Some("energy".to_owned()),
        final_value: Some(1_300.0),
        end_reason: Some("Remote".to_owned()),
        until_ended_s: Some(3.5),
        stops: 1,
    };
    Stopped { row, received: 1 }
}

fn changed(change: impl FnOnce(&mut Stopped)) -> Stopped {
    let mut session = stopped();
    change(&mut session);
    session
}

#[test]
fn a_session_that_was_stopped_once_at_its_limit_is_no_failure() {
    assert_eq!(stopped().failure(), None);
    let at_the_limit = changed(|it| it.row.final_value = Some(1_000.0));
    assert_eq!(at_the_limit.failure(), None);
}

#[test]
fn every_other_outcome_is_a_failure() {
    let failures = [
        (changed(|it| it.row.reached = None), "its limit of energy was not reached first"),
        (changed(|it| it.row.stops = 2), "2 stops were recorded"),
        (changed(|it| it.row.stops = 0), "0 stops were recorded"),
        (changed(|it| it.received = 2), "its device received 2 stops"),
        (changed(|it| it.received = 0), "its device received 0 stops"),
        (changed(|it| it.row.end_reason = Some("Local".to_owned())), "it ended with the reason Local"),
        (changed(|it| it.row.end_reason = None), "it has not ended"),
        (changed(|it| it.row.final_value = Some(999.9)), "below its limit 1000"),
        (changed(|it| it.row.final_value = None), "is not known"),
    ];
    for (session, why) in failures {
        let failure = session.failure().unwrap();
        assert!(failure.starts_with("the session of A: ") && failure.contains(why), "{failure}");
    }
}

#[test]
fn stops_that_devices_received_belong_to_their_sessions() {
    let rows = ["A", "B"].map(|id| Row { charge_point_id: id.to_owned(), ..stopped().row });
    let sessions = with_received(rows.to_vec(), &HashMap::from([("B".to_owned(), 3)]));
    assert_eq!(sessions.iter().map(|session| session.received).collect::<Vec<_>>(), [0, 3]);
}

#[test]
fn overshoot_is_energy_above_the_limit_and_seconds_of_the_power() {
    let other = changed(|it| {
        it.row.limit_kind = "duration".to_owned();
        it.row.reached = Some("duration".to_owned());
        (it.row.limit_value, it.row.final_value, it.row.until_ended_s) = (30.0, Some(32.0), Some(2.25));
    });
    let twice = changed(|it| {
        (it.row.final_value, it.row.until_ended_s, it.row.stops) = (Some(1_400.0), Some(5.0), 2);
    });
    let sessions = [stopped(), other, twice];

    let energy = energy(&sessions, 2, 120_000);
    assert_eq!((energy.sessions, energy.stopped_once, energy.stops), (2, 1, 3));
    assert_eq!((energy.fewest_stops, energy.most_stops), (1, 2));
    assert_eq!(energy.overshoot_wh, Some(Percentiles { p50: 300.0, p95: 400.0, max: 400.0 }));
    assert_eq!(energy.overshoot_power_s, Some(Percentiles { p50: 9.0, p95: 12.0, max: 12.0 }));
    assert_eq!(energy.until_ended_s, Percentiles { p50: 3.5, p95: 5.0, max: 5.0 });

    let duration = duration(&sessions, 1);
    assert_eq!((duration.sessions, duration.stopped_once, duration.overshoot_wh), (1, 1, None));
    assert_eq!(duration.until_ended_s, Percentiles { p50: 2.25, p95: 2.25, max: 2.25 });
}
