//! JSON schemas for types whose form no derive can know.

use schemars::{Schema, json_schema};

/// Gives a type the schema of the expression.
macro_rules! written_as {
    ($type:ty, $name:literal, $schema:expr) => {
        impl schemars::JsonSchema for $type {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
                $schema
            }
        }
    };
}
pub(crate) use written_as;

/// Text that begins with neither a blank nor a control character, because blanks at both ends are
/// removed, and contains no control characters.
const PRINTABLE: &str = r"^[^\u0000-\u0020\u007f-\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000][^\u0000-\u001f\u007f-\u009f]*$";

/// The schema of text that [`crate::text::parse_text`] accepts.
pub(crate) fn printable(max_chars: usize, description: &str) -> Schema {
    json_schema!({
        "description": description,
        "type": "string",
        "minLength": 1,
        "maxLength": max_chars,
        "pattern": PRINTABLE,
    })
}
