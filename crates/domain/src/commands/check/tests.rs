//! Which commands are allowed, and why others are refused.

use super::*;
use proptest::prelude::*;
use uuid::Uuid;

const STARTABLE: &[ConnectorStatus] = &[ConnectorStatus::Available];

fn connector(id: i64) -> ConnectorId {
    ConnectorId::parse(id).unwrap()
}

fn pile(online: Option<bool>, connectors: &[(i64, ConnectorStatus)]) -> PileSnapshot {
    PileSnapshot {
        pile_id: PileId(Uuid::nil()),
        charge_point_id: ChargePointId::parse("CP-001").unwrap(),
        online,
        confidence: Confidence::Live,
        heard: None,
        connectors: connectors.iter().map(|(id, status)| (connector(*id), *status)).collect(),
        open_sessions: Vec::new(),
        sighted: Vec::new(),
        starts_in_flight: Vec::new(),
        startable: None,
    }
}

fn charging(sessions: &[(i64, Option<&str>)]) -> PileSnapshot {
    let open_sessions = sessions
        .iter()
        .map(|(id, transaction)| OpenSession {
            id: SessionId(Uuid::from_u128(id.unsigned_abs().into())),
            connector_id: connector(*id),
            transaction_id: transaction.map(|raw| TransactionId::parse(raw).unwrap()),
        })
        .collect();
    PileSnapshot { open_sessions, ..pile(Some(true), &[(1, ConnectorStatus::Charging)]) }
}

fn refusal<T: std::fmt::Debug>(outcome: Result<T, CommandRefusal>) -> String {
    outcome.unwrap_err().to_string()
}

#[test]
fn only_an_online_device_is_doubtful() {
    let doubted = |online| PileSnapshot { confidence: Confidence::Doubtful, ..pile(online, &[]) };
    assert_eq!(refusal(doubted(Some(true)).check_trusted()), "CP-001 may be offline: its gateway is silent");
    assert!(doubted(Some(false)).check_trusted().is_ok(), "another check reports an offline device");
    assert!(pile(Some(true), &[]).check_trusted().is_ok());
}

#[test]
fn a_start_needs_a_free_connector_on_an_online_pile() {
    use ConnectorStatus::*;
    let start = |pile: PileSnapshot, id: Option<i64>| pile.check_start(id.map(connector), STARTABLE);
    assert_eq!(start(pile(Some(true), &[(1, Available)]), Some(1)), Ok(()));
    assert_eq!(start(pile(Some(true), &[(1, Charging), (2, Available)]), None), Ok(()));
    let said = |pile, id| refusal(start(pile, id));
    assert_eq!(said(pile(None, &[]), Some(1)), "CP-001 has never been heard from");
    assert_eq!(said(pile(Some(false), &[(1, Available)]), Some(1)), "CP-001 is offline");
    assert_eq!(said(pile(Some(true), &[(1, Charging)]), Some(1)), "connector 1 of CP-001 is Charging");
    assert_eq!(said(pile(Some(true), &[(1, Available)]), Some(9)), "CP-001 has no connector 9");
    assert_eq!(said(pile(Some(true), &[(0, Faulted), (1, Available)]), Some(1)), "CP-001 is Faulted");
    assert_eq!(said(pile(Some(true), &[(1, Charging)]), None), "CP-001 is Charging");
    assert_eq!(said(pile(Some(true), &[]), None), "CP-001 is Unknown");
    let plugged = pile(Some(true), &[(1, Preparing)]);
    assert_eq!(plugged.check_start(Some(connector(1)), &[Available, Preparing]), Ok(()));
}

#[test]
fn the_statuses_of_the_station_replace_the_setting() {
    use ConnectorStatus::*;
    let at = |statuses: &[ConnectorStatus], connectors: &[(i64, ConnectorStatus)]| PileSnapshot {
        startable: Some(StartableStatuses::parse(statuses.to_vec()).unwrap()),
        ..pile(Some(true), connectors)
    };
    let on_one = Some(connector(1));
    let plugged = at(&[Available, Preparing], &[(1, Preparing)]);
    assert_eq!(plugged.check_start(on_one, STARTABLE), Ok(()));
    assert_eq!(plugged.check_start(None, STARTABLE), Ok(()));
    let elsewhere = pile(Some(true), &[(1, Preparing)]);
    assert_eq!(refusal(elsewhere.check_start(on_one, STARTABLE)), "connector 1 of CP-001 is Preparing");
    let must_plug_first = at(&[Preparing], &[(1, Available)]);
    assert_eq!(refusal(must_plug_first.check_start(on_one, STARTABLE)), "connector 1 of CP-001 is Available");
    assert_eq!(refusal(must_plug_first.check_start(None, STARTABLE)), "CP-001 is Available");
    let faulted = at(&[Preparing], &[(0, Faulted), (1, Preparing)]);
    assert_eq!(refusal(faulted.check_start(on_one, STARTABLE)), "CP-001 is Faulted");
    assert_eq!(refusal(faulted.check_start(None, STARTABLE)), "CP-001 is Faulted");
}

