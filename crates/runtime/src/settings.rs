//! Settings: the service's own `defaults.toml`, then a file, then environment variables; unknown
//! keys are errors.
//!
//! `defaults.toml` is the manual: it contains every key, with a comment and a value (an empty
//! string where there is no sensible default). A key that it does not contain does not exist. The
//! sections `runtime`, `log`, `admin` and `shutdown` belong to this crate and are not part of a
//! service's own settings type, which embeds [`HttpSettings`], [`KafkaSettings`] and
//! [`RedisSettings`] as needed.
//!
//! `CHARGING__SECTION__KEY` sets `section.key`; with `_FILE` appended, the value is read from the
//! named file. `DATABASE_URL`, `REDIS_URL` and `KAFKA_BROKERS` are short for `database.url`,
//! `redis.url` and `kafka.brokers` if those keys exist. Lists are separated by commas.

mod environment;
mod sections;
mod tree;

use std::{ffi::OsString, path::Path};

use serde::de::DeserializeOwned;

pub use sections::{
    AdminSettings, CommonSettings, HttpSettings, KafkaCompression, KafkaSettings, LogFormat, LogSettings,
    RedisSettings, RuntimeSettings, SaslMechanism, ShutdownSettings,
};

use tree::Tree;

/// Why settings were refused. The text names the key, the source of its value and the remedy.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct SettingsError(String);

impl SettingsError {
    fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }
}

/// Reads a service's own settings from its defaults and some overrides
/// (`("http.listen", "127.0.0.1:0")`), for tests.
///
/// # Errors
///
/// If a key is not in the defaults or a value does not have the key's type.
pub fn parse<T: DeserializeOwned>(defaults: &str, overrides: &[(&str, &str)]) -> Result<T, SettingsError> {
    let mut tree = Tree::from_defaults(defaults)?;
    for (key, value) in overrides {
        tree.set(key, value, "an override")?;
    }
    let (_, own) = tree.split();
    own.read()
}

/// All settings of a process: the sections of this crate, and the service's own.
pub(crate) fn load<T: DeserializeOwned>(
    defaults: &str,
    file: Option<&Path>,
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<(CommonSettings, T), SettingsError> {
    let mut tree = Tree::from_defaults(defaults)?;
    let environment = environment::read(variables)?;
    let file = file.or(environment.config_file.as_deref());
    if let Some(file) = file {
        tree.merge_file(file)?;
    }
    environment.apply(&mut tree)?;
    let (common, own) = tree.split();
    Ok((common.read()?, own.read()?))
}

#[cfg(test)]
mod tests;
