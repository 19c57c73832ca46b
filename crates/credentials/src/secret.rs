//! Passwords and tokens.

use crate::{CredentialsError, Reloaded};
use secrecy::SecretString;
use std::fmt;
use std::path::Path;

/// A secret from a setting, or from a file that is read again for each connection.
pub struct Secret(Reloaded<SecretString>);

impl Secret {
    /// The secret in `file` if there is one, otherwise `value`. `setting` names the file in
    /// messages.
    ///
    /// # Errors
    /// If the file cannot be read or is not UTF-8.
    pub fn new(value: &SecretString, file: Option<&Path>, setting: &str) -> Result<Self, CredentialsError> {
        let Some(file) = file else { return Ok(Self(Reloaded::fixed(value.clone()))) };
        let parse = |contents: &[Vec<u8>]| text(contents).map(|text| SecretString::from(text.to_owned()));
        Reloaded::open(setting, vec![file.to_owned()], parse).map(Self)
    }

    /// The secret as it is now.
    #[must_use]
    pub fn current(&self) -> SecretString {
        SecretString::clone(&self.0.current())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Secret").field(&self.0).finish()
    }
}

/// The text of the first file without the line break at its end.
///
/// # Errors
/// If there is no file, or it is not UTF-8.
pub fn text(contents: &[Vec<u8>]) -> Result<&str, String> {
    let bytes = contents.first().map_or(&[][..], Vec::as_slice);
    let text = std::str::from_utf8(bytes).map_err(|_bytes| "the file is not UTF-8".to_owned())?;
    Ok(text.trim_end_matches(['\r', '\n']))
}
