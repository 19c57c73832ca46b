//! Any delivery of a log leads to the same status, connectivity, sessions and samples.

use crate::fixture::{config, content, in_order, state_after, visible};
use domain::devices::connector::Connector;
use domain::devices::sample::Samples;
use domain::event::{EventKind, GatewayEvent};
use domain::generate::{Record, at, clean_log, delivered, delivered_evidence, kinds};
use domain::ids::EventId;
use domain::order::{LIVE_WITHIN, RecordPosition};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn samples(records: &[Record]) -> Samples {
    let mut samples = Samples::default();
    records.iter().for_each(|(event, position)| samples.add_event(event, position));
    samples
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_delivery_leads_to_the_state_of_the_clean_log((clean, delivered) in delivered()) {
        let state = state_after(&delivered);
        prop_assert_eq!(content(&state), content(&state_after(&clean)));
        prop_assert_eq!(visible(&state), visible(&state_after(&in_order(&delivered))));
    }

    #[test]
    fn the_live_status_is_the_one_that_was_appended_last((_, delivered) in delivered()) {
        let is_late = |(event, position): &&Record| {
            event.claimed_at.is_some_and(|claimed| position.appended_at - claimed > LIVE_WITHIN)
        };
        let mut copies = BTreeSet::new();
        let mut last = BTreeMap::new();
        for (event, _) in in_order(&delivered).iter().filter(|record| !is_late(record)) {
            if let EventKind::StatusChanged(report) = &event.kind && copies.insert(event.event_id.clone()) {
                last.insert(report.connector_id, report.status);
            }
        }
        // A late status takes effect a minute after its claimed time, which may be after the live
        // ones.
        for (event, _) in delivered.iter().filter(is_late) {
            if let EventKind::StatusChanged(report) = &event.kind {
                last.remove(&report.connector_id);
            }
        }
        let state = state_after(&delivered);
        for (connector, status) in last {
            prop_assert_eq!(state.connectors[&connector].reported_status(), Some(status));
        }
    }

    #[test]
    fn a_device_is_online_unless_a_disconnection_of_its_gateway_was_appended_last((clean, _) in delivered()) {
        let ordered = in_order(&clean);
        let last = ordered.iter().rev().find(|(event, _)| event.kind.is_proof_of_life());
        let Some((_, at)) = last else { return Ok(()) };
        let state = state_after(&clean);
        let place = |position: &RecordPosition| (position.appended_at, position.partition, position.offset);
        let gone = ordered.iter().any(|(event, position)| {
            let is_goodbye = matches!(event.kind, EventKind::Disconnected { .. });
            is_goodbye && place(position) > place(at) && event.gateway_id.as_ref() == state.liveness.gateway()
        });
        prop_assert_eq!(state.liveness.online(), !gone);
    }

    #[test]
    fn sessions_from_evidence_are_the_same_for_any_delivery((clean, delivered) in delivered_evidence()) {
        prop_assert_eq!(content(&state_after(&delivered)), content(&state_after(&clean)));
    }

    #[test]
    fn any_delivery_leads_to_the_samples_of_the_clean_log((clean, delivered) in delivered()) {
        prop_assert_eq!(samples(&delivered), samples(&clean));
    }

    #[test]
    fn repeating_all_events_changes_nothing(clean in clean_log()) {
        let once = state_after(&clean);
        let mut twice = once.clone();
        for (event, position) in &clean {
            twice.apply(event, position);
        }
        prop_assert_eq!(visible(&twice), visible(&once));
    }

    #[test]
    fn an_old_event_changes_no_status(clean in clean_log(), late in kinds()) {
        let before = state_after(&clean);
        let event = GatewayEvent { claimed_at: Some(at(-1_000_000)), event_id: EventId::parse("late").unwrap(), kind: late, ..clean[0].0.clone() };
        let mut after = before.clone();
        after.apply(&event, &RecordPosition { partition: 0, offset: 5_000, appended_at: at(10_000) });
        for (id, connector) in before.connectors.iter().filter(|(_, connector)| connector.status.is_some()) {
            let status = |connector: &Connector| connector.status.as_ref().map(|status| status.newest().clone());
            prop_assert_eq!(status(&after.connectors[id]), status(connector));
        }
    }

    #[test]
    fn an_old_record_takes_no_device_online_or_offline(clean in clean_log(), old in kinds()) {
        let before = state_after(&clean);
        // Through the gateway that holds the device: of two gateways with different clocks the
        // other one may take over the device.
        let gateway_id = before.liveness.gateway().cloned().or_else(|| clean[0].0.gateway_id.clone());
        let event_id = EventId::parse("old").unwrap();
        let event = GatewayEvent { event_id, gateway_id, kind: old, ..clean[0].0.clone() };
        let mut after = before.clone();
        after.apply(&event, &RecordPosition { partition: 0, offset: 5_000, appended_at: at(-1_000) });
        if before.liveness.seen.is_some() {
            prop_assert_eq!(visible(&after).connectivity.online, visible(&before).connectivity.online);
        }
        prop_assert_eq!(after.liveness.last_seen_at, before.liveness.last_seen_at);
    }
}
