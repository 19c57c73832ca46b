//! Transaction ids: usually integers, kept as text, with several spellings for an unknown id.

use super::{InvalidValue, text};
use domain::ids::TransactionId;

/// Parses an id; `None` for `0`, a blank text, and the `-1` that some devices send before they have
/// one. Other negative integers are ids: chargers send them for transactions that they begin
/// offline.
pub(crate) fn parse(raw: &str) -> Result<Option<TransactionId>, InvalidValue> {
    match text::trimmed(raw) {
        "" | "0" | "-1" => Ok(None),
        id => TransactionId::parse(id).map(Some).map_err(|error| InvalidValue(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_id_is_none() {
        for unknown in ["", " ", "0", "-1", "\0", "0\0\0"] {
            assert_eq!(parse(unknown), Ok(None), "{unknown:?}");
        }
    }

    #[test]
    fn integers_and_names_are_kept_as_sent() {
        for known in ["634", "TXN12345", "0634", "-A", "-7", "-2147483648"] {
            assert_eq!(parse(known).unwrap().unwrap().as_str(), known);
        }
        assert!(parse(&"9".repeat(65)).is_err());
    }
}
