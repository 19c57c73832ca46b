//! A follower of a device's feed knows its recorded state, and every change is a difference.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use domain::devices::charge_point::ChargePoint;
use domain::devices::presence::Confidence;
use domain::event::{EventKind, GatewayEvent, StatusReport, TransactionStart};
use domain::feed::{FeedChange, FeedKind, FeedSubject, SessionChanged, SessionPhase, derive};
use domain::generate::{at, clean_log, delivered, device};
use domain::ids::{ConnectorId, EventId, GatewayId, SessionId, TransactionId};
use domain::order::RecordPosition;
use domain::status::ConnectorStatus;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// The state of a follower that reads only the feed.
#[derive(Debug, Default, PartialEq)]
struct Follower {
    online: bool,
    gateway: Option<GatewayId>,
    confidence: Confidence,
    statuses: BTreeMap<ConnectorId, ConnectorStatus>,
    sessions: BTreeMap<SessionId, SessionChanged>,
}

impl Follower {
    fn follow(&mut self, change: FeedChange) {
        assert_eq!(change.subject, FeedSubject::ChargePoint(device()));
        match change.kind {
            FeedKind::ConnectivityChanged(body) => {
                let known = (self.online, self.gateway.clone(), self.confidence);
                let news = (body.online, body.gateway_id, body.confidence);
                assert_ne!(known, news, "the change has no difference");
                (self.online, self.gateway, self.confidence) = news;
            }
            FeedKind::ConnectorStatusChanged(body) => {
                let before = self.statuses.insert(body.connector_id, body.status);
                assert_eq!(
                    before, body.previous_status,
                    "each change begins with the status of the one before"
                );
            }
            FeedKind::SessionChanged(body) if body.phase == SessionPhase::Withdrawn => {
                assert!(self.sessions.remove(&body.session_id).is_some());
            }
            FeedKind::SessionChanged(body) => {
                let before = self.sessions.insert(body.session_id, body.clone());
                assert_ne!(before, Some(body), "the change has no difference");
            }
            other => panic!("no event leads to {other:?}"),
        }
    }

