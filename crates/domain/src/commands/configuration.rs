//! A configuration key of a charge point and its value: OCPP 1.6 `CiString50Type` and
//! `CiString500Type`.

use crate::schema::{printable, written_as};
use crate::text::{InvalidText, parse_text};
use schemars::json_schema;
use std::fmt;

/// The name of a configuration key: trimmed, 1 to 50 characters, no control characters. Devices
/// ignore its case, so it is forwarded unchanged.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ConfigurationKey(String);

impl ConfigurationKey {
    /// The longest key, in characters.
    pub const MAX_CHARS: usize = 50;

    /// Accepts 1 to 50 printable characters; blanks at both ends are removed.
    ///
    /// # Errors
    /// The text is empty, too long or contains control characters.
    pub fn parse(raw: &str) -> Result<Self, InvalidText> {
        parse_text(raw, Self::MAX_CHARS).map(Self)
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

written_as!(
    ConfigurationKey,
    "ConfigurationKey",
    printable(ConfigurationKey::MAX_CHARS, "The name of a configuration key of OCPP 1.6.")
);

impl fmt::Display for ConfigurationKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The value of a configuration key: 0 to 500 characters, no control characters. Never trimmed, and
/// empty to clear a key: only the device knows the meaning of its blanks.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ConfigurationValue(String);

impl ConfigurationValue {
    /// The longest value, in characters.
    pub const MAX_CHARS: usize = 500;

    /// Accepts 0 to 500 printable characters unchanged.
    ///
    /// # Errors
    /// The text is too long or contains control characters.
    pub fn parse(raw: &str) -> Result<Self, InvalidText> {
        if raw.chars().count() > Self::MAX_CHARS {
            return Err(InvalidText::TooLong { max: Self::MAX_CHARS });
        }
        if raw.chars().any(char::is_control) {
            return Err(InvalidText::ControlCharacter);
        }
        Ok(Self(raw.to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

written_as!(
    ConfigurationValue,
    "ConfigurationValue",
    json_schema!({
        "description": "The new value of a configuration key; forwarded unchanged.",
        "type": "string",
        "maxLength": ConfigurationValue::MAX_CHARS,
        "pattern": r"^[^\u0000-\u001f\u007f-\u009f]*$",
    })
);

impl fmt::Display for ConfigurationValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_key_is_trimmed_and_never_empty() {
        assert_eq!(ConfigurationKey::parse(" HeartbeatInterval ").unwrap().as_str(), "HeartbeatInterval");
        assert_eq!(ConfigurationKey::parse("  "), Err(InvalidText::Empty));
        assert!(ConfigurationKey::parse(&"k".repeat(50)).is_ok());
        assert_eq!(ConfigurationKey::parse(&"k".repeat(51)), Err(InvalidText::TooLong { max: 50 }));
        assert_eq!(ConfigurationKey::parse("a\tb"), Err(InvalidText::ControlCharacter));
    }

    #[test]
    fn a_value_is_kept_unchanged() {
        for kept in ["", " ", " 1,2 ", "桩", &"v".repeat(500)] {
            assert_eq!(ConfigurationValue::parse(kept).unwrap().as_str(), kept);
        }
        assert_eq!(ConfigurationValue::parse(&"桩".repeat(501)), Err(InvalidText::TooLong { max: 500 }));
        for refused in ["\n", "a\u{0}b", "300\r"] {
            assert_eq!(ConfigurationValue::parse(refused), Err(InvalidText::ControlCharacter));
        }
    }

    proptest! {
        /// Accepted text fits into the OCPP request and is accepted again unchanged.
        #[test]
        fn accepted_text_is_stable(raw in "[ a桩\t]{0,8}|.{0,60}|[ -~桩]{0,510}") {
            if let Ok(key) = ConfigurationKey::parse(&raw) {
                prop_assert!((1..=50).contains(&key.as_str().chars().count()));
                prop_assert_eq!(ConfigurationKey::parse(key.as_str()), Ok(key));
            }
            match ConfigurationValue::parse(&raw) {
                Ok(value) => prop_assert_eq!(value.as_str(), raw),
                Err(_) => prop_assert!(raw.chars().count() > 500 || raw.chars().any(char::is_control)),
            }
        }
    }
}
