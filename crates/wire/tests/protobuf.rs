//! The binary form has the same messages, meanings and reasons as JSON.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use domain::event::EventKind;
use std::fs;
use wire::event::encode::encode_event_protobuf;
use wire::{RawRecord, decode};

fn reason(value: &[u8]) -> String {
    let error = decode(&RawRecord::protobuf(value)).unwrap_err();
    format!("{}: {error}", error.reason())
}

/// A length-delimited field, encoded by hand.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let tag = u16::from(number) << 3 | 2;
    let [low, high] = (tag & 0x7f | (tag << 1 & 0x7f00)).to_le_bytes();
    let tag = if high == 0 { vec![low] } else { vec![low | 0x80, high] };
    [&tag[..], &[u8::try_from(content.len()).unwrap()], content].concat()
}

/// An event of CP-1 with the given content in payload field `number`.
fn event(number: u8, content: &[u8]) -> Vec<u8> {
    [field(2, b"CP-1"), field(number, content)].concat()
}

#[test]
fn every_golden_event_survives_protobuf() {
    for entry in fs::read_dir(format!("{}/tests/golden/accepted", env!("CARGO_MANIFEST_DIR"))).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let event = decode(&RawRecord::json(&fs::read(&path).unwrap())).unwrap();
            let value = encode_event_protobuf(&event);
            assert_eq!(decode(&RawRecord::protobuf(&value)), Ok(event), "{}", path.display());
        }
    }
}

#[test]
fn rejects_an_event_without_payload() {
    assert_eq!(reason(&field(2, b"CP-1")), "MISSING_EVENT_TYPE: eventType is missing");
}

#[test]
fn rejects_an_event_without_a_charge_point() {
    assert_eq!(reason(&field(12, b"")), "MISSING_CHARGE_POINT: chargePointId is missing");
    assert_eq!(reason(&[field(2, b" CP"), field(12, b"")].concat()).split(':').next(), Some("INVALID_FIELD"));
}

#[test]
fn the_id_of_an_event_without_one_depends_on_its_bytes() {
    let value = event(12, b"");
    let named = decode(&RawRecord::protobuf(&value)).unwrap();
    assert!(named.event_id.as_str().starts_with("anonymous-"));
    assert_eq!(decode(&RawRecord::protobuf(&value)), Ok(named));
}

#[test]
fn required_fields_are_required() {
    assert_eq!(reason(&event(13, b"")), "INVALID_FIELD: payload.connectorId is missing");
    assert_eq!(reason(&event(13, &[8, 1])), "INVALID_FIELD: payload.status is missing");
    // A status of a later version of the protocol.
    assert_eq!(reason(&event(13, &[8, 1, 16, 99])), "INVALID_FIELD: payload.status is missing");
}

#[test]
fn rejects_invalid_values_with_their_path() {
    assert_eq!(
        reason(&event(13, &[8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1])),
        "INVALID_FIELD: payload.connectorId must be between 0 and 1000, not -1"
    );
}

#[test]
fn an_unusable_sampled_value_is_omitted() {
    let sampled = |value: f64| field(2, &[&[9][..], &value.to_le_bytes()].concat());
    let samples = [sampled(f64::NAN), sampled(5.0), sampled(-1.0)].concat();
    let value = event(16, &[vec![8, 1], field(3, &samples)].concat());
    let record = RawRecord::protobuf(&value);
    let EventKind::MeterValues(values) = decode(&record).unwrap().kind else { panic!() };
    assert_eq!(values.readings.iter().map(|reading| reading.energy_wh).collect::<Vec<_>>(), [Some(5.0)]);
    assert_eq!(
        wire::event::unusable_values(&record),
        [
            "payload.meterValues[0].sampledValue[0].value cannot be NaN",
            "payload.meterValues[0].sampledValue[2].value must not be negative, but is -1"
        ]
    );
}

#[test]
fn registers_at_begin_and_end_are_not_readings() {
    let sampled =
        |value: f64, context: &[u8]| field(2, &[&[9][..], &value.to_le_bytes(), &field(6, context)].concat());
    let samples = [
        sampled(163_630.0, b"Sample.Periodic"),
        sampled(157_440.0, b"Transaction.Begin"),
        sampled(9.0, b"Transaction.End"),
    ];
    let value = event(16, &[vec![8, 1], field(3, &samples.concat())].concat());
    let EventKind::MeterValues(values) = decode(&RawRecord::protobuf(&value)).unwrap().kind else { panic!() };
    assert_eq!(
        values.readings.iter().map(|reading| reading.energy_wh).collect::<Vec<_>>(),
        [Some(163_630.0)]
    );
    assert_eq!((values.begin_wh, values.end_wh), (Some(157_440.0), Some(9.0)));
}

#[test]
fn rejects_bytes_that_are_not_the_message() {
    assert!(reason(br#"{"eventType":"x"}"#).starts_with("NOT_PROTOBUF: "));
    assert!(reason(&field(2, &[0xff])).starts_with("NOT_PROTOBUF: "));
}
