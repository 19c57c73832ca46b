use super::*;
use domain::feed::{FeedChange, FeedPosition, FeedSubject};
use domain::ids::ChargePointId;
use proptest::option;
use proptest::prelude::*;
use serde_json::{Value, json};
use wire::feed::CloudEvent;

/// A change of a session, metered, settled or neither, in which texts try to look like keys.
fn kinds() -> impl Strategy<Value = FeedKind> {
    let tag = option::of("[A-Za-z0-9\"\\\\:{}*, ]{0,12}[A-Za-z0-9]");
    let text = prop_oneof![Just(r#"","idTag":"x","total":1,"#.to_owned()), "[a-z\"\\\\:]{1,20}"];
    let price = (any::<bool>(), option::of(0..100_000_u32));
    (tag, text, price, 0..3_usize).prop_map(|(tag, text, (is_unpriced, cents), which)| {
        let mut data = json!({
            "sessionId": "0192f0c5-41d2-7e6a-9b0c-8d5e2f7a1b33", "phase": "open", "connectorId": 1, "transactionId": text,
            "idTag": tag, "reservationId": null, "commandId": null, "startedAt": "2026-03-01T09:00:00Z",
            "startedBy": "event", "meterStartWh": 0.0, "endedAt": null, "endReason": text, "meterStopWh": null,
        });
        let total = cents.map(|cents| json!({ "amount": format!("{}.{:02}", cents / 100, cents % 100), "currency": "CNY" }));
        let unpriced = is_unpriced.then_some("NO_TARIFF_APPLIES");
        let (name, own) = match which {
            0 => ("changed", None),
            1 => ("metered", Some(("meter", json!({
                "readAt": "2026-03-01T09:10:00Z", "energyWh": 5.5, "powerW": null, "socPercent": 5.0,
                "total": total, "unpriced": unpriced,
            })))),
            _ => ("settled", Some(("receipt", json!({
                "number": 1, "replaces": null, "issuedAt": "2026-03-01T10:10:00Z", "digest": "00",
                "energyWh": null, "total": total, "unpriced": unpriced,
            })))),
        };
        if let Some((key, value)) = own {
            data[key] = value;
        }
        let kind = json!({ "type": format!("charging.session.{name}.v1"), "data": data });
        serde_json::from_value(kind.clone()).unwrap_or_else(|error| panic!("{kind}: {error}"))
    })
}

fn rendered(kind: FeedKind) -> String {
    let change = FeedChange {
        subject: FeedSubject::ChargePoint(ChargePointId::parse("CP-1").unwrap()),
        at: "2026-03-01T09:00:00Z".parse().unwrap(),
        kind,
    };
    let event = CloudEvent::new(&change, FeedPosition { chunk: 1, index: 0 }, "/charging");
    serde_json::to_string(&event).unwrap()
}

/// `kind` as a caller sees it from which `redaction` hides something.
fn seen(kind: &FeedKind, redaction: Redaction) -> String {
    let text = rendered(kind.clone());
    let mut seen = BytesMut::new();
    append(&mut seen, text.as_bytes(), &find(kind, text.as_bytes()).unwrap(), redaction);
    String::from_utf8(seen.to_vec()).unwrap()
}

proptest! {
    /// Replacing the values in a rendered change is the same as rendering the redacted change.
    #[test]
    fn a_caller_sees_the_redacted_change(kind in kinds(), id_tags: bool, prices: bool) {
        let redaction = Redaction { id_tags, prices };
        let mut redacted = kind.clone();
        redacted.redact(redaction);
        prop_assert_eq!(seen(&kind, redaction), rendered(redacted));
    }
}

#[test]
fn hides_the_driver_and_what_the_session_has_come_to() {
    let data = json!({
        "sessionId": "0192f0c5-41d2-7e6a-9b0c-8d5e2f7a1b33", "phase": "open", "connectorId": 1, "transactionId": null,
        "idTag": "04E91C5A2B3C80", "reservationId": null, "commandId": null, "startedAt": "2026-03-01T09:00:00Z",
        "startedBy": "event", "meterStartWh": 0.0, "endedAt": null, "endReason": null, "meterStopWh": null,
        "meter": { "readAt": "2026-03-01T09:10:00Z", "energyWh": 5.5, "powerW": null, "socPercent": null,
                   "total": { "amount": "1.50", "currency": "CNY" }, "unpriced": null },
    });
    let kind = json!({ "type": "charging.session.metered.v1", "data": data });
    let kind: FeedKind = serde_json::from_value(kind).unwrap();
    let of = |id_tags, prices| {
        let seen: Value = serde_json::from_str(&seen(&kind, Redaction { id_tags, prices })).unwrap();
        json!([seen["data"]["idTag"], seen["data"]["meter"]["total"]["amount"]])
    };
    assert_eq!(of(false, false), json!(["04E91C5A2B3C80", "1.50"]));
    assert_eq!(of(true, false), json!(["****C80", "1.50"]));
    assert_eq!(of(false, true), json!(["04E91C5A2B3C80", null]));
    assert_eq!(of(true, true), json!(["****C80", null]));
}
