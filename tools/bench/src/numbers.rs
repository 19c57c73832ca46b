//! Numbers on their way into the report.

/// A count as a floating point number; exact up to 2⁵³.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "there is no other way, and counts are smaller"
)]
pub const fn float(count: u64) -> f64 {
    count as f64
}

/// The count of a collection as a floating point number.
pub fn count(length: usize) -> f64 {
    float(u64::try_from(length).unwrap_or(u64::MAX))
}

/// `value` with so many decimals, for a report that people read.
pub fn round(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    (value * scale).round() / scale
}

/// `part / whole`, and 0 of nothing.
pub fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}
