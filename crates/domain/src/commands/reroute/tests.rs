use super::*;
use crate::commands::{CommandKind, CommandLife, DeviceAnswer, Effect, EffectKind};
use crate::ids::{ChargePointId, CommandId, EventKey, PileId};
use chrono::{TimeDelta, TimeZone as _};
use uuid::Uuid;

fn at(second: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 28, 12, 0, 0).unwrap() + TimeDelta::seconds(second)
}

fn gateway(name: &str) -> GatewayId {
    GatewayId::parse(name).unwrap()
}

/// A command that was issued and published at second 0 to `pod-a`.
fn published(name: &str) -> CommandRecord {
    let mut life = CommandLife::accepted(at(0));
    life.apply(at(0), Step::Published { offset: 7 });
    CommandRecord {
        id: CommandId(Uuid::from_u128(1)),
        pile_id: PileId(Uuid::from_u128(2)),
        charge_point_id: ChargePointId::parse("CP-1").unwrap(),
        name: name.to_owned(),
        goal: None,
        gateway_id: gateway("pod-a"),
        route: None,
        issued_by: None,
        issued_at: at(0),
        expires_at: at(60),
        life,
    }
}

/// Whether the command is sent again at second `now` if the device was heard through `pod` at
/// second `heard`.
fn is_sent_again(record: &CommandRecord, pod: &str, heard: i64, now: i64) -> bool {
    record.has_stale_route(Sighting { gateway_id: &gateway(pod), heard_at: at(heard) }, at(now))
}

#[test]
fn only_a_start_is_never_sent_again() {
    for name in CommandKind::NAMES {
        let expected = name != "RemoteStartTransaction";
        assert_eq!(is_sent_again(&published(name), "pod-b", 1, 2), expected, "{name}");
    }
}

#[test]
fn sends_again_only_after_an_event_through_another_gateway_and_before_expiry() {
    let record = published("Reset");
    for (case, pod, heard, now, expected) in [
        ("heard through another gateway", "pod-b", 1, 2, true),
        ("heard through the same gateway", "pod-a", 1, 2, false),
        ("heard before it was issued", "pod-b", 0, 2, false),
        ("last instant", "pod-b", 1, 59, true),
        ("expired", "pod-b", 1, 60, false),
    ] {
        assert_eq!(is_sent_again(&record, pod, heard, now), expected, "{case}");
    }
}

#[test]
fn sends_again_only_a_published_command_without_a_result() {
    let answer = DeviceAnswer {
        event: EventKey(1),
        status: "Rejected".to_owned(),
        reason: Some("DEVICE_OFFLINE".to_owned()),
    };
    let boot = Effect::new(EffectKind::Restarted, None);
    for step in
        [Step::Answered(answer), Step::TookEffect(boot), Step::Expired { moved_to: None, looked_for: None }]
    {
        let mut record = published("Reset");
        record.life.apply(at(1), step.clone());
        assert!(!is_sent_again(&record, "pod-b", 1, 2), "{step:?}");
    }
    let unconfirmed = Step::Unconfirmed { detail: "no answer".to_owned() };
    for steps in [vec![], vec![unconfirmed]] {
        let mut record = published("Reset");
        record.life = CommandLife::accepted(at(0));
        for step in steps {
            record.life.apply(at(0), step);
        }
        assert!(!is_sent_again(&record, "pod-b", 1, 2));
    }
}

#[test]
fn a_command_is_sent_again_at_most_once() {
    let mut record = published("UnlockConnector");
    record.reroute(GatewayRoute { gateway_id: gateway("pod-b"), partition: 5 }, at(2));
    assert_eq!((record.life.state(), record.gateway_id.as_str()), (CommandState::Published, "pod-b"));
    let rerouted = Step::Rerouted { from: gateway("pod-a"), to: gateway("pod-b"), partition: 5 };
    assert_eq!(record.life.trail().last().map(|entry| &entry.step), Some(&rerouted));
    for pod in ["pod-a", "pod-c"] {
        assert!(!is_sent_again(&record, pod, 3, 4));
    }
    record.life.apply(at(3), Step::NotRepublished { detail: "no broker".to_owned() });
    assert_eq!((record.life.state(), record.life.failure()), (CommandState::Published, None));
}
