//! Transaction ids: mostly integers, kept as text; "not known yet" in its many spellings.

use super::Unusable;
use domain::ids::TransactionId;

/// Reads an id; `None` for `0`, nothing, and the `-1` that some devices send before they have one.
///
/// Other negative integers are refused: a central system never gives them, so they are an overflow somewhere.
pub(crate) fn parse(raw: &str) -> Result<Option<TransactionId>, Unusable> {
    match raw.trim() {
        "" | "0" | "-1" => Ok(None),
        negative if negative.starts_with('-') && negative.parse::<i128>().is_ok() => {
            Err(Unusable::not("a positive integer or a text", raw))
        }
        id => TransactionId::parse(id).map(Some).map_err(|error| Unusable(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_known_yet_is_none() {
        for unknown in ["", " ", "0", "-1"] {
            assert_eq!(parse(unknown), Ok(None), "{unknown:?}");
        }
    }

    #[test]
    fn integers_and_names_are_kept_as_sent() {
        for known in ["634", "TXN12345", "0634", "-A"] {
            assert_eq!(parse(known).unwrap().unwrap().as_str(), known);
        }
        assert!(parse("-2").is_err());
        assert!(parse(&"9".repeat(65)).is_err());
    }
}
