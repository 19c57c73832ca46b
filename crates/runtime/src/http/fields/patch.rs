//! JSON Merge Patch, RFC 7396.

use super::Fields;
use serde::Serialize;
use serde_json::{Map, Value};

impl Fields {
    /// Applies these fields as a patch to `details`. A field that is null is cleared, but must
    /// still be a known field.
    ///
    /// # Errors
    /// When `details` cannot be written as JSON.
    pub fn patch(self, details: &impl Serialize) -> Result<Self, serde_json::Error> {
        let mut left: Map<String, Value> = serde_json::from_value(serde_json::to_value(details)?)?;
        for (name, change) in self.left {
            let field = left.entry(name).or_insert(Value::Null);
            merge(field, change);
        }
        Ok(Self { left: left.into_iter().collect(), errors: self.errors })
    }
}

/// Applies `patch` to `target`.
fn merge(target: &mut Value, patch: Value) {
    let Value::Object(changes) = patch else {
        *target = patch;
        return;
    };
    let mut fields = match target.take() {
        Value::Object(fields) => fields,
        _ => Map::new(),
    };
    for (name, change) in changes {
        if change.is_null() {
            fields.remove(&name);
        } else {
            merge(fields.entry(name).or_insert(Value::Null), change);
        }
    }
    *target = Value::Object(fields);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn merges_like_the_examples_of_the_rfc() {
        // The examples of appendix A whose patch is an object.
        for (mut target, patch, result) in [
            (json!({ "a": "b" }), json!({ "a": "c" }), json!({ "a": "c" })),
            (json!({ "a": "b" }), json!({ "b": "c" }), json!({ "a": "b", "b": "c" })),
            (json!({ "a": "b" }), json!({ "a": null }), json!({})),
            (json!({ "a": "b", "b": "c" }), json!({ "a": null }), json!({ "b": "c" })),
            (json!({ "a": ["b"] }), json!({ "a": "c" }), json!({ "a": "c" })),
            (json!({ "a": "c" }), json!({ "a": ["b"] }), json!({ "a": ["b"] })),
            (
                json!({ "a": { "b": "c" } }),
                json!({ "a": { "b": "d", "c": null } }),
                json!({ "a": { "b": "d" } }),
            ),
            (json!({ "a": [{ "b": "c" }] }), json!({ "a": [1] }), json!({ "a": [1] })),
            (json!({ "e": null }), json!({ "a": 1 }), json!({ "e": null, "a": 1 })),
            (json!([1, 2]), json!({ "a": "b", "c": null }), json!({ "a": "b" })),
            (json!({}), json!({ "a": { "bb": { "ccc": null } } }), json!({ "a": { "bb": {} } })),
        ] {
            merge(&mut target, patch);
            assert_eq!(target, result);
        }
    }
}
