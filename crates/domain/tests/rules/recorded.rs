//! Events of sessions that the ledger has forgotten: they are compared with the recorded sessions.

use crate::device::{at, id, metered, started, stopped, transaction};
use domain::devices::charge_point::Outcome;
use domain::event::{EventKind, GatewayEvent};
use domain::generate::Store;
use domain::ids::{EventId, GatewayId};
use domain::order::RecordPosition;
use domain::sessions::session::{ChargingSession, SUPERSEDED, SessionState};

/// A session: its id, connector, start, end and end reason.
type Row = (String, u16, i64, Option<i64>, String);

fn row(session: &ChargingSession) -> Row {
    let seconds = |instant: chrono::DateTime<chrono::Utc>| instant.timestamp() - at(0).timestamp();
    let reason = match &session.state {
        SessionState::Ended { reason, .. } => reason.clone().unwrap_or_default(),
        SessionState::Open => String::new(),
    };
    let name = session.transaction_id.as_ref().map_or_else(String::new, |id| id.as_str().to_owned());
    let number = session.connector_id.number();
    (name, number, seconds(session.started_at), session.ended_at().map(seconds), reason)
}

fn expected(id: &str, connector: u16, started: i64, ended: Option<i64>, reason: &str) -> Row {
    (id.to_owned(), connector, started, ended, reason.to_owned())
}

/// A device with recorded sessions; each of its events is a batch.
struct Recorded {
    store: Store,
    offset: i64,
}

impl Recorded {
    fn new() -> Self {
        Self { store: Store::default(), offset: 0 }
    }

    /// Reports an event of `seconds` in a record of its own, with a unique id.
    fn report(&mut self, seconds: i64, kind: EventKind) -> Outcome {
        let name = format!("{}-{seconds}-{}", kind.name(), self.offset);
        self.report_as(&name, seconds, seconds, kind)
    }

    /// Reports an event of `seconds` that is sent at `sent`.
    fn report_late(&mut self, seconds: i64, sent: i64, kind: EventKind) -> Outcome {
        let name = format!("late-{}", self.offset);
        self.report_as(&name, seconds, sent, kind)
    }

    fn report_as(&mut self, name: &str, seconds: i64, sent: i64, kind: EventKind) -> Outcome {
        self.offset += 1;
        let event = GatewayEvent {
            event_id: EventId::parse(name).unwrap(),
            charge_point_id: id(),
            gateway_id: GatewayId::parse("a").ok(),
            claimed_at: Some(at(seconds)),
            trace_id: None,
            kind,
        };
        let position = RecordPosition { partition: 0, offset: self.offset, appended_at: at(sent) };
        self.store.batch(&[(event, position)])[0]
    }

    /// Reports `count` sessions on `connector`, one every 1,000 s from `from` on.
    fn charge(&mut self, connector: i64, from: i64, count: i64) {
        for n in 0..count {
            let began = from + n * 1_000;
            let id = format!("{connector}{began}");
            self.report(began, started(connector, &id));
            self.report(began + 500, stopped(&id));
        }
    }

    fn rows(&self) -> Vec<Row> {
        self.store.recorded().iter().map(row).collect()
    }

    fn rows_of(&self, name: &str) -> Vec<Row> {
        self.rows().into_iter().filter(|row| row.0 == name).collect()
    }

    fn open(&self) -> Vec<Row> {
        self.rows().into_iter().filter(|row| row.3.is_none()).collect()
    }
}

#[test]
fn a_long_session_is_remembered_after_it_has_ended() {
    for later in [0, 12] {
        let mut device = Recorded::new();
        device.report(500, started(1, "700"));
        device.charge(2, 1_000, 12);
        device.report_as("stop", 14_000, 14_000, stopped("700"));
        device.charge(2, 15_000, later);
        let before = device.rows();
        device.report_late(14_001, 40_000, metered(1, "700"));
        assert_eq!(device.rows(), before, "a late reading");
        device.report(40_001, started(1, ""));
        device.report_as("stop", 14_000, 40_002, stopped("700"));
        device.report_late(14_000, 40_003, stopped("700"));
        assert_eq!(device.open(), [expected("", 1, 40_001, None, "")], "a copy of the stop");
        assert_eq!(device.rows_of("700"), [expected("700", 1, 500, Some(14_000), "Remote")]);
    }
}

