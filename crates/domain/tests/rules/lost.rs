//! Sessions with lost, repeated or late messages, and with reused transaction ids.

use crate::device::{Device, at, metered, started, stopped, transaction};
use chrono::{DateTime, Utc};
use domain::devices::charge_point::Outcome;
use domain::event::{BootReport, EventKind, TransactionStart, TransactionStop};
use domain::ids::{ConnectorId, IdTag, SessionId};
use domain::sessions::session::{ChargingSession, SUPERSEDED, SessionState};

/// A session: its id, connector, start, end and end reason.
type Row = (String, u16, DateTime<Utc>, Option<DateTime<Utc>>, Option<String>);

fn row(session: &ChargingSession) -> Row {
    let reason = match &session.state {
        SessionState::Ended { reason, .. } => reason.clone(),
        SessionState::Open => None,
    };
    let id = session.transaction_id.as_ref().map_or_else(String::new, |id| id.as_str().to_owned());
    (id, session.connector_id.number(), session.started_at, session.ended_at(), reason)
}

fn rows(device: &Device) -> Vec<Row> {
    device.sessions().iter().map(row).collect()
}

fn expected(id: &str, connector: u16, started: i64, ended: Option<i64>, reason: &str) -> Row {
    let reason = ended.map(|_| reason.to_owned());
    (id.to_owned(), connector, at(started), ended.map(at), reason)
}

fn stopped_at(id: &str, meter_wh: f64) -> EventKind {
    EventKind::TransactionStopped(TransactionStop {
        transaction_id: transaction(id),
        reason: Some("Local".to_owned()),
        meter_stop_wh: Some(meter_wh),
        stopped_at: None,
    })
}

fn started_at(connector: i64, id: &str, tag: &str, meter_wh: f64) -> EventKind {
    EventKind::TransactionStarted(TransactionStart {
        connector_id: ConnectorId::parse(connector).unwrap(),
        transaction_id: transaction(id),
        id_tag: IdTag::parse(tag).ok(),
        meter_start_wh: Some(meter_wh),
        reservation_id: None,
    })
}

#[test]
fn a_start_ends_the_open_session_on_its_connector() {
    let mut device = Device::new();
    device.report(10, "a", started(1, "700"));
    device.report(20, "a", metered(1, "700"));
    device.report(30, "a", EventKind::Connected(BootReport::default()));
    device.report(40, "a", started(1, "701"));
    assert_eq!(
        rows(&device),
        [expected("700", 1, 10, Some(40), SUPERSEDED), expected("701", 1, 40, None, "")]
    );
    assert_eq!(device.report(50, "a", stopped("701")), Outcome::Applied);
    assert!(device.sessions().iter().all(|session| !session.is_open()));
}

#[test]
fn two_hundred_lost_stops_leave_one_session_open() {
    let mut device = Device::new();
    for n in 1..=200 {
        device.report(n * 100, "a", started_at(1, &(700 + n).to_string(), "TAG", 1_000.0));
        device.state.settle();
    }
    assert_eq!(device.sessions().iter().filter(|session| session.is_open()).count(), 1);
}

#[test]
fn a_lost_stop_of_an_unnamed_session_does_not_block_later_ones() {
    let mut device = Device::new();
    device.report(10, "a", started_at(1, "", "A", 100.0));
    device.report(20, "a", started_at(1, "", "B", 200.0));
    assert_eq!(device.report(30, "a", stopped("702")), Outcome::Applied);
    device.report(40, "a", started_at(1, "", "C", 300.0));
    assert_eq!(device.report(50, "a", stopped("703")), Outcome::Applied);
    let ends: Vec<_> = device.sessions().iter().map(ChargingSession::ended_at).collect();
    assert_eq!(ends, [Some(at(20)), Some(at(30)), Some(at(50))]);
}

#[test]
fn a_copy_of_a_start_with_another_event_id_opens_no_other_session() {
    for ids in [["", ""], ["700", "700"], ["700", ""], ["", "700"]] {
        let mut device = Device::new();
        device.report(10, "a", started(1, ids[0]));
        device.report(20, "a", stopped("700"));
        // The copy claims the same instant and is appended after the stop.
        device.report_claiming(Some(at(10)), at(25), "a", started(1, ids[1]));
        assert_eq!(rows(&device), [expected("700", 1, 10, Some(20), "Remote")], "{ids:?}");
    }
}

