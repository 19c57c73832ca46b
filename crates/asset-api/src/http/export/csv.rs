//! Rows as CSV according to RFC 4180, safe to open in a spreadsheet.

use super::End;
use serde::Serialize;
use serde_json::Value;

/// The characters with which a spreadsheet recognizes a formula at the beginning of a cell, and the
/// apostrophe, which marks a cell as text.
const MARKED: [char; 12] = ['=', '+', '-', '@', '\t', '\r', '\n', '\'', '＝', '＋', '－', '＠'];

/// Appends the row of a view. Null is an empty cell.
pub fn write_row<V: Serialize>(text: &mut String, view: &V, columns: &[&str]) {
    // Strings and numbers can always be serialized.
    let fields = serde_json::to_value(view).unwrap_or_default();
    for name in columns {
        let path = format!("/{}", name.replace('.', "/"));
        write_field(text, fields.pointer(&path).unwrap_or(&Value::Null));
        text.push(',');
    }
    // The columns of the last row are empty.
    text.push_str(",\r\n");
}

/// The last row: empty in the `columns` of a view.
pub fn end(columns: usize, end: &End) -> String {
    let cursor = end.next_cursor.as_deref().unwrap_or_default();
    format!("{}{},{cursor}\r\n", ",".repeat(columns), end.outcome.as_str())
}

fn write_field(text: &mut String, value: &Value) {
    match value {
        Value::Null => {}
        Value::String(content) if content.starts_with(MARKED) => write_cell(text, &format!("'{content}")),
        Value::String(content) => write_cell(text, content),
        // Numbers, which contain no character that must be quoted, and are no formulas.
        other => text.push_str(&other.to_string()),
    }
}

fn write_cell(text: &mut String, content: &str) {
    if content.contains([',', '"', '\r', '\n']) {
        text.push('"');
        text.push_str(&content.replace('"', "\"\""));
        text.push('"');
    } else {
        text.push_str(content);
    }
}
