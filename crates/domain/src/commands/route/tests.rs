use super::*;
use chrono::TimeZone as _;
use proptest::prelude::*;

const KEY_LIFE: TimeDelta = TimeDelta::seconds(300);

fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 11, 28, 12, 0, 0).unwrap()
}

fn gateway(name: &str) -> GatewayId {
    GatewayId::parse(name).unwrap()
}

/// A key of the gateway `pod-a` that was read now.
fn key(ttl_s: Option<u64>) -> RouteKey {
    RouteKey::read(gateway("pod-a"), ttl_s.map(Duration::from_secs), KEY_LIFE, now())
}

/// The device was heard through `pod`, `seconds_ago`.
fn heard(pod: &str, seconds_ago: i64) -> LastHeard {
    LastHeard { gateway_id: gateway(pod), at: now() - TimeDelta::seconds(seconds_ago) }
}

#[test]
fn the_age_of_a_key_follows_from_its_remaining_life() {
    for (ttl_s, age_s) in [
        (Some(300), Some(0)),
        (Some(299), Some(1)),
        (Some(120), Some(180)),
        (Some(0), Some(300)),
        // More than gateways set: another gateway build, or a setting that does not match.
        (Some(301), None),
        (Some(u64::MAX), None),
        (None, None),
    ] {
        let expected = age_s.map(|age_s| now() - TimeDelta::seconds(age_s));
        assert_eq!(key(ttl_s).written_at, expected, "{ttl_s:?} s left");
    }
}

#[test]
fn each_rule_chooses_its_gateway() {
    let written_100_s_ago = || Some(key(Some(200)));
    let of_unknown_age = || Some(key(None));
    let chosen = |pod: &str, source| Some((pod.to_owned(), source));
    for (case, key, heard, use_last_heard, expected) in [
        ("a key alone", written_100_s_ago(), None, true, chosen("pod-a", RouteSource::Key)),
        ("both agree", written_100_s_ago(), Some(heard("pod-a", 1)), true, chosen("pod-a", RouteSource::Key)),
        (
            "older event",
            written_100_s_ago(),
            Some(heard("pod-b", 101)),
            true,
            chosen("pod-a", RouteSource::Key),
        ),
        (
            "same instant",
            written_100_s_ago(),
            Some(heard("pod-b", 100)),
            true,
            chosen("pod-a", RouteSource::Key),
        ),
        (
            "newer event",
            written_100_s_ago(),
            Some(heard("pod-b", 99)),
            true,
            chosen("pod-b", RouteSource::Moved),
        ),
        ("unknown age", of_unknown_age(), Some(heard("pod-b", 0)), true, chosen("pod-a", RouteSource::Key)),
        ("no key", None, Some(heard("pod-b", 5_000)), true, chosen("pod-b", RouteSource::LastHeard)),
        ("no key, refused by setting", None, Some(heard("pod-b", 0)), false, None),
        (
            "newer event, whatever the setting",
            written_100_s_ago(),
            Some(heard("pod-b", 99)),
            false,
            chosen("pod-b", RouteSource::Moved),
        ),
        ("neither", None, None, true, None),
    ] {
        let found = choose_gateway(key.as_ref(), heard.as_ref(), use_last_heard);
        let found = found.map(|chosen| (chosen.gateway_id.to_string(), chosen.source));
        assert_eq!(found, expected, "{case}");
    }
}

#[test]
fn a_source_has_the_same_name_in_every_form() {
    for source in RouteSource::ALL {
        assert_eq!(RouteSource::parse(source.as_str()), Some(source));
        assert_eq!(serde_json::to_value(source).unwrap(), source.as_str());
    }
    assert_eq!(RouteSource::parse("guess"), None);
}

fn pods() -> impl Strategy<Value = GatewayId> {
    prop::sample::select(vec!["pod-a", "pod-b"]).prop_map(gateway)
}

fn keys() -> impl Strategy<Value = Option<RouteKey>> {
    let ttl = prop::option::of((0_u64..400).prop_map(Duration::from_secs));
    prop::option::of((pods(), ttl).prop_map(|(pod, ttl)| RouteKey::read(pod, ttl, KEY_LIFE, now())))
}

fn sightings() -> impl Strategy<Value = Option<LastHeard>> {
    let sighting = (pods(), -100_i64..1_000)
        .prop_map(|(gateway_id, ago)| LastHeard { gateway_id, at: now() - TimeDelta::seconds(ago) });
    prop::option::of(sighting)
}

proptest! {
    #[test]
    fn a_gateway_is_chosen_only_if_key_or_event_names_it(
        key in keys(), heard in sightings(), use_last_heard: bool,
    ) {
        let chosen = choose_gateway(key.as_ref(), heard.as_ref(), use_last_heard);
        prop_assert_eq!(chosen.is_none(), key.is_none() && (heard.is_none() || !use_last_heard));
        let Some(chosen) = chosen else { return Ok(()) };
        let of_key = key.as_ref().map(|key| &key.gateway_id);
        let of_event = heard.as_ref().map(|heard| &heard.gateway_id);
        let expected = if chosen.source == RouteSource::Key { of_key } else { of_event };
        prop_assert_eq!(Some(&chosen.gateway_id), expected);
        prop_assert_eq!(chosen.source == RouteSource::LastHeard, key.is_none());
        prop_assert_eq!(chosen.is_disputed, of_key.is_some() && of_event.is_some() && of_key != of_event);
        prop_assert!(chosen.is_disputed || chosen.source != RouteSource::Moved);
    }

    /// The more time a key has left, the stronger it is: an event that loses against a key also
    /// loses against any younger key.
    #[test]
    fn a_younger_key_wins_wherever_an_older_one_does(
        older in 0_u64..=300, younger in 0_u64..=300, ago in 0_i64..400,
    ) {
        let (older, younger) = (older.min(younger), older.max(younger));
        let heard = heard("pod-b", ago);
        let source = |ttl| choose_gateway(Some(&key(Some(ttl))), Some(&heard), true).unwrap().source;
        prop_assert!(source(older) == RouteSource::Moved || source(younger) == RouteSource::Key);
    }
}
