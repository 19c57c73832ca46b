//! Conversion of numbers for the report.

/// A count as a floating-point number; exact up to 2⁵³.
#[expect(
    clippy::as_conversions,
    clippy::cast_precision_loss,
    reason = "no lossless conversion exists, and counts are smaller"
)]
pub const fn float(count: u64) -> f64 {
    count as f64
}

/// The size of a collection as a floating-point number.
pub fn count(length: usize) -> f64 {
    float(u64::try_from(length).unwrap_or(u64::MAX))
}

/// `value` rounded to `decimals` decimals, for display.
pub fn round(value: f64, decimals: i32) -> f64 {
    let scale = 10_f64.powi(decimals);
    (value * scale).round() / scale
}

/// `part / whole`; 0 if `whole` is 0.
pub fn share(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { part / whole } else { 0.0 }
}

/// A rounded number with thousands separators.
pub fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A count with thousands separators.
pub fn grouped_count(number: u64) -> String {
    grouped(float(number))
}

#[cfg(test)]
mod tests {
    use super::grouped;

    #[test]
    fn writes_thousands_separators() {
        let written = [0.0, 999.0, 1_000.0, 22_500.4, 1_350_000.0].map(grouped);
        assert_eq!(written, ["0", "999", "1,000", "22,500", "1,350,000"]);
    }
}
