//! The files of a TLS client.

use crate::{CredentialsError, optional_path};
use serde::Deserialize;
use std::path::{Path, PathBuf};

/// The settings that name the files of a TLS client, as a part of a section (`#[serde(flatten)]`). An
/// empty text names no file.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Eq)]
pub struct TlsFileSettings {
    /// PEM file of the trusted certificate authorities; empty for those of the system.
    #[serde(deserialize_with = "optional_path")]
    pub ca_file: Option<PathBuf>,
    /// PEM file of the client's certificate; empty for none.
    #[serde(deserialize_with = "optional_path")]
    pub certificate_file: Option<PathBuf>,
    /// PEM file of the key of that certificate.
    #[serde(deserialize_with = "optional_path")]
    pub key_file: Option<PathBuf>,
}

impl TlsFileSettings {
    /// The files that the section `section` names.
    #[must_use]
    pub fn of_section(&self, section: &'static str) -> TlsFiles<'_> {
        TlsFiles {
            section,
            ca_file: self.ca_file.as_deref(),
            certificate_file: self.certificate_file.as_deref(),
            key_file: self.key_file.as_deref(),
        }
    }
}

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