    /// Compares the follower with the recorded state.
    fn check(&self, state: &ChargePoint) {
        assert_eq!(self.online, state.liveness.online());
        assert_eq!(self.gateway.as_ref(), state.liveness.gateway());
        assert_eq!(self.confidence, state.liveness.confidence());
        let reported = |(id, connector): (&ConnectorId, &domain::devices::connector::Connector)| {
            Some((*id, connector.status.as_ref()?.newest().value.status))
        };
        assert_eq!(self.statuses, state.connectors.iter().filter_map(reported).collect());
        let sessions = state.sessions().sessions;
        for session in &sessions {
            assert_eq!(self.sessions.get(&session.id), Some(&SessionChanged::of(session)));
        }
        // A session that is no longer recorded was forgotten, not withdrawn.
        for known in self.sessions.values() {
            let is_recorded = sessions.iter().any(|session| session.id == known.session_id);
            assert!(
                is_recorded || state.ledger.has_dropped(known.session_id),
                "{known:?} was never withdrawn"
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn a_follower_reconstructs_the_recorded_state((_, records) in delivered(), together in 1..6_usize) {
        let mut state = ChargePoint::new(device(), at(0));
        let mut follower = Follower::default();
        for batch in records.chunks(together) {
            let before = state.clone();
            for (event, position) in batch {
                state.apply(event, position);
            }
            derive(&before, &state).into_iter().for_each(|change| follower.follow(change));
            follower.check(&state);
        }
    }

    #[test]
    fn repeated_events_publish_no_changes(log in clean_log()) {
        let mut state = ChargePoint::new(device(), at(0));
        for (event, position) in &log {
            state.apply(event, position);
        }
        let before = state.clone();
        for (event, position) in &log {
            state.apply(event, position);
        }
        prop_assert_eq!(derive(&before, &state), Vec::new());
    }
}

fn changes_after(
    state: &mut ChargePoint,
    millis: i64,
    gateway: &str,
    kind: EventKind,
) -> Vec<(i64, FeedKind)> {
    let before = state.clone();
    let event = GatewayEvent {
        event_id: EventId::parse(&format!("{}-{millis}", kind.name())).unwrap(),
        charge_point_id: device(),
        gateway_id: GatewayId::parse(gateway).ok(),
        claimed_at: Some(at(millis)),
        trace_id: None,
        kind,
    };
    state.apply(&event, &RecordPosition { partition: 0, offset: millis, appended_at: at(millis) });
    let changes = derive(&before, state).into_iter();
    changes.map(|change| ((change.at - at(0)).num_milliseconds(), change.kind)).collect()
}

fn status(error_code: Option<&str>, info: &str) -> EventKind {
    EventKind::StatusChanged(StatusReport {
        connector_id: ConnectorId::parse(1).unwrap(),
        status: ConnectorStatus::Faulted,
        error_code: error_code.map(str::to_owned),
        info: Some(info.to_owned()),
        vendor_error_code: None,
    })
}

#[test]
fn a_heartbeat_publishes_a_change_only_if_the_device_moved() {
    let mut state = ChargePoint::new(device(), at(0));
    let connectivity = |changes: Vec<(i64, FeedKind)>| -> Vec<(i64, bool, String)> {
        let of = |(at, kind)| match kind {
            FeedKind::ConnectivityChanged(body) => (at, body.online, body.gateway_id.unwrap().to_string()),
            other => panic!("{other:?}"),
        };
        changes.into_iter().map(of).collect()
    };
    let mut connectivity_after =
        |millis, gateway, kind| connectivity(changes_after(&mut state, millis, gateway, kind));
    assert_eq!(connectivity_after(1, "a", EventKind::Heartbeat), [(1, true, "a".to_owned())]);
    assert_eq!(connectivity_after(2, "a", EventKind::Heartbeat), []);
    assert_eq!(connectivity_after(3, "b", EventKind::Heartbeat), [(3, true, "b".to_owned())]);
    assert_eq!(connectivity_after(4, "a", EventKind::Disconnected { reason: None }), []);
    assert_eq!(
        connectivity_after(5, "b", EventKind::Disconnected { reason: None }),
        [(5, false, "b".to_owned())]
    );
    assert_eq!(connectivity_after(6, "b", EventKind::Heartbeat), [(6, true, "b".to_owned())]);
}

#[test]
fn publishes_another_error_but_not_another_free_text() {
    let mut state = ChargePoint::new(device(), at(0));
    assert_eq!(changes_after(&mut state, 1, "a", status(None, "one")).len(), 2, "online, and Faulted");
    assert_eq!(changes_after(&mut state, 2, "a", status(None, "two")), []);
    let changes = changes_after(&mut state, 3, "a", status(Some("GroundFailure"), "two"));
    let [(3, FeedKind::ConnectorStatusChanged(body))] = changes.as_slice() else { panic!("{changes:?}") };
    assert_eq!(body.error_code.as_deref(), Some("GroundFailure"));
    assert_eq!(body.previous_status, Some(ConnectorStatus::Faulted));
}

#[test]
fn a_session_that_did_not_take_place_is_withdrawn() {
    let mut state = ChargePoint::new(device(), at(0));
    let start = || {
        EventKind::TransactionStarted(TransactionStart {
            connector_id: ConnectorId::parse(1).unwrap(),
            transaction_id: TransactionId::parse("634").ok(),
            id_tag: None,
            meter_start_wh: None,
            reservation_id: None,
        })
    };
    changes_after(&mut state, 1_000, "a", start());
    let phases: Vec<_> = changes_after(&mut state, 500, "a", start())
        .into_iter()
        .map(|(at, kind)| match kind {
            FeedKind::SessionChanged(body) => (at, body.phase),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(phases, [(1_000, SessionPhase::Withdrawn), (500, SessionPhase::Open)]);
}

#[test]
fn the_type_of_a_change_is_stored() {
    let mut state = ChargePoint::new(device(), at(0));
    for (_, kind) in changes_after(&mut state, 1, "a", status(None, "")) {
        let change = FeedChange { subject: FeedSubject::ChargePoint(device()), at: at(1), kind };
        let json = serde_json::to_value(&change).unwrap();
        assert_eq!(json["kind"]["type"], change.kind.type_name());
        assert!(FeedKind::TYPES.contains(&change.kind.type_name()));
        assert_eq!(serde_json::from_value::<FeedChange>(json).unwrap(), change);
    }
}
