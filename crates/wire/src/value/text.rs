//! Cleans texts on which nothing depends instead of rejecting them, so that a malformed text does
//! not cost the event.

use serde::de::value::StrDeserializer;
use serde::de::{DeserializeOwned, IntoDeserializer};

/// The longest free text that is kept, in characters.
pub(crate) const MAX_CHARS: usize = 200;

/// Free text without control characters, trimmed and truncated to [`MAX_CHARS`]; `None` if nothing
/// is left.
pub(crate) fn clean(raw: &str) -> Option<String> {
    clean_to(MAX_CHARS, raw)
}

/// The same, truncated to `max_chars`.
pub(crate) fn clean_to(max_chars: usize, raw: &str) -> Option<String> {
    let printable: String = raw.trim().chars().filter(|c| !c.is_control()).take(max_chars).collect();
    let text = printable.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// `raw` without the blanks and control characters around it, such as the NULs that pad a fixed
/// length.
pub(crate) fn trimmed(raw: &str) -> &str {
    raw.trim_matches(|c: char| c.is_whitespace() || c.is_control())
}

/// The variant of `T` with the serde name `name`.
pub(crate) fn variant<T: DeserializeOwned>(name: &str) -> Option<T> {
    let name: StrDeserializer<'_, serde::de::value::Error> = name.into_deserializer();
    T::deserialize(name).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_text_is_cleaned_and_cut() {
        assert_eq!(clean("  over\u{0}heated\n "), Some("overheated".to_owned()));
        assert_eq!(clean("\u{7}\u{0}"), None);
        assert_eq!(clean(&"桩".repeat(500)), Some("桩".repeat(200)));
        assert_eq!(clean_to(4, "one two"), Some("one".to_owned()));
    }
}
