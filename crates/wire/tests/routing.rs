//! Checks the hashes against published vectors: FNV-1a as in Go's `hash/fnv`, murmur2 as in Kafka's
//! own client.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use std::num::NonZeroU16;
use wire::routing::RoutingHash::{self, Fnv1a32, Fnv1a64, Murmur2};
use wire::routing::parse_gateway_value;

/// The file with which gateway teams test their own hash.
const VECTORS: &str = include_str!("../../../docs/gateway-contract/routing-vectors.csv");

/// The rows of the file, each with its columns by name.
fn vectors() -> Vec<Vec<(&'static str, &'static str)>> {
    let mut lines = VECTORS.lines();
    let names: Vec<_> = lines.next().unwrap().split(',').collect();
    lines.map(|line| names.iter().copied().zip(line.split(',')).collect()).collect()
}

fn column(vector: &[(&'static str, &'static str)], name: &str) -> &'static str {
    vector.iter().find(|(column, _)| *column == name).unwrap().1
}

#[test]
fn the_hashes_agree_with_the_vectors() {
    for vector in vectors() {
        let pod = column(&vector, "pod_id");
        for hash in RoutingHash::ALL {
            let published = u64::from_str_radix(column(&vector, hash.as_str()), 16).unwrap();
            let expected = if hash == Murmur2 { published & 0x7fff_ffff } else { published };
            assert_eq!(hash.digest(pod), expected, "{hash} of {pod:?}");
            for partitions in [128, 100] {
                let expected = column(&vector, &format!("{hash}_mod_{partitions}"));
                let partition = hash.partition(pod, NonZeroU16::new(partitions).unwrap());
                assert_eq!(partition.to_string(), expected, "{hash} of {pod:?} mod {partitions}");
            }
        }
    }
}

#[test]
fn the_vectors_cover_typical_mistakes_of_hashes() {
    let vectors = vectors();
    let has = |wanted: fn(&str) -> bool| vectors.iter().any(|vector| wanted(column(vector, "pod_id")));
    assert!(has(str::is_empty) && has(|pod| !pod.is_ascii()) && has(|pod| pod.len() > 300));
    // Every number of bytes that remains after murmur2's words of four bytes.
    for rest in 0..4 {
        assert!(vectors.iter().any(|vector| column(vector, "pod_id").len() % 4 == rest), "{rest}");
    }
    // Hashes with the highest bit set, which signed arithmetic would make negative.
    for (hash, bit) in [(Fnv1a32, 31), (Fnv1a64, 63), (Murmur2, 31)] {
        let is_high = |text| u64::from_str_radix(text, 16).unwrap() >> bit == 1;
        assert!(vectors.iter().any(|vector| is_high(column(vector, hash.as_str()))), "{hash}");
    }
}

#[test]
fn a_hash_is_parsed_from_its_name() {
    for hash in RoutingHash::ALL {
        assert_eq!(hash.as_str().parse(), Ok(hash));
        assert_eq!(serde_json::from_str::<RoutingHash>(&format!("\"{hash}\"")).unwrap(), hash);
    }
    assert_eq!(RoutingHash::default().as_str(), "fnv1a_32");
    assert!("FNV".parse::<RoutingHash>().is_err());
}

proptest! {
    #[test]
    fn a_partition_is_always_one_of_the_topic(pod in any::<String>(), partitions in any::<NonZeroU16>()) {
        for hash in RoutingHash::ALL {
            let partition = hash.partition(&pod, partitions);
            prop_assert!((0..i32::from(partitions.get())).contains(&partition));
        }
    }
}

#[test]
fn a_key_contains_the_gateway_as_plain_or_json_text() {
    let named = |value: &str| parse_gateway_value(value).map(|pod| pod.to_string()).ok();
    for value in
        ["pod-1", " pod-1\n", "pod-1\0", r#""pod-1""#, r#" "pod-1" "#, r#""pod\u002d1""#, "\u{feff}pod-1"]
    {
        assert_eq!(named(value).as_deref(), Some("pod-1"), "{value:?}");
    }
    assert_eq!(named("1234").as_deref(), Some("1234"));
    assert_eq!(named(r#"pod"1""#).as_deref(), Some(r#"pod"1""#));
    for value in ["", r#""""#, r#"" ""#, "a\0b", r#""a\u0000b""#, &"x".repeat(129)] {
        assert_eq!(named(value), None, "{value:?}");
    }
}