#[test]
fn a_stop_with_an_earlier_time_than_its_start_ends_the_session_at_the_start() {
    for order in [[10, 9], [9, 10]] {
        let mut device = Device::new();
        for seconds in order {
            let kind = if seconds == 10 { started(1, "5") } else { stopped("5") };
            device.report(seconds, "a", kind);
        }
        assert_eq!(rows(&device), [expected("5", 1, 10, Some(10), "Remote")], "{order:?}");
    }
}

#[test]
fn a_stop_long_before_a_start_with_its_id_belongs_to_another_session() {
    let mut device = Device::new();
    device.report(10, "a", stopped("5"));
    device.report(500, "a", started(1, "5"));
    assert!(device.sessions()[0].is_open());
}

#[test]
fn a_constant_transaction_id_names_successive_sessions() {
    for start_id in ["1", ""] {
        let mut device = Device::new();
        for n in 0..10_i32 {
            let from = i64::from(n) * 1_000;
            let meter = 100.0 * f64::from(n);
            device.report(from, "a", started_at(1, start_id, "TAG", meter));
            device.report(from + 60, "a", metered(1, "1"));
            let under_way = device.state.connectors.values().next().unwrap().sighted.clone();
            assert_eq!(
                under_way.map(|sighted| sighted.value),
                transaction("1"),
                "a stop finds the session by its id"
            );
            assert_eq!(device.report(from + 500, "a", stopped_at("1", meter + 50.0)), Outcome::Applied);
            device.state.settle();
        }
        let sessions = device.sessions();
        assert_eq!(sessions.len(), 8, "the number of remembered sessions");
        for session in &sessions {
            assert_eq!(session.energy_wh(None), Some(50.0), "{session:?}");
        }
    }
}

#[test]
fn meter_or_driver_distinguish_sessions_with_a_constant_id() {
    for (tag, meter) in [("TAG", 2_000.0), ("OTHER", 1_000.0)] {
        let mut device = Device::new();
        device.report(10, "a", started(1, "1"));
        device.report(1_000, "a", started_at(1, "1", tag, meter));
        assert_eq!(
            rows(&device),
            [expected("1", 1, 10, Some(1_000), SUPERSEDED), expected("1", 1, 1_000, None, "")]
        );
    }
}

#[test]
fn a_session_with_a_lost_stop_does_not_take_the_next_stop() {
    for reads_again in [true, false] {
        let mut device = Device::new();
        device.report(10, "a", started_at(1, "", "TAG", 100.0));
        device.report(20, "a", metered(1, "1"));
        device.report(1_000, "a", started_at(1, "", "TAG", 5_000.0));
        if reads_again {
            device.report(1_010, "a", metered(1, "1"));
        }
        assert_eq!(device.report(2_000, "a", stopped_at("1", 9_000.0)), Outcome::Applied);
        let first = expected("1", 1, 10, Some(1_000), SUPERSEDED);
        assert_eq!(rows(&device), [first, expected("1", 1, 1_000, Some(2_000), "Local")]);
        let meters: Vec<_> = device.sessions().iter().map(ChargingSession::meter_stop_wh).collect();
        assert_eq!(meters, [None, Some(9_000.0)]);
    }
}

#[test]
fn one_id_started_on_two_connectors_is_two_sessions() {
    let mut device = Device::new();
    device.report(10, "a", started(1, "1"));
    device.report(20, "a", started(2, "1"));
    assert_eq!(rows(&device), [expected("1", 1, 10, None, ""), expected("1", 2, 20, None, "")]);
}

#[test]
fn a_long_session_can_be_ended_after_many_shorter_ones() {
    for stopped_at in [50, 5_000] {
        let mut device = Device::new();
        device.report(10, "a", started(1, "700"));
        for n in 1..=9 {
            device.report(n * 100, "a", started(2, &(800 + n).to_string()));
            device.report(n * 100 + 50, "a", stopped(&(800 + n).to_string()));
            device.state.settle();
        }
        assert_eq!(
            device.report_claiming(Some(at(stopped_at)), at(5_000), "a", stopped("700")),
            Outcome::Applied
        );
        assert_eq!(rows(&device)[0], expected("700", 1, 10, Some(stopped_at), "Remote"));
    }
}

#[test]
fn a_stop_that_could_mean_two_sessions_ends_no_later_one() {
    let mut device = Device::new();
    device.report(10, "a", started(1, "1"));
    device.report(20, "a", started(2, "1"));
    device.report(100, "a", stopped("1"));
    device.report(130, "a", started_at(1, "1", "TAG", 7_000.0));
    assert!(rows(&device).contains(&expected("1", 1, 130, None, "")), "{:?}", rows(&device));
}

