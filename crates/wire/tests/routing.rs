//! The hash against vectors: FNV-1a as Go's `hash/fnv` gives it, murmur2 as Kafka's own client does.

use proptest::prelude::*;
use std::num::NonZeroU16;
use wire::routing::RoutingHash::{self, Fnv1a32, Fnv1a64, Murmur2};

#[test]
fn the_hashes_agree_with_the_vectors() {
    let partitions = NonZeroU16::new(128).unwrap();
    let vectors = include_str!("routing-vectors.csv").lines().skip(1);
    for vector in vectors {
        let columns: Vec<&str> = vector.split(',').collect();
        let [pod, hash32, partition32, hash64, partition64, murmur, partition_murmur] = columns[..] else {
            panic!("{vector}");
        };
        let digest = |hex| u64::from_str_radix(hex, 16).unwrap();
        assert_eq!(Fnv1a32.digest(pod), digest(hash32), "{vector}");
        assert_eq!(Fnv1a64.digest(pod), digest(hash64), "{vector}");
        assert_eq!(Murmur2.digest(pod), digest(murmur) & 0x7fff_ffff, "{vector}");
        let expected = [(Fnv1a32, partition32), (Fnv1a64, partition64), (Murmur2, partition_murmur)];
        for (hash, partition) in expected {
            assert_eq!(hash.partition(pod, partitions).to_string(), partition, "{hash} {vector}");
        }
    }
}

#[test]
fn a_hash_is_known_by_its_name() {
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
