//! Sessions as CSV according to RFC 4180, safe to open in a spreadsheet.

use super::lines::End;
use crate::sessions::view::SessionView;
use serde_json::Value;

/// The first row: the fields of a session, and the two columns of the last row.
pub const HEADER: &str = "id,pileId,stationId,operatorId,chargePointId,connectorId,transactionId,idTag,reservationId,commandId,startedAt,startedBy,endedAt,\
endReason,endIssuedBy,meterStartWh,meterStopWh,energyWh,limits.maxEnergyWh,limits.maxDurationS,limits.maxAmount,limits.currency,\
limitReached.limit,limitReached.at,limitReached.value,limitReached.finalValue,limitReached.overshoot,limitReached.stopCommandId,exportOutcome,nextCursor\r\n";

/// The columns of a session, in the order of [`HEADER`]; a field of an object has the object's name in
/// front.
const COLUMNS: [&str; 28] = [
    "id",
    "pileId",
    "stationId",
    "operatorId",
    "chargePointId",
    "connectorId",
    "transactionId",
    "idTag",
    "reservationId",
    "commandId",
    "startedAt",
    "startedBy",
    "endedAt",
    "endReason",
    "endIssuedBy",
    "meterStartWh",
    "meterStopWh",
    "energyWh",
    "limits.maxEnergyWh",
    "limits.maxDurationS",
    "limits.maxAmount",
    "limits.currency",
    "limitReached.limit",
    "limitReached.at",
    "limitReached.value",
    "limitReached.finalValue",
    "limitReached.overshoot",
    "limitReached.stopCommandId",
];

/// The characters with which a spreadsheet recognizes a formula at the beginning of a cell, and the
/// apostrophe, which marks a cell as text.
const MARKED: [char; 12] = ['=', '+', '-', '@', '\t', '\r', '\n', '\'', '＝', '＋', '－', '＠'];

/// Appends the row of a session. Null is an empty cell.
pub fn write_session(text: &mut String, session: &SessionView<'_>) {
    // Strings and numbers can always be serialized.
    let fields = serde_json::to_value(session).unwrap_or_default();
    for name in COLUMNS {
        let path = format!("/{}", name.replace('.', "/"));
        write_field(text, fields.pointer(&path).unwrap_or(&Value::Null));
        text.push(',');
    }
    // The columns of the last row are empty.
    text.push_str(",\r\n");
}

/// The last row: empty in the columns of a session.
pub fn end(end: &End) -> String {
    let cursor = end.next_cursor.as_deref().unwrap_or_default();
    format!("{}{},{cursor}\r\n", ",".repeat(COLUMNS.len()), end.outcome.as_str())
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

#[cfg(test)]
mod tests;
