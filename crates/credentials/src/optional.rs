//! Paths in settings.

use serde::{Deserialize as _, Deserializer};
use std::path::PathBuf;

/// Reads an empty string as `None`, since TOML has no null.
///
/// # Errors
/// If the value is not a string.
pub fn optional_path<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PathBuf>, D::Error> {
    let text = String::deserialize(deserializer)?;
    Ok(Some(text).filter(|text| !text.is_empty()).map(PathBuf::from))
}
