//! Any duplication and any interleaving of a charge point's events ends in the same state as the clean log.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic, that is how it fails")]

use chrono::{DateTime, Utc};
use domain::charge_point::ChargePoint;
use domain::event::{BootReport, GatewayEvent};
use domain::generate::{Record, at, clean_log, delivered, device, kinds};
use domain::ids::{EventId, GatewayId};
use domain::ledger::Derived;
use domain::order::RecordPosition;
use domain::presence::Confidence;
use domain::sample::Samples;
use domain::status::ConnectorStatus;
use proptest::prelude::*;

type VisibleConnector = (u16, Option<ConnectorStatus>, Option<f64>, Option<f64>);

/// What can be told from a state; the memory behind it (rivals, forgotten goodbyes) may differ.
#[derive(Debug, PartialEq)]
struct Visible {
    online: bool,
    confidence: Confidence,
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
        confidence: state.liveness.confidence(),
        gateway: state.liveness.gateway().cloned(),
        last_seen_at: state.liveness.last_seen_at,
        last_heartbeat_at: state.liveness.last_heartbeat_at,
        boot: state.boot.as_ref().map(|boot| boot.value.clone()),
        connectors: state
            .connectors
            .values()
            .map(|c| {
                let status = c.status.as_ref().map(|status| status.newest().value.status);
                (c.id.number(), status, c.power_w.map(|v| v.value), c.energy_wh.map(|v| v.value))
            })
            .collect(),
        sessions,
    }
}

fn told(records: &[Record]) -> ChargePoint {
    let mut state = ChargePoint::new(device(), records[0].0.claimed_at.unwrap());
    for (event, position) in records {
        state.apply(event, position);
    }
    state
}

fn samples(records: &[Record]) -> Samples {
    let mut samples = Samples::default();
    records.iter().for_each(|(event, position)| samples.take(event, position));
    samples
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn any_delivery_ends_in_the_state_of_the_clean_log((clean, delivered) in delivered()) {
        prop_assert_eq!(visible(&told(&delivered)), visible(&told(&clean)));
    }

    #[test]
    fn any_delivery_ends_in_the_samples_of_the_clean_log((clean, delivered) in delivered()) {
        prop_assert_eq!(samples(&delivered), samples(&clean));
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
