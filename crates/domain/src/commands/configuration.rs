//! A configuration key of a charge point and its value: OCPP 1.6 `CiString50Type` and
//! `CiString500Type`.

use crate::schema::{printable, written_as};
use crate::text::{InvalidText, parse_text};
use schemars::json_schema;
use std::fmt;

/// The name of a configuration key: trimmed, 1 to 50 characters, no control characters. Devices
/// ignore its case, so it is forwarded unchanged.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String")]
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

impl TryFrom<String> for ConfigurationKey {
    type Error = InvalidText;

    fn try_from(raw: String) -> Result<Self, InvalidText> {
        Self::parse(&raw)
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
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String")]
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

impl TryFrom<String> for ConfigurationValue {
    type Error = InvalidText;

    fn try_from(raw: String) -> Result<Self, InvalidText> {
        Self::parse(&raw)
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
mod tests;
