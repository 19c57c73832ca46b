//! Any duplication and any interleaving of a charge point's events ends in the same state as the clean log.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may panic, that is how it fails"
)]

use chrono::{DateTime, TimeDelta, Utc};
use domain::charge_point::ChargePoint;
use domain::event::{
    BootReport, EventKind, GatewayEvent, MeterValues, StatusReport, TransactionStart, TransactionStop,
};
use domain::ids::{ChargePointId, ConnectorId, EventId, GatewayId, IdTag, TransactionId};
use domain::ledger::Derived;
use domain::measure::MeterReading;
use domain::order::RecordPosition;
use domain::status::ConnectorStatus;
use proptest::prelude::*;

type VisibleConnector = (u16, Option<ConnectorStatus>, Option<f64>, Option<f64>);

/// What can be told from a state; the memory behind it (rivals, forgotten goodbyes) may differ.
#[derive(Debug, PartialEq)]
struct Visible {
    online: bool,
    gateway: Option<GatewayId>,
    last_seen_at: DateTime<Utc>,
    last_heartbeat_at: Option<DateTime<Utc>>,
    boot: Option<BootReport>,
    connectors: Vec<VisibleConnector>,
    sessions: Derived,
}

fn visible(state: &ChargePoint) -> Visible {
    let mut sessions = state.sessions();
    sessions.unplaced.sort_by_key(|(event, _)| *event);
    Visible {
        online: state.liveness.online(),
        gateway: state.liveness.gateway().cloned(),
        last_seen_at: state.liveness.last_seen_at,
        last_heartbeat_at: state.liveness.last_heartbeat_at,
        boot: state.boot.as_ref().map(|boot| boot.value.clone()),
        connectors: state
            .connectors
            .values()
            .map(|c| {
                let status = c.status.as_ref().map(|status| status.newest().value.status);
                (
                    c.id.number(),
                    status,
                    c.power_w.map(|v| v.value),
                    c.energy_wh.map(|v| v.value),
                )
            })
            .collect(),
        sessions,
    }
}

fn device() -> ChargePointId {
    ChargePointId::parse("CP-1").unwrap()
}

fn at(millis: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(1_790_000_000_000 + millis).unwrap()
}

type Record = (GatewayEvent, RecordPosition);

/// One event of the clean log before it gets its time and name.
fn kinds() -> impl Strategy<Value = EventKind> {
    let connector = (1..=2_i64).prop_map(|id| ConnectorId::parse(id).unwrap());
    let transaction =
        proptest::option::of((1..=4_u8).prop_map(|id| TransactionId::parse(&id.to_string()).unwrap()));
    let start = (connector.clone(), transaction.clone()).prop_map(|(connector_id, transaction_id)| {
        TransactionStart {
            connector_id,
            transaction_id,
            id_tag: IdTag::parse("TAG").ok(),
            meter_start_wh: Some(100.0),
            reservation_id: None,
        }
    });
    prop_oneof![
        Just(EventKind::Heartbeat),
        "[ab]".prop_map(|v| EventKind::Connected(BootReport {
            firmware_version: Some(v),
            ..BootReport::default()
        })),
        Just(EventKind::Disconnected { reason: None }),
        (connector.clone(), 0..9_usize).prop_map(|(connector_id, status)| {
            EventKind::StatusChanged(StatusReport {
                connector_id,
                status: ConnectorStatus::ALL[status],
                error_code: None,
                info: None,
                vendor_error_code: None,
            })
        }),
        start.clone().prop_map(EventKind::TransactionStarted),
        start.prop_map(EventKind::TransactionUpdated),
        (connector, transaction.clone(), 0..1000_u32).prop_map(|(connector_id, transaction_id, wh)| {
            let reading = MeterReading {
                energy_wh: Some(f64::from(wh)),
                power_w: Some(7_000.0),
                ..MeterReading::default()
            };
            EventKind::MeterValues(MeterValues {
                connector_id,
                transaction_id,
                readings: vec![reading],
            })
        }),
        transaction.prop_map(|transaction_id| {
            EventKind::TransactionStopped(TransactionStop {
                transaction_id,
                reason: None,
                meter_stop_wh: Some(900.0),
                stopped_at: None,
            })
        }),
    ]
}