#[test]
fn an_id_seen_after_its_stop_names_and_ends_the_session() {
    let mut device = Device::new();
    device.report(8, "a", stopped("5"));
    device.report(10, "a", started(1, ""));
    device.report(20, "a", metered(1, "5"));
    assert_eq!(rows(&device), [expected("5", 1, 10, Some(10), "Remote")]);
}

#[test]
fn a_repeated_stop_changes_nothing() {
    let mut device = Device::new();
    device.report(10, "a", started(1, "5"));
    device.report(20, "a", stopped("5"));
    device.report(500, "a", stopped("5"));
    assert_eq!(rows(&device), [expected("5", 1, 10, Some(20), "Remote")]);
}

/// A device with twelve sessions on connector 1; the first ones are forgotten but recorded.
fn busy_device() -> Device {
    let mut device = Device::new();
    let mut recorded = Vec::new();
    for n in 1..=12 {
        device.report(n * 1_000, "a", started(1, &(800 + n).to_string()));
        device.report(n * 1_000 + 500, "a", stopped(&(800 + n).to_string()));
        recorded.extend(device.sessions().pop());
        device.state.settle();
    }
    device.state.ledger.recall(recorded);
    device
}

#[test]
fn an_offline_session_that_is_sent_after_twelve_newer_ones_is_recorded() {
    for order in [[0, 1], [1, 0]] {
        let mut device = busy_device();
        let events = [(1_600, started(2, "offline")), (1_900, stopped("offline"))];
        for index in order {
            let (seconds, kind) = events[index].clone();
            let outcome = device.report_claiming(Some(at(seconds)), at(13_000), "a", kind);
            assert!(outcome == Outcome::Applied || index == 1, "{outcome:?}");
        }
        assert!(rows(&device).contains(&expected("offline", 2, 1_600, Some(1_900), "Remote")), "{order:?}");
    }
}

#[test]
fn an_offline_session_without_a_start_is_recorded_by_its_readings() {
    let mut device = busy_device();
    device.report_claiming(Some(at(1_600)), at(13_000), "a", metered(1, "offline"));
    device.report_claiming(Some(at(1_900)), at(13_001), "a", stopped("offline"));
    assert!(rows(&device).contains(&expected("offline", 1, 1_600, Some(1_900), "Remote")));
}

#[test]
fn a_copy_of_a_forgotten_event_reopens_no_session() {
    let mut device = busy_device();
    let before = rows(&device);
    for kind in [started(1, "801"), started(1, ""), metered(1, "801"), stopped("801")] {
        let is_start = matches!(kind, EventKind::TransactionStarted(_));
        let seconds = if is_start { 1_000 } else { 1_500 };
        device.report_claiming(Some(at(seconds)), at(13_000), "b", kind);
    }
    assert_eq!(rows(&device), before);
}

#[test]
fn a_stop_ends_a_recorded_session_that_the_ledger_lost() {
    let mut device = busy_device();
    let ghost = ChargingSession {
        id: SessionId(uuid::Uuid::from_u128(7)),
        transaction_id: transaction("ghost"),
        started_at: at(1_700),
        state: SessionState::Open,
        ..device.sessions()[0].clone()
    };
    device.state.ledger.recall(vec![ghost]);
    let outcome = device.report_claiming(Some(at(1_800)), at(13_000), "a", stopped("ghost"));
    assert_eq!(outcome, Outcome::Applied);
    assert_eq!(rows(&device)[0], expected("ghost", 1, 1_700, Some(1_800), "Remote"));
}

#[test]
fn a_stop_beyond_the_start_of_the_next_session_belongs_to_a_later_charge() {
    for (next_wh, meter_wh, is_own) in
        [(2_000.0, 1_900.0, true), (2_000.0, 2_000.0, true), (2_000.0, 4_000.0, false), (0.0, 1_900.0, true)]
    {
        let mut device = Device::new();
        device.report(10, "a", started_at(1, "700", "TAG", 1_000.0));
        device.report(1_000, "a", started_at(1, "701", "TAG", next_wh));
        // The start of a third charge, which has the id of the first one again, is lost.
        device.report(3_000, "a", stopped_at("700", meter_wh));
        let first = device.sessions().remove(0);
        let own = if is_own { Some(meter_wh) } else { None };
        assert_eq!((first.ended_at(), first.meter_stop_wh()), (Some(at(1_000)), own), "{next_wh} {meter_wh}");
    }
}
