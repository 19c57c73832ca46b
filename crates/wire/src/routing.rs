//! The partition of the command topic that a gateway reads: a hash of its name.
//!
//! The contract is `partition = hash(podId as UTF-8) mod partitions`, unsigned, with
//! [`RoutingHash::Fnv1a32`] unless configured otherwise.

use crate::value::text;
use domain::digest::fnv1a_64;
use domain::ids::GatewayId;
use domain::text::InvalidText;
use serde::Deserialize;
use std::fmt;
use std::num::NonZeroU16;
use std::str::FromStr;

/// The hash function of a gateway build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(try_from = "String")]
pub enum RoutingHash {
    /// `fnv1a_32`, Go's `fnv.New32a`: the gateway's default.
    #[default]
    Fnv1a32,
    /// `fnv1a_64`, Go's `fnv.New64a`.
    Fnv1a64,
    /// `murmur2`, as in Kafka's default partitioner: made positive by clearing the sign bit.
    Murmur2,
}

/// Parses the gateway id in the value of a key `conn:<chargePointId>`: the plain id, or the id as a
/// JSON string, which gateways write that encode all their values.
///
/// # Errors
/// The value is not a valid id.
pub fn parse_gateway_value(raw: &str) -> Result<GatewayId, InvalidText> {
    let value = text::trimmed(raw.trim_start_matches('\u{feff}'));
    match serde_json::from_str::<String>(value) {
        Ok(id) => GatewayId::parse(&id),
        Err(_) => GatewayId::parse(value),
    }
}

/// The name of no known hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unknown routing hash {0:?}: must be fnv1a_32, fnv1a_64 or murmur2")]
pub struct UnknownRoutingHash(String);

impl RoutingHash {
    /// All hashes.
    pub const ALL: [Self; 3] = [Self::Fnv1a32, Self::Fnv1a64, Self::Murmur2];

    /// The name in the settings.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fnv1a32 => "fnv1a_32",
            Self::Fnv1a64 => "fnv1a_64",
            Self::Murmur2 => "murmur2",
        }
    }

    /// The hash of `pod_id` before the remainder is taken.
    #[must_use]
    pub fn digest(self, pod_id: &str) -> u64 {
        match self {
            Self::Fnv1a32 => fnv1a_32(pod_id.as_bytes()).into(),
            Self::Fnv1a64 => fnv1a_64(pod_id.as_bytes()),
            Self::Murmur2 => (murmur2(pod_id.as_bytes()) & 0x7fff_ffff).into(),
        }
    }

    /// The partition, out of `partitions`, that the gateway `pod_id` reads.
    #[must_use]
    pub fn partition(self, pod_id: &str, partitions: NonZeroU16) -> i32 {
        let remainder = self.digest(pod_id) % u64::from(partitions.get());
        i32::try_from(remainder).unwrap_or_default() // a remainder of a u16 always fits
    }
}

impl FromStr for RoutingHash {
    type Err = UnknownRoutingHash;

    fn from_str(name: &str) -> Result<Self, UnknownRoutingHash> {
        let known = Self::ALL.into_iter().find(|hash| hash.as_str() == name);
        known.ok_or_else(|| UnknownRoutingHash(name.to_owned()))
    }
}

impl TryFrom<String> for RoutingHash {
    type Error = UnknownRoutingHash;

    fn try_from(name: String) -> Result<Self, UnknownRoutingHash> {
        name.parse()
    }
}

impl fmt::Display for RoutingHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// FNV-1a, 32 bits.
fn fnv1a_32(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0x811c_9dc5, |hash, byte| (hash ^ u32::from(*byte)).wrapping_mul(0x0100_0193))
}

/// `MurmurHash2` as in `org.apache.kafka.common.utils.Utils.murmur2`.
fn murmur2(bytes: &[u8]) -> u32 {
    const SEED: u32 = 0x9747_b28c;
    const MIX: u32 = 0x5bd1_e995;
    // Kafka's lengths are ints; a pod id is not longer than that.
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let (words, rest) = bytes.as_chunks::<4>();

    let mut hash = SEED ^ length;
    for word in words {
        let word = u32::from_le_bytes(*word).wrapping_mul(MIX);
        hash = hash.wrapping_mul(MIX) ^ (word ^ (word >> 24)).wrapping_mul(MIX);
    }
    if !rest.is_empty() {
        let tail = rest.iter().rev().fold(0, |tail, byte| (tail << 8) | u32::from(*byte));
        hash = (hash ^ tail).wrapping_mul(MIX);
    }
    hash = (hash ^ (hash >> 13)).wrapping_mul(MIX);
    hash ^ (hash >> 15)
}