#[test]
fn a_late_start_whose_stop_is_lost_ends_where_the_next_recorded_session_begins() {
    for connector in [1, 2] {
        let mut device = Recorded::new();
        device.charge(connector, 1_000, 4);
        device.charge(3 - connector, 5_000, 12);
        let began = 1_600;
        device.report_late(began, 40_000, started(connector, "off"));
        let end = expected("off", u16::try_from(connector).unwrap(), began, Some(2_000), SUPERSEDED);
        assert_eq!(device.rows_of("off"), [end]);
        device.report_late(1_900, 40_001, stopped("off"));
        assert_eq!(device.rows_of("off")[0].3, Some(1_900));
        assert!(device.open().is_empty(), "{:?}", device.rows());
    }
}

#[test]
fn a_late_stop_adds_the_register_to_a_session_with_an_inferred_end() {
    for (stopped_at, end) in [(1_900, 1_900), (2_000, 2_000), (2_030, 2_000), (2_500, 2_000)] {
        let mut device = Recorded::new();
        device.report(1_000, started(1, "lost"));
        device.report(2_000, started(1, "next"));
        device.report(3_000, stopped("next"));
        device.charge(1, 5_000, 12);
        device.report_late(stopped_at, 40_000, stopped("lost"));
        assert_eq!(device.rows_of("lost"), [expected("lost", 1, 1_000, Some(end), "Remote")]);
        let lost = device.store.recorded()[0].clone();
        assert_eq!(lost.meter_stop_wh(), Some(3_500.0), "{stopped_at}");
    }
}

#[test]
fn late_history_of_one_session_is_one_session_in_any_order() {
    let events = [(1_590, started(1, "off")), (1_600, metered(1, "off")), (1_900, stopped("off"))];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let mut device = Recorded::new();
        device.charge(1, 1_000, 12);
        let count = device.rows().len();
        for index in order {
            let (seconds, kind) = events[index].clone();
            device.report_late(seconds, 40_000, kind);
        }
        assert_eq!(device.rows_of("off"), [expected("off", 1, 1_590, Some(1_900), "Remote")], "{order:?}");
        assert_eq!(device.rows().len(), count + 1, "{order:?}");
    }
}

#[test]
fn a_reused_id_of_a_forgotten_session_belongs_to_another_session() {
    let mut device = Recorded::new();
    device.report(100, started(1, "5"));
    device.report(500, stopped("5"));
    device.charge(1, 1_000, 12);
    device.report(20_000, metered(1, "5"));
    device.report(21_000, stopped("5"));
    let seen = device.rows_of("5");
    assert_eq!(seen[1..], [expected("5", 1, 20_000, Some(21_000), "Remote")], "{seen:?}");
}

/// A device with a recorded open session that its ledger does not remember.
fn with_ghost(name: &str) -> Recorded {
    let mut device = Recorded::new();
    device.charge(2, 1_000, 12);
    let ghost = ChargingSession {
        id: domain::ids::SessionId(uuid::Uuid::from_u128(7)),
        connector_id: domain::ids::ConnectorId::parse(1).unwrap(),
        transaction_id: transaction(name),
        started_at: at(1_700),
        state: SessionState::Open,
        ..device.store.recorded()[0].clone()
    };
    device.store.sessions.insert(ghost.id, ghost);
    device
}

#[test]
fn an_open_session_that_the_ledger_lost_ends_with_its_stop() {
    let mut device = with_ghost("ghost");
    assert_eq!(device.report(20_000, stopped("ghost")), Outcome::Applied);
    assert_eq!(device.rows_of("ghost"), [expected("ghost", 1, 1_700, Some(20_000), "Remote")]);
}

#[test]
fn an_open_session_that_the_ledger_lost_ends_with_the_next_on_its_connector() {
    for kind in [started(1, "701"), metered(1, "701")] {
        let mut device = with_ghost("ghost");
        device.report(20_000, kind);
        assert_eq!(device.rows_of("ghost"), [expected("ghost", 1, 1_700, Some(20_000), SUPERSEDED)]);
        assert_eq!(device.open(), [expected("701", 1, 20_000, None, "")]);
    }
    let mut device = with_ghost("ghost");
    device.report(20_000, started(2, "701"));
    assert_eq!(device.open().len(), 2, "a session on another connector ends nothing");
}
