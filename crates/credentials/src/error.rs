//! Why certificates, keys or secrets cannot be used.

/// The credentials of a section cannot be used. The text names the setting and the remedy, and
/// contains no secret.
#[derive(Debug, thiserror::Error)]
#[error("{setting}: {reason}")]
pub struct CredentialsError {
    /// The setting, such as `database.ca_file`.
    pub setting: String,
    /// What is wrong, and what to do.
    pub reason: String,
}

impl CredentialsError {
    /// The error for `setting`.
    #[must_use]
    pub fn new(setting: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { setting: setting.into(), reason: reason.into() }
    }
}
