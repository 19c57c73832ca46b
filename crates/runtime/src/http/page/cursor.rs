//! A place in a list that is ordered by creation, as opaque text.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use std::fmt;
use uuid::Uuid;

/// The layout of the bytes: this one, then microseconds, then the id.
const VERSION: u8 = 1;
const BYTES: usize = 1 + 8 + 16;

/// A place in a list that is ordered by creation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// When the item there was made.
    pub created_at: DateTime<Utc>,
    /// Which of those made then.
    pub id: Uuid,
}

impl Cursor {
    /// As text that fits into a query.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut bytes = vec![VERSION];
        bytes.extend(self.created_at.timestamp_micros().to_be_bytes());
        bytes.extend(self.id.as_bytes());
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The place that a text stands for, if it stands for one.
    #[must_use]
    pub fn decode(text: &str) -> Option<Self> {
        let bytes: [u8; BYTES] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (version, rest) = bytes.split_first()?;
        let (micros, id) = rest.split_first_chunk()?;
        let micros = i64::from_be_bytes(*micros);
        // Nothing was made before 1970, and Postgres does not know every time that the layout has room for.
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
        fn a_cursor_reads_as_it_was_written(micros in 0..4_000_000_000_000_000_i64, id: u128) {
            let created_at = DateTime::from_timestamp_micros(micros).unwrap();
            let cursor = Cursor { created_at, id: Uuid::from_u128(id) };
            prop_assert_eq!(Cursor::decode(&cursor.encode()), Some(cursor));
        }

        #[test]
        fn what_was_not_given_out_is_no_cursor(bytes: Vec<u8>, text: String) {
            prop_assume!(bytes.len() != BYTES);
            prop_assert_eq!(Cursor::decode(&URL_SAFE_NO_PAD.encode(bytes)), None);
            prop_assert_eq!(Cursor::decode(&text), None);
        }
    }

    #[test]
    fn a_cursor_of_another_layout_or_before_all_time_is_none() {
        let mut bytes = [0; BYTES];
        bytes[0] = VERSION + 1;
        assert_eq!(Cursor::decode(&URL_SAFE_NO_PAD.encode(bytes)), None);
        bytes[..2].copy_from_slice(&[VERSION, 0x80]);
        assert_eq!(Cursor::decode(&URL_SAFE_NO_PAD.encode(bytes)), None);
    }
}
