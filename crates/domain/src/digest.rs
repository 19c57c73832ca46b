//! A short digest of bytes, the same on every machine and in every release.

/// FNV-1a, 64 bits: names what has no name, tells apart what is close together, and routes by the name of a pod.
#[must_use]
pub fn fnv1a_64(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}