/// A log in event order: gaps between events (often none), two pods, each record with a latency of its own.
fn clean_log() -> impl Strategy<Value = Vec<Record>> {
    let step = (kinds(), 0..3_i64, 0..2_u8, 0..4_i64, 0..2_i32);
    proptest::collection::vec(step, 1..20).prop_map(|steps| {
        let mut now = 0;
        steps
            .into_iter()
            .zip(0..)
            .map(|((kind, gap, pod, latency, partition), offset)| {
                now += gap;
                let event = GatewayEvent {
                    event_id: EventId::parse(&format!("event-{offset}")).unwrap(),
                    charge_point_id: device(),
                    gateway_id: GatewayId::parse(&format!("pod-{pod}")).ok(),
                    claimed_at: Some(at(now)),
                    trace_id: None,
                    kind,
                };
                (
                    event,
                    RecordPosition {
                        partition,
                        offset,
                        appended_at: at(now + latency),
                    },
                )
            })
            .collect()
    })
}

/// The log with some events sent again later (a copy in another partition, appended in the very same millisecond, could
/// not be told from the first), in any order.
fn delivered() -> impl Strategy<Value = (Vec<Record>, Vec<Record>)> {
    clean_log().prop_flat_map(|clean| {
        let copies = proptest::collection::vec((0..clean.len(), 1..50_i64, 0..2_i32), 0..10);
        (Just(clean), copies).prop_flat_map(|(clean, copies)| {
            let again = copies
                .into_iter()
                .zip(1_000..)
                .map(|((index, delay, partition), offset)| {
                    let (event, first) = &clean[index];
                    let appended_at = first.appended_at + TimeDelta::milliseconds(delay);
                    (
                        event.clone(),
                        RecordPosition {
                            partition,
                            offset,
                            appended_at,
                        },
                    )
                });
            let all: Vec<_> = clean.iter().cloned().chain(again).collect();
            (Just(clean), Just(all).prop_shuffle())
        })
    })
}

fn told(records: &[Record]) -> ChargePoint {
    let mut state = ChargePoint::new(device(), records[0].0.claimed_at.unwrap());
    for (event, position) in records {
        state.apply(event, position);
    }
    state
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn any_delivery_ends_in_the_state_of_the_clean_log((clean, delivered) in delivered()) {
        prop_assert_eq!(visible(&told(&delivered)), visible(&told(&clean)));
    }

    #[test]
    fn telling_everything_again_changes_nothing(clean in clean_log()) {
        let once = told(&clean);
        let mut twice = once.clone();
        for (event, position) in &clean {
            twice.apply(event, position);
        }
        prop_assert_eq!(visible(&twice), visible(&once));
    }

    #[test]
    fn a_stale_event_never_changes_a_status_or_liveness(clean in clean_log(), late in kinds()) {
        let before = told(&clean);
        let event = GatewayEvent { claimed_at: Some(at(-1_000)), event_id: EventId::parse("late").unwrap(), kind: late, ..clean[0].0.clone() };
        let mut after = before.clone();
        after.apply(&event, &RecordPosition { partition: 0, offset: 5_000, appended_at: at(10_000) });
        if before.liveness.seen.is_some() {
            prop_assert_eq!(after.liveness.gateway(), before.liveness.gateway());
        }
        prop_assert_eq!(after.liveness.last_seen_at, before.liveness.last_seen_at);
        for (id, connector) in before.connectors.iter().filter(|(_, connector)| connector.status.is_some()) {
            prop_assert_eq!(&after.connectors[id].status, &connector.status);
        }
    }
}
