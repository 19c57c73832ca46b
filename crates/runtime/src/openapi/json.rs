//! Helpers for JSON objects of the document.

use serde_json::Value;

/// The object without its null fields.
pub(super) fn without_nulls(mut object: Value) -> Value {
    if let Some(fields) = object.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    object
}
