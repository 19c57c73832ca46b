//! Builders for price lists.

use serde_json::{Value, json};

/// A band with a service fee of 0.80.
pub fn band(from: &str, to: &str, kind: &str, electricity: &str) -> Value {
    json!({ "from": from, "to": to, "kind": kind, "electricityPrice": electricity, "serviceFee": "0.80" })
}

/// The same bands every day, in Shanghai.
pub fn daily(bands: &[Value]) -> Value {
    json!({ "timeZone": "Asia/Shanghai", "schedules": [{ "bands": bands }] })
}

/// One price all day.
pub fn flat(electricity: &str) -> Value {
    daily(&[band("00:00", "24:00", "flat", electricity)])
}

/// A cheap price at night.
pub fn day_and_night() -> Value {
    daily(&[band("22:00", "06:00", "valley", "0.3158"), band("06:00", "22:00", "sharp", "1.2345")])
}
