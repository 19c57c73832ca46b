//! Opaque cursors into a list that is ordered by creation.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use std::fmt;
use uuid::Uuid;

/// Version of the layout: one byte version, eight bytes microseconds, sixteen bytes id.
const VERSION: u8 = 1;
const BYTES: usize = 1 + 8 + 16;

/// A position in a list that is ordered by creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// When the item at the position was created.
    pub created_at: DateTime<Utc>,
    /// The id of the item, which orders items of the same instant.
    pub id: Uuid,
}

impl Cursor {
    /// The cursor as text that is safe in a query string.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend(self.created_at.timestamp_micros().to_be_bytes());
        bytes.extend(self.id.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// Decodes a cursor; `None` if the text is not one.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let bytes: [u8; BYTES] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (version, rest) = bytes.split_first()?;
        let (micros, id) = rest.split_first_chunk()?;
        let micros = i64::from_be_bytes(*micros);
        // No item was created before 1970, and PostgreSQL does not support every time that the
        // layout can hold.
        if *version != VERSION || micros < 0 {
            return None;
        }
        Some(Self { created_at: DateTime::from_timestamp_micros(micros)?, id: Uuid::from_slice(id).ok()? })
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.encode())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_cursor_survives_encoding_and_decoding(micros in 0..4_000_000_000_000_000_i64, id: u128) {
            let created_at = DateTime::from_timestamp_micros(micros).unwrap();
            let cursor = Cursor { created_at, id: Uuid::from_u128(id) };
            prop_assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        }

        #[test]
        fn other_text_does_not_decode_as_a_cursor(bytes: Vec<u8>, text: String) {
            prop_assume!(bytes.len() != BYTES);
            prop_assert_eq!(Cursor::decode(&URL_SAFE_NO_PAD.encode(bytes)), None);
            prop_assert_eq!(Cursor::decode(&text), None);
        }
    }

    #[test]
    fn a_cursor_of_another_version_or_before_1970_is_refused() {
        let mut bytes = [0; BYTES];
        bytes[0] = VERSION + 1;
        assert_eq!(Cursor::decode(&URL_SAFE_NO_PAD.encode(bytes)), None);
        bytes[..2].copy_from_slice(&[VERSION, 0x80]);
        assert_eq!(Cursor::decode(&URL_SAFE_NO_PAD.encode(bytes)), None);
    }
}
