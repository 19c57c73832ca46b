//! Decoding returns what was encoded.

use crate::generate::{command, event};
use chrono::DateTime;
use domain::event::{EventKind, GatewayEvent};
use proptest::prelude::*;
use wire::command::encode_command_protobuf;
use wire::event::encode::{Dialect, encode_event_json, encode_event_protobuf};
use wire::{RawRecord, decode, decode_command, encode_command};

proptest! {
    #[test]
    fn an_event_survives_json(event in event()) {
        let value = encode_event_json(&event, Dialect::Contract);
        prop_assert_eq!(decode(&RawRecord::json(&value)), Ok(event));
    }

    #[test]
    fn an_event_survives_protobuf(event in event()) {
        let value = encode_event_protobuf(&event);
        prop_assert_eq!(decode(&RawRecord::protobuf(&value)), Ok(event));
    }

    #[test]
    fn an_event_survives_a_deployed_gateway_except_for_its_known_losses(event in event()) {
        let value = encode_event_json(&event, Dialect::Deployed);
        prop_assert_eq!(decode(&RawRecord::json(&value)), Ok(as_sent_by_deployed_gateways(event)));
    }

    #[test]
    fn a_command_survives_both_forms(command in command()) {
        for record in [encode_command(&command), encode_command_protobuf(&command)] {
            prop_assert_eq!(&record.key, command.charge_point_id.as_str());
            let headers = record.headers.iter().map(|(name, content)| (*name, content.as_bytes()));
            prop_assert_eq!(decode_command(&RawRecord::new(Some(&record.value), headers)), Ok(command.clone()));
        }
    }
}

/// Deployed gateways send milliseconds, and do not know the transaction id at the start of a
/// transaction.
fn as_sent_by_deployed_gateways(mut event: GatewayEvent) -> GatewayEvent {
    let to_millis = |time: DateTime<_>| DateTime::from_timestamp_millis(time.timestamp_millis()).unwrap();
    event.claimed_at = event.claimed_at.map(to_millis);
    match &mut event.kind {
        EventKind::TransactionStarted(start) => start.transaction_id = None,
        EventKind::TransactionStopped(stop) => stop.stopped_at = stop.stopped_at.map(to_millis),
        _ => {}
    }
    event
}
