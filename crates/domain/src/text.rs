//! Bounded, printable text: the only kind of text that the platform accepts from outside.

use crate::schema::{printable, written_as};
use std::fmt;

/// Why a text was not accepted. The message is suitable for the caller.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidText {
    /// Nothing is left after trimming.
    #[error("must not be empty")]
    Empty,
    /// More characters than allowed.
    #[error("must have at most {max} characters")]
    TooLong {
        /// The limit, in characters.
        max: usize,
    },
    /// A control character, such as a line feed or a NUL.
    #[error("must not contain control characters")]
    ControlCharacter,
    /// A character outside the alphabet of this kind of text.
    #[error("may only contain letters, digits and . _ : @ * + = | -")]
    ForbiddenCharacter,
}

/// Trims `raw` and accepts it if it has 1 to `max` characters and no control character.
///
/// # Errors
/// The text is empty, too long or contains control characters.
pub fn parse_text(raw: &str, max: usize) -> Result<String, InvalidText> {
    let trimmed = raw.trim();
    if trimmed.is_empty() {
        return Err(InvalidText::Empty);
    }
    if trimmed.chars().count() > max {
        return Err(InvalidText::TooLong { max });
    }
    if trimmed.chars().any(char::is_control) {
        return Err(InvalidText::ControlCharacter);
    }
    Ok(trimmed.to_owned())
}

/// Text for people, such as a station's name: trimmed, 1 to 200 characters, no control characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Label(String);

impl Label {
    /// The longest label, in characters.
    pub const MAX_CHARS: usize = 200;

    /// Accepts 1 to 200 printable characters.
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
    Label,
    "Label",
    printable(Label::MAX_CHARS, "Printable text for people; blanks at both ends are removed.")
);

impl TryFrom<String> for Label {
    type Error = InvalidText;
    fn try_from(raw: String) -> Result<Self, InvalidText> {
        Self::parse(&raw)
    }
}

impl From<Label> for String {
    fn from(label: Label) -> Self {
        label.0
    }
}

impl fmt::Display for Label {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_trimmed_and_bounded() {
        assert_eq!(Label::parse("  1号桩 ").unwrap().as_str(), "1号桩");
        assert_eq!(Label::parse(" \t "), Err(InvalidText::Empty));
        assert_eq!(Label::parse(&"桩".repeat(201)), Err(InvalidText::TooLong { max: 200 }));
        assert!(Label::parse(&"桩".repeat(200)).is_ok());
        assert_eq!(Label::parse("a\u{0}b"), Err(InvalidText::ControlCharacter));
    }
}
