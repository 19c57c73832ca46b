//! Digests of bytes that are the same on every machine and in every release.

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// The FNV-1a digest of no bytes, 64 bits.
const FNV_OFFSET_BASIS: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a, 64 bits. Derives ids from names, breaks ties between close events, and routes by the
/// name of a gateway.
#[must_use]
pub fn fnv1a_64(bytes: &[u8]) -> u64 {
    fnv1a_64_append(FNV_OFFSET_BASIS, bytes)
}

/// The FNV-1a digest of the bytes behind `digest`, followed by `bytes`.
fn fnv1a_64_append(digest: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(digest, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

/// SHA-256.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// SHA-256 of several parts, each with its length: other parts have another digest, also if they
/// have the same bytes together.
#[must_use]
pub fn sha256_of_parts(parts: &[&[u8]]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

/// SHA-256 in lower-case hexadecimal digits.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    sha256(bytes).iter().fold(String::with_capacity(64), |mut text, byte| {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// A stored digest of a Kafka record: two records at one offset have different digests unless the
/// log is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordDigest(pub i64);

impl RecordDigest {
    /// FNV-1a, 64 bits, of the timestamp in milliseconds, the key and the value, each with its
    /// length. Headers are not included.
    #[must_use]
    pub fn of(timestamp: DateTime<Utc>, key: Option<&[u8]>, value: Option<&[u8]>) -> Self {
        let timestamp = fnv1a_64(&timestamp.timestamp_millis().to_be_bytes());
        let digest = [key, value].into_iter().fold(timestamp, |digest, part| {
            // As Kafka encodes lengths: -1 for null.
            let length = part.map_or(-1, |bytes| i64::try_from(bytes.len()).unwrap_or(i64::MAX));
            let digest = fnv1a_64_append(digest, &length.to_be_bytes());
            fnv1a_64_append(digest, part.unwrap_or_default())
        });
        Self(i64::from_ne_bytes(digest.to_ne_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(millis: i64, key: Option<&[u8]>, value: Option<&[u8]>) -> RecordDigest {
        RecordDigest::of(DateTime::from_timestamp_millis(millis).unwrap(), key, value)
    }

    #[test]
    fn the_digest_of_a_record_is_the_same_in_every_release() {
        assert_eq!(
            digest(1_785_000_000_000, Some(b"CP-1"), Some(b"{}")),
            RecordDigest(2_855_825_971_367_557_796)
        );
        assert_eq!(digest(0, None, None), RecordDigest(7_987_696_795_883_560_693));
    }

    #[test]
    fn parts_with_the_same_bytes_together_have_other_digests() {
        let digests =
            [sha256_of_parts(&[b"ab", b"c"]), sha256_of_parts(&[b"a", b"bc"]), sha256_of_parts(&[b"abc"])];
        assert!(digests[0] != digests[1] && digests[1] != digests[2] && digests[0] != digests[2]);
        assert_eq!(digests[0], sha256(b"\0\0\0\0\0\0\0\x02ab\0\0\0\0\0\0\0\x01c"));
    }

    #[test]
    fn each_part_of_a_record_changes_its_digest() {
        let records = [
            digest(1, Some(b"a"), Some(b"b")),
            digest(2, Some(b"a"), Some(b"b")),
            digest(1, Some(b"ab"), Some(b"")),
            digest(1, Some(b"ab"), None),
            digest(1, Some(b""), Some(b"ab")),
            digest(1, None, Some(b"ab")),
            digest(1, None, None),
        ];
        for (n, record) in records.iter().enumerate() {
            assert!(records.iter().skip(n + 1).all(|other| other != record), "{n}");
        }
    }
}
