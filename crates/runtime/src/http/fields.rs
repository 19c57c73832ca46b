//! Reads requests field by field, so that one response reports all faults.

pub mod parse;
mod patch;

use crate::problem::{FieldError, InvalidFields};
use serde::de::{self, Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// The fields of a JSON object or the parameters of a query. Each is taken once; a field that is
/// left over is an error.
#[derive(Debug, Default)]
pub struct Fields {
    left: BTreeMap<String, Value>,
    errors: Vec<FieldError>,
}

impl Fields {
    /// The fields of an object.
    #[must_use]
    pub const fn of(fields: BTreeMap<String, Value>) -> Self {
        Self { left: fields, errors: Vec::new() }
    }

    /// The fields that were not taken yet and are not null, as JSON with sorted names: the same for the
    /// same request.
    ///
    /// # Errors
    /// Never in practice: every field can be serialized.
    pub fn to_json(&self) -> Result<Vec<u8>, serde_json::Error> {
        let given: BTreeMap<_, _> = self.left.iter().filter(|(_name, value)| !value.is_null()).collect();
        serde_json::to_vec(&given)
    }

    /// Takes a required field.
    pub fn required<T>(&mut self, name: &str, parse: impl FnOnce(&Value) -> Result<T, String>) -> Option<T> {
        if !self.has(name) {
            self.refuse(name, "is required");
        }
        self.optional(name, parse)
    }

    /// Takes an optional field; null means the same as absent.
    pub fn optional<T>(&mut self, name: &str, parse: impl FnOnce(&Value) -> Result<T, String>) -> Option<T> {
        let value = self.left.remove(name).filter(|value| !value.is_null())?;
        parse(&value).map_err(|message| self.refuse(name, message)).ok()
    }

    /// Takes an optional list of 1 to `most` entries; a fault of an entry names its index.
    pub fn list<T>(
        &mut self,
        name: &str,
        most: usize,
        parse: impl Fn(&Value) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let value = self.left.remove(name).filter(|value| !value.is_null())?;
        let Value::Array(entries) = value else {
            self.refuse(name, "must be a list");
            return None;
        };
        if !(1..=most).contains(&entries.len()) {
            self.refuse(name, format!("must have 1 to {most} entries"));
            return None;
        }
        let parsed: Vec<Option<T>> = entries
            .iter()
            .enumerate()
            .map(|(index, entry)| {
                parse(entry).map_err(|message| self.refuse(&format!("{name}[{index}]"), message)).ok()
            })
            .collect();
        parsed.into_iter().collect()
    }

    /// Whether a field is present and was not taken yet.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.left.get(name).is_some_and(|value| !value.is_null())
    }

    /// Records a fault of a field.
    pub fn refuse(&mut self, name: &str, message: impl Into<String>) {
        self.errors.push(FieldError::new(name, message));
    }

    /// Returns `outcome`, which may be `None` only if a field was refused.
    ///
    /// # Errors
    /// All faults, including fields that were not taken.
    pub fn finish<T>(mut self, outcome: Option<T>) -> Result<T, InvalidFields> {
        for name in std::mem::take(&mut self.left).into_keys() {
            self.refuse(&name, "is not recognized");
        }
        match outcome {
            Some(outcome) if self.errors.is_empty() => Ok(outcome),
            _ => Err(InvalidFields(self.errors)),
        }
    }
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Collect)
    }
}

struct Collect;

impl<'de> Visitor<'de> for Collect {
    type Value = Fields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
        let mut fields = Fields::default();
        while let Some((name, value)) = map.next_entry::<String, Value>()? {
            if fields.left.contains_key(&name) {
                return Err(de::Error::custom(format_args!("{name} is given twice")));
            }
            fields.left.insert(name, value);
        }
        Ok(fields)
    }
}