#[test]
fn a_start_without_a_connector_needs_any_startable_one() {
    use ConnectorStatus::*;
    let one_is_plugged = pile(Some(true), &[(1, Available), (2, Preparing)]);
    assert_eq!(one_is_plugged.check_start(None, &[Preparing]), Ok(()));
    let as_a_whole = pile(Some(true), &[(0, Preparing), (1, Available)]);
    assert_eq!(refusal(as_a_whole.check_start(None, &[Preparing])), "CP-001 is Available");
}

#[test]
fn a_connector_is_known_by_its_status_or_its_session() {
    use ConnectorStatus::*;
    let check = |pile: PileSnapshot, id| pile.check_connector(connector(id));
    for status in ConnectorStatus::ALL {
        assert_eq!(check(pile(Some(true), &[(2, status)]), 2), Ok(()), "{status}");
    }
    let charges = PileSnapshot { connectors: Vec::new(), ..charging(&[(3, None)]) };
    assert_eq!(check(charges.clone(), 3), Ok(()));
    assert_eq!(refusal(check(charges, 1)), "CP-001 has no connector 1");
    assert_eq!(check(pile(Some(true), &[]), 0), Ok(()), "connector 0 always exists");
    assert_eq!(refusal(check(pile(Some(false), &[(1, Available)]), 1)), "CP-001 is offline");
    assert_eq!(refusal(check(pile(None, &[]), 0)), "CP-001 has never been heard from");
}

#[test]
fn a_stop_means_one_transaction_or_is_refused() {
    let id = |raw: &str| TransactionId::parse(raw).unwrap();
    let one = charging(&[(1, Some("634"))]);
    assert_eq!(one.check_stop(None, None), Ok(StopTarget::Transaction(id("634"))));
    assert_eq!(one.check_stop(None, Some(connector(1))), Ok(StopTarget::Transaction(id("634"))));
    assert_eq!(one.check_stop(Some(&id("634")), None), Ok(StopTarget::Transaction(id("634"))));
    assert_eq!(refusal(one.check_stop(Some(&id("7")), None)), "transaction 7 is not open on CP-001");
    assert_eq!(refusal(one.check_stop(None, Some(connector(2)))), "CP-001 has no open charging session");
    assert_eq!(
        refusal(charging(&[]).check_stop(Some(&id("7")), None)),
        "CP-001 has no open charging session"
    );
    let unnamed = charging(&[(1, None)]);
    assert_eq!(unnamed.check_stop(Some(&id("7")), None), Ok(StopTarget::Transaction(id("7"))));
    assert_eq!(unnamed.check_stop(None, None), Ok(StopTarget::Session(SessionId(Uuid::from_u128(1)))));
    let two = charging(&[(1, Some("1")), (2, Some("2"))]);
    assert!(matches!(two.check_stop(None, None), Err(CommandRefusal::AmbiguousTransaction(_))));
    assert_eq!(two.check_stop(None, Some(connector(2))), Ok(StopTarget::Transaction(id("2"))));
}

#[test]
fn a_stop_by_connector_stops_the_newest_session() {
    let id = |raw: &str| TransactionId::parse(raw).unwrap();
    let mut lost = charging(&[(1, Some("1")), (1, Some("2"))]);
    lost.open_sessions[1].id = SessionId(Uuid::from_u128(9));
    assert_eq!(lost.check_stop(None, Some(connector(1))), Ok(StopTarget::Transaction(id("2"))));
    assert_eq!(lost.check_stop(Some(&id("1")), Some(connector(1))), Ok(StopTarget::Transaction(id("1"))));
}

