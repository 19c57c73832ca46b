//! The files of a TLS client.

use crate::CredentialsError;
use std::path::Path;

/// The files of a TLS client, as its settings name them.
#[derive(Clone, Copy, Debug, Default)]
pub struct TlsFiles<'a> {
    /// The section of the settings, such as `database`, for messages.
    pub section: &'static str,
    /// The trusted certificate authorities (PEM); `None` for those of the system.
    pub ca_file: Option<&'a Path>,
    /// The client's certificate with its intermediate certificates (PEM).
    pub certificate_file: Option<&'a Path>,
    /// The private key of that certificate (PEM, not encrypted).
    pub key_file: Option<&'a Path>,
}

impl<'a> TlsFiles<'a> {
    /// The files of the client's certificate and of its key.
    ///
    /// # Errors
    /// If only one of the two is given.
    pub(crate) fn identity(&self) -> Result<Option<(&'a Path, &'a Path)>, CredentialsError> {
        let missing = |missing: &str, given: &str| {
            let section = self.section;
            let reason = format!("is empty, but {section}.{given} is set: set both or neither");
            CredentialsError::new(format!("{section}.{missing}"), reason)
        };
        match (self.certificate_file, self.key_file) {
            (Some(certificate), Some(key)) => Ok(Some((certificate, key))),
            (None, None) => Ok(None),
            (Some(_), None) => Err(missing("key_file", "certificate_file")),
            (None, Some(_)) => Err(missing("certificate_file", "key_file")),
        }
    }

    /// The name of the first file that is given, for a client that does not use TLS.
    #[must_use]
    pub fn first_given(&self) -> Option<&'static str> {
        let files = [
            ("ca_file", self.ca_file),
            ("certificate_file", self.certificate_file),
            ("key_file", self.key_file),
        ];
        files.into_iter().find_map(|(name, file)| file.map(|_given| name))
    }
}
