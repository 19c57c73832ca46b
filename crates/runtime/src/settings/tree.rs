//! The tree of keys and values, which accepts only keys that the defaults contain.

use std::path::Path;

use config::{Config, File, FileFormat, Map, Source, Value, ValueKind};
use serde::de::DeserializeOwned;

use super::SettingsError;

/// Sections read by this crate itself.
const COMMON: [&str; 4] = ["runtime", "log", "admin", "shutdown"];

/// Settings as nested tables; every value records its source.
pub(super) struct Tree(Map<String, Value>);

impl Tree {
    pub(super) fn from_defaults(text: &str) -> Result<Self, SettingsError> {
        File::from_str(text, FileFormat::Toml)
            .collect()
            .map(Self)
            .map_err(|error| SettingsError::new(format!("the built-in defaults are not valid TOML: {error}")))
    }

    /// Overrides the tree with a TOML file.
    pub(super) fn merge_file(&mut self, path: &Path) -> Result<(), SettingsError> {
        let shown = path.display();
        let text = std::fs::read_to_string(path)
            .map_err(|error| SettingsError::new(format!("cannot read the settings file {shown}: {error}")))?;
        let overlay = File::from_str(&text, FileFormat::Toml).collect().map_err(|error| {
            SettingsError::new(format!("the settings file {shown} is not valid TOML: {error}"))
        })?;
        merge(&mut self.0, overlay, "", &format!("the settings file {shown}"))
    }

    /// Sets one key from text, splitting lists at commas; error messages name `source`.
    pub(super) fn set(&mut self, key: &str, text: &str, source: &str) -> Result<(), SettingsError> {
        let slot = find(&mut self.0, key).ok_or_else(|| unknown(key, source))?;
        let kind = match slot.kind {
            ValueKind::Array(_) => ValueKind::Array(
                text.split(',')
                    .map(str::trim)
                    .filter(|item| !item.is_empty())
                    .map(|item| Value::new(Some(&source.to_owned()), item))
                    .collect(),
            ),
            ValueKind::Table(_) => {
                return Err(SettingsError::new(format!(
                    "{source} names the section `{key}`; name a key inside it"
                )));
            }
            _ => ValueKind::String(text.to_owned()),
        };
        *slot = Value::new(Some(&source.to_owned()), kind);
        Ok(())
    }

    /// Whether the defaults contain this key (not a section).
    pub(super) fn has_key(&mut self, key: &str) -> bool {
        find(&mut self.0, key).is_some_and(|value| !matches!(value.kind, ValueKind::Table(_)))
    }

    /// Splits the tree into the sections of this crate and those of the service.
    pub(super) fn split(mut self) -> (Self, Self) {
        let mut common = Map::new();
        for section in COMMON {
            if let Some(value) = self.0.remove(section) {
                common.insert(section.to_owned(), value);
            }
        }
        (Self(common), self)
    }

    pub(super) fn read<T: DeserializeOwned>(self) -> Result<T, SettingsError> {
        // `Config` instead of a bare `Value`, because only it reports the full path of a key.
        let mut builder = Config::builder();
        for (key, value) in self.0 {
            builder =
                builder.set_override(key, value).map_err(|error| SettingsError::new(error.to_string()))?;
        }
        builder.build().and_then(Config::try_deserialize).map_err(|error| {
            SettingsError::new(format!("{error}; the service's defaults.toml explains every key"))
        })
    }
}

fn find<'a>(tables: &'a mut Map<String, Value>, key: &str) -> Option<&'a mut Value> {
    match key.split_once('.') {
        None => tables.get_mut(key),
        Some((head, rest)) => match &mut tables.get_mut(head)?.kind {
            ValueKind::Table(inner) => find(inner, rest),
            _ => None,
        },
    }
}

fn merge(
    base: &mut Map<String, Value>,
    overlay: Map<String, Value>,
    prefix: &str,
    source: &str,
) -> Result<(), SettingsError> {
    for (key, mut value) in overlay {
        let path = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
        let slot = base.get_mut(&key).ok_or_else(|| unknown(&path, source))?;
        match (&mut slot.kind, value.kind) {
            (ValueKind::Table(inner), ValueKind::Table(overlay)) => merge(inner, overlay, &path, source)?,
            (ValueKind::Table(_), _) => {
                return Err(SettingsError::new(format!("`{path}` in {source} is a section, not a value")));
            }
            (_, kind) => {
                value.kind = kind;
                *slot = Value::new(Some(&source.to_owned()), value.kind);
            }
        }
    }
    Ok(())
}

fn unknown(key: &str, source: &str) -> SettingsError {
    SettingsError::new(format!(
        "{source} sets `{key}`, which this service does not know; correct or remove it (defaults.toml names every key)"
    ))
}
