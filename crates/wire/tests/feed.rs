//! The records that a consumer of the feed's topic receives, byte for byte.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use domain::feed::{ConnectorStatusChanged, FeedChange, FeedKind, FeedPosition, FeedSubject};
use domain::ids::{ChargePointId, ConnectorId, StationId};
use domain::status::ConnectorStatus;
use std::num::NonZeroU16;
use wire::feed::{EncodedChange, decode_change};

fn change() -> FeedChange {
    FeedChange {
        subject: FeedSubject::ChargePoint(ChargePointId::parse("CP-001").unwrap()),
        at: "2026-07-25T10:32:00.5Z".parse().unwrap(),
        kind: FeedKind::ConnectorStatusChanged(ConnectorStatusChanged {
            connector_id: ConnectorId::parse(1).unwrap(),
            status: ConnectorStatus::Charging,
            previous_status: Some(ConnectorStatus::Preparing),
            error_code: None,
            vendor_error_code: None,
            claimed_at: None,
        }),
    }
}

#[test]
fn a_change_is_a_cloud_event_in_binary_mode() {
    let record = EncodedChange::new(&change(), FeedPosition { chunk: 4711, index: 3 }, "/charging/platform");
    let headers: Vec<_> = record.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    insta::assert_snapshot!(headers.join("\n"), @r"
    ce_specversion: 1.0
    ce_id: 4711-3
    ce_source: /charging/platform
    ce_type: charging.connector.status_changed.v1
    ce_time: 2026-07-25T10:32:00.500Z
    ce_subject: CP-001
    content-type: application/protobuf
    ");
    assert_eq!(record.key, "CP-001");
    let expected = [
        &[10, 6][..], // charge_point_id
        b"CP-001",
        &[26, 12, 8], // time: seconds …
        &[0xa0, 0xa1, 0x92, 0xd3, 0x06],
        &[16, 0x80, 0xca, 0xb5, 0xee, 0x01], // … nanos
        &[82, 6, 8, 1, 16, 3, 24, 2],        // connector 1, charging, was preparing
    ]
    .concat();
    assert_eq!(record.value, expected);
    assert_eq!(decode_change(&record.value), Ok(change()));
}

/// Vectors of `org.apache.kafka.common.utils.Utils`: `toPositive(murmur2(key)) % partitions`.
#[test]
fn the_partition_is_that_of_kafkas_own_client() {
    let partition = |key: &str, partitions| {
        let subject = FeedSubject::ChargePoint(ChargePointId::parse(key).unwrap());
        let record = EncodedChange::new(&FeedChange { subject, ..change() }, FeedPosition::end_of(1), "/");
        record.partition(NonZeroU16::new(partitions).unwrap())
    };
    // murmur2("21") = -973932308, murmur2("foobar") = -790332482, murmur2("abc") = 479470107.
    for (key, hash) in [("21", -973_932_308_i32), ("foobar", -790_332_482), ("abc", 479_470_107)] {
        assert_eq!(partition(key, 1_000), (hash & 0x7fff_ffff) % 1_000, "{key}");
    }
}

#[test]
fn a_station_is_its_own_key() {
    let id = StationId(uuid::Uuid::from_u128(7));
    let change = FeedChange { subject: FeedSubject::Station(id), ..change() };
    let record = EncodedChange::new(&change, FeedPosition::end_of(1), "/");
    assert_eq!(record.key, "00000000-0000-0000-0000-000000000007");
    assert_eq!(decode_change(&record.value), Ok(change));
}

#[test]
fn rejects_an_invalid_change() {
    for value in [&b""[..], b"\x0a\x06CP-001", b"{}"] {
        assert!(decode_change(value).is_err(), "{value:?}");
    }
}
