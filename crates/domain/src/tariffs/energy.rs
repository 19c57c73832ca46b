//! Exact amounts of electric energy.

use super::money::as_number;
use crate::schema::written_as;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use schemars::json_schema;
use serde::{Serialize, Serializer};
use std::fmt;

/// Energy in Wh, exact to thousandths: not negative, at most 1 TWh unless it is a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Energy(Decimal);

/// An energy outside the range of meters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("energy must be a number of Wh from 0 to 1000000000000")]
pub struct InvalidEnergy;

/// The number of decimal places of a value in Wh.
const DECIMALS: u32 = 3;

impl Energy {
    /// No energy.
    pub const ZERO: Self = Self(Decimal::ZERO);
    /// The greatest value of a register, in Wh.
    const MOST_WH: Decimal = Decimal::from_parts(0xD4A5_1000, 0xE8, 0, false, 0);

    /// Energy in Wh, rounded half up to thousandths.
    ///
    /// # Errors
    /// The value is negative or exceeds the greatest value of a register.
    pub fn from_wh(wh: Decimal) -> Result<Self, InvalidEnergy> {
        let valid = wh >= Decimal::ZERO && wh <= Self::MOST_WH;
        valid.then(|| Self::to_thousandths(wh)).ok_or(InvalidEnergy)
    }

    /// Energy in Wh from a meter's float: the shortest decimal that reads back as the same float
    /// (so 0.1 is a tenth), rounded half up to thousandths.
    ///
    /// # Errors
    /// The value is not a number, is negative, or exceeds the greatest value of a register.
    pub fn from_wh_float(wh: f64) -> Result<Self, InvalidEnergy> {
        // Beyond this range the text would have hundreds of digits.
        if !(0.0..=1e12).contains(&wh) {
            return Err(InvalidEnergy);
        }
        // Digits beyond those that a decimal holds are far below a thousandth.
        wh.to_string().parse().map_err(|_no_number| InvalidEnergy).and_then(Self::from_wh)
    }

    /// Energy in Wh from text: up to 13 digits, and up to 3 more after a decimal point.
    ///
    /// # Errors
    /// The text has another form, or the value exceeds the greatest value of a register.
    pub fn parse(text: &str) -> Result<Self, InvalidEnergy> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let is_plain = |digits: &str, max| {
            (1..=max).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !is_plain(whole, 13) || !is_plain(fraction, 3) {
            return Err(InvalidEnergy);
        }
        text.parse().map_err(|_no_number| InvalidEnergy).and_then(Self::from_wh)
    }

    /// The energy of many sessions in Wh, from text; unlike a register, it may exceed 1 TWh.
    ///
    /// # Errors
    /// The text is not a decimal number, or the value is negative.
    pub fn parse_sum(text: &str) -> Result<Self, InvalidEnergy> {
        let wh: Decimal = text.parse().map_err(|_no_number| InvalidEnergy)?;
        if wh < Decimal::ZERO {
            return Err(InvalidEnergy);
        }
        Ok(Self::to_thousandths(wh))
    }

    /// The energy in Wh.
    #[must_use]
    pub const fn wh(self) -> Decimal {
        self.0
    }

    /// The energy in kWh.
    #[must_use]
    pub fn kwh(self) -> Decimal {
        self.0 / Decimal::ONE_THOUSAND
    }

    /// The sum of both.
    pub(super) fn plus(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }

    /// The difference to `other`; zero if `other` is greater.
    #[must_use]
    pub fn beyond(self, other: Self) -> Self {
        Self((self.0 - other.0).max(Decimal::ZERO))
    }

    /// The energy after `elapsed` of `whole` of the time in which it grew evenly from `self` to
    /// `end`. Both times have the same unit; `elapsed` is at most `whole`, and `whole` is not 0.
    /// Rounded half up to thousandths of Wh.
    pub(super) fn on_the_way_to(self, end: Self, elapsed: i64, whole: i64) -> Self {
        let drawn = (end.0 - self.0) * Decimal::from(elapsed);
        let share = drawn.checked_div(Decimal::from(whole)).unwrap_or_default();
        Self::to_thousandths(self.0 + share)
    }

    /// The part of `whole` after which the energy was `reached`, of the time in which it grew evenly
    /// from `self` to `end`: rounded up, in the unit of `whole`. `reached` is between both, and `end`
    /// is greater than `self`.
    pub(super) fn time_to_reach(self, reached: Self, end: Self, whole: i64) -> i64 {
        let elapsed = (reached.0 - self.0) * Decimal::from(whole);
        let elapsed = elapsed.checked_div(end.0 - self.0).unwrap_or_default();
        elapsed.ceil().to_i64().unwrap_or(whole)
    }

    fn to_thousandths(wh: Decimal) -> Self {
        Self(wh.round_dp_with_strategy(DECIMALS, RoundingStrategy::MidpointAwayFromZero))
    }
}

impl fmt::Display for Energy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} Wh", self.0)
    }
}

/// As a JSON number: at most 16 digits, so that each thousandth below 1 TWh reads back as itself.
impl Serialize for Energy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        as_number(&self.0, serializer)
    }
}

written_as!(
    Energy,
    "Energy",
    json_schema!({
        "description": "Energy in Wh, exact to thousandths.",
        "type": "number",
        "minimum": 0,
        "maximum": 1_000_000_000_000_i64,
    })
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_float_is_read_as_its_shortest_decimal() {
        let wh = |float| Energy::from_wh_float(float).map(|energy| energy.wh().normalize().to_string());
        assert_eq!(wh(0.1 + 0.2).unwrap(), "0.3");
        assert_eq!(wh(12_345.678_5).unwrap(), "12345.679");
        assert_eq!(wh(1e12).unwrap(), "1000000000000");
        assert_eq!(wh(f64::MIN_POSITIVE).unwrap(), "0");
        for wrong in [-0.001, f64::NAN, f64::INFINITY, 1.000_001e12] {
            assert_eq!(wh(wrong), Err(InvalidEnergy), "{wrong}");
        }
    }

    #[test]
    fn text_has_plain_digits_to_thousandths() {
        let wh = |text| Energy::parse(text).map(|energy| energy.wh().normalize().to_string());
        assert_eq!([wh("0"), wh("10500"), wh("0.125")].map(Result::unwrap), ["0", "10500", "0.125"]);
        for wrong in ["", "-1", "1e3", "1.2345", ".5", "5.", "1000000000000.1", "12345678901234", " 1"] {
            assert_eq!(wh(wrong), Err(InvalidEnergy), "{wrong}");
        }
    }

    #[test]
    fn a_sum_may_exceed_the_range_of_a_meter() {
        let sum = Energy::parse_sum("1000000000000.5").unwrap();
        assert_eq!(serde_json::to_value(sum).unwrap(), serde_json::json!(1_000_000_000_000.5));
        assert_eq!([Energy::parse_sum("-1"), Energy::parse_sum("much")], [Err(InvalidEnergy); 2]);
    }

    #[test]
    fn each_thousandth_is_a_number_that_reads_back_as_itself() {
        for text in ["0", "0.001", "20500", "123456789.123", "999999999999.999", "1000000000000"] {
            let energy = Energy::parse(text).unwrap();
            let number = serde_json::to_value(energy).unwrap();
            assert_eq!(Energy::from_wh_float(number.as_f64().unwrap()), Ok(energy), "{number}");
        }
    }
}
