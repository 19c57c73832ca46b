//! Numbers: finite and within the range of meters.

use super::{InvalidValue, text};

/// No quantity of a charge point comes near this in its base unit (a terawatt-hour, for example); a
/// greater value means a broken meter or gateway.
const LARGEST: f64 = 1e12;

/// All integers up to this are exact in an `f64`.
const LARGEST_EXACT: f64 = 9_007_199_254_740_992.0;

/// Parses a decimal number; `None` if the text is blank.
pub(crate) fn from_text(raw: &str) -> Result<Option<f64>, InvalidValue> {
    let trimmed = text::trimmed(raw);
    if trimmed.is_empty() {
        return Ok(None);
    }
    let number = trimmed.parse::<f64>().ok().filter(|number| number.is_finite());
    number.map(Some).ok_or_else(|| InvalidValue::not("a number", raw))
}

/// The nearest `f64`.
#[expect(clippy::as_conversions, reason = "rounds only far above what `plausible` accepts")]
pub(crate) const fn from_integer(integer: i128) -> f64 {
    integer as f64
}

/// The integer value, if the number is an integer.
#[expect(clippy::as_conversions, reason = "a whole number in the exact range of an f64 is an i64")]
pub(crate) fn whole(number: f64) -> Option<i64> {
    (number.fract() == 0.0 && number.abs() <= LARGEST_EXACT).then_some(number as i64)
}

/// Accepts values that a charge point can measure.
pub(crate) fn plausible(number: f64) -> Result<f64, InvalidValue> {
    if number.abs() <= LARGEST { Ok(number) } else { Err(InvalidValue(format!("cannot be {number:e}"))) }
}

/// Accepts the values of energy registers, which are never negative.
pub(crate) fn energy_wh(number: f64) -> Result<f64, InvalidValue> {
    if number < 0.0 {
        return Err(InvalidValue(format!("must not be negative, but is {number}")));
    }
    plausible(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_finite_and_plausible() {
        assert_eq!(from_text(" 95.70 \0"), Ok(Some(95.7)));
        assert_eq!(from_text(""), Ok(None));
        for bad in ["NaN", "inf", "-Infinity", "1e400", "12,5", "12 kWh"] {
            assert!(from_text(bad).is_err(), "{bad}");
        }
        assert!(plausible(f64::NAN).is_err());
        assert!(plausible(1e13).is_err());
        assert!(energy_wh(-0.1).is_err());
    }

    #[test]
    fn only_whole_numbers_are_integers() {
        assert_eq!(whole(634.0), Some(634));
        assert_eq!(whole(634.5), None);
        assert_eq!(whole(1e300), None);
        assert_eq!(whole(f64::NAN), None);
        assert_eq!(whole(f64::INFINITY), None);
    }
}
