//! Environment variables as settings.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
};

use super::{SettingsError, tree::Tree};

const PREFIX: &str = "CHARGING__";
const CONFIG_FILE: &str = "CHARGING_CONFIG";
/// Well-known names, used only if the service has the key.
const SHORT_NAMES: [(&str, &str); 3] =
    [("DATABASE_URL", "database.url"), ("REDIS_URL", "redis.url"), ("KAFKA_BROKERS", "kafka.brokers")];
const FILE_SUFFIX: &str = "_FILE";
/// The same in the name of a key.
const KEY_SUFFIX: &str = "_file";

/// The relevant variables, before the existing keys are known.
pub(super) struct Environment {
    /// The settings file named by `CHARGING_CONFIG`.
    pub(super) config_file: Option<PathBuf>,
    variables: BTreeMap<String, String>,
}

pub(super) fn read(
    variables: impl IntoIterator<Item = (OsString, OsString)>,
) -> Result<Environment, SettingsError> {
    let mut environment = Environment { config_file: None, variables: BTreeMap::new() };
    for (name, value) in variables {
        let Some(name) = name.to_str().filter(|name| is_ours(name)) else {
            continue;
        };
        if name == CONFIG_FILE {
            environment.config_file = Some(PathBuf::from(value)).filter(|path| !path.as_os_str().is_empty());
            continue;
        }
        let value = value
            .into_string()
            .map_err(|_bytes| SettingsError::new(format!("the environment variable {name} is not UTF-8")))?;
        environment.variables.insert(name.to_owned(), value);
    }
    Ok(environment)
}

impl Environment {
    /// Overrides the tree with the variables, short names first, so that the full name of a key
    /// takes precedence.
    pub(super) fn apply(&self, tree: &mut Tree) -> Result<(), SettingsError> {
        for (name, key) in SHORT_NAMES {
            if tree.has_key(key) {
                self.apply_short(tree, name, key)?;
            }
        }
        for (name, value) in &self.variables {
            if let Some(path) = name.strip_prefix(PREFIX) {
                apply_full(tree, name, &path.to_ascii_lowercase().replace("__", "."), value)?;
            }
        }
        Ok(())
    }

    fn apply_short(&self, tree: &mut Tree, name: &str, key: &str) -> Result<(), SettingsError> {
        let file_name = format!("{name}{FILE_SUFFIX}");
        if let Some(path) = self.variables.get(&file_name) {
            set_from_file(tree, &file_name, key, path)?;
        }
        match self.variables.get(name) {
            Some(value) => set_value(tree, name, key, value),
            None => Ok(()),
        }
    }
}

fn apply_full(tree: &mut Tree, name: &str, key: &str, value: &str) -> Result<(), SettingsError> {
    // A key may itself end in `_file` (`auth.jwks_file`), so the defaults decide what the suffix
    // means.
    match key.strip_suffix(KEY_SUFFIX).filter(|stem| tree.has_key(stem)) {
        Some(stem) => set_from_file(tree, name, stem, value),
        None => set_value(tree, name, key, value),
    }
}

/// Sets `key` to the contents of a file. If the service also has a key for the file, which it reads
/// again later, that key names the file from now on.
fn set_from_file(tree: &mut Tree, name: &str, key: &str, path: &str) -> Result<(), SettingsError> {
    tree.set(key, &secret_file(name, path)?, &source(name))?;
    let of_file = format!("{key}{KEY_SUFFIX}");
    if tree.has_key(&of_file) { tree.set(&of_file, path, &source(name)) } else { Ok(()) }
}

/// Sets `key`, which takes precedence over a file that an earlier source names for it.
fn set_value(tree: &mut Tree, name: &str, key: &str, value: &str) -> Result<(), SettingsError> {
    tree.set(key, value, &source(name))?;
    let of_file = format!("{key}{KEY_SUFFIX}");
    if tree.has_key(&of_file) { tree.set(&of_file, "", &source(name)) } else { Ok(()) }
}

fn secret_file(name: &str, path: &str) -> Result<String, SettingsError> {
    std::fs::read_to_string(Path::new(path))
        .map(|text| text.trim_end_matches(['\r', '\n']).to_owned())
        .map_err(|error| SettingsError::new(format!("cannot read {path}, named by {name}: {error}")))
}

fn is_ours(name: &str) -> bool {
    let short = |candidate: &str| SHORT_NAMES.iter().any(|(short, _)| *short == candidate);
    name == CONFIG_FILE
        || name.starts_with(PREFIX)
        || short(name)
        || name.strip_suffix(FILE_SUFFIX).is_some_and(short)
}

fn source(name: &str) -> String {
    format!("the environment variable {name}")
}