fn any_pile() -> impl Strategy<Value = PileSnapshot> {
    let connectors = proptest::collection::vec((0..4_i64, 0..9_usize), 0..4);
    let sessions = proptest::collection::vec(0..4_i64, 0..3);
    (proptest::option::of(any::<bool>()), connectors, sessions).prop_map(|(online, connectors, sessions)| {
        let connectors: Vec<_> =
            connectors.into_iter().map(|(id, status)| (id, ConnectorStatus::ALL[status])).collect();
        let sessions: Vec<_> = sessions.into_iter().map(|id| (id, None)).collect();
        PileSnapshot { open_sessions: charging(&sessions).open_sessions, ..pile(online, &connectors) }
    })
}

proptest! {
    /// A connector that may be started accepts every other command, and so does one that charges.
    #[test]
    fn a_startable_or_charging_connector_accepts_every_command(pile in any_pile(), id in 1..5_i64) {
        let id = connector(id);
        let known = pile.check_connector(id).is_ok();
        prop_assert!(known || pile.check_start(Some(id), &ConnectorStatus::ALL).is_err());
        let transaction = TransactionId::parse("7").unwrap();
        prop_assert!(known || pile.check_stop(Some(&transaction), Some(id)).is_err());
    }

    /// No command is accepted for a device that was never heard or is offline.
    #[test]
    fn rejects_commands_to_a_device_that_is_not_online(pile in any_pile(), id in 0..5_i64) {
        let id = connector(id);
        let reachable = pile.check_reachable();
        prop_assert_eq!(reachable.is_ok(), pile.online == Some(true));
        if reachable.is_err() {
            prop_assert_eq!(&pile.check_connector(id), &reachable);
            prop_assert_eq!(&pile.check_start(Some(id), &ConnectorStatus::ALL), &reachable);
        }
    }

    /// The status of a connector matters only for a start.
    #[test]
    fn a_connector_accepts_other_commands_in_every_status(pile in any_pile(), status in 0..9_usize, id in 0..5_i64) {
        let mut changed = pile.clone();
        for (_, reported) in &mut changed.connectors {
            *reported = ConnectorStatus::ALL[status];
        }
        prop_assert_eq!(changed.check_connector(connector(id)), pile.check_connector(connector(id)));
    }
}

#[test]
fn rejects_a_second_start_on_a_connector() {
    let in_flight = |at: Option<i64>| {
        let start =
            StartInFlight { command_id: Some(CommandId(Uuid::nil())), connector_id: at.map(connector) };
        let free = [(1, ConnectorStatus::Available), (2, ConnectorStatus::Available)];
        PileSnapshot { starts_in_flight: vec![start], ..pile(Some(true), &free) }
    };
    let start = |at, wanted: Option<i64>| in_flight(at).check_start(wanted.map(connector), STARTABLE);
    assert_eq!(start(Some(1), Some(2)), Ok(()));
    let id = Uuid::nil();
    let on_one = format!("connector 1 of CP-001 is already being started by command {id}");
    assert_eq!(refusal(start(Some(1), Some(1))), on_one);
    assert_eq!(refusal(start(None, Some(1))), on_one);
    let anywhere = format!("a connector of CP-001 is already being started by command {id}");
    assert_eq!(refusal(start(Some(1), None)), anywhere);
}

#[test]
fn a_stop_targets_the_session_of_its_transaction() {
    let meant = |sessions: &[(i64, Option<&str>)], raw: &str| {
        let transaction_id = TransactionId::parse(raw).unwrap();
        match charging(sessions).goal_of(&CommandKind::StopTransaction { transaction_id }) {
            Some(Goal::Stopped { session_id, .. }) => session_id.map(|id| id.0.as_u128()),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(meant(&[(1, Some("7")), (2, Some("8"))], "8"), Some(2));
    assert_eq!(meant(&[(1, Some("7")), (2, None)], "8"), Some(2));
    assert_eq!(meant(&[(1, None), (2, None)], "8"), None);
}

#[test]
fn accepts_a_stop_of_a_transaction_that_the_device_named() {
    let seen = TransactionId::parse("700").unwrap();
    let pile = PileSnapshot { sighted: vec![seen.clone()], ..charging(&[(1, Some("5"))]) };
    assert_eq!(pile.check_stop(Some(&seen), None), Ok(StopTarget::Transaction(seen.clone())));
    let pile = PileSnapshot { open_sessions: Vec::new(), ..pile };
    assert_eq!(pile.check_stop(Some(&seen), None), Ok(StopTarget::Transaction(seen)));
    let other = TransactionId::parse("701").unwrap();
    assert!(matches!(pile.check_stop(Some(&other), None), Err(CommandRefusal::NoActiveTransaction(_))));
}
