//! Tax rates.

use crate::schema::written_as;
use rust_decimal::Decimal;
use schemars::json_schema;
use serde::{Serialize, Serializer};
use std::fmt;

/// The rate of the tax that is added to prices, in percent: from 0 to 100, with up to 4 decimal
/// places.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct TaxPercent(Decimal);

/// An invalid tax rate. The message is suitable for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a percentage from 0 to 100 as a string, with at most 4 digits after the decimal point, such as \"13\""
)]
pub struct InvalidTaxPercent;

impl TaxPercent {
    /// Accepts plain digits with at most one decimal point.
    ///
    /// # Errors
    /// The text has another form or too many digits, or the rate is above 100.
    pub fn parse(raw: &str) -> Result<Self, InvalidTaxPercent> {
        let (whole, fraction) = raw.split_once('.').unwrap_or((raw, "0"));
        let is_plain = |text: &str, max| {
            (1..=max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !is_plain(whole, 3) || !is_plain(fraction, 4) {
            return Err(InvalidTaxPercent);
        }
        let percent: Decimal = raw.parse().map_err(|_not_a_number| InvalidTaxPercent)?;
        (percent <= Decimal::ONE_HUNDRED).then_some(Self(percent)).ok_or(InvalidTaxPercent)
    }

    /// The rate in percent.
    #[must_use]
    pub const fn percent(self) -> Decimal {
        self.0
    }

    /// The exact tax on an amount without tax.
    #[must_use]
    pub fn of(self, net: Decimal) -> Decimal {
        net * self.0 / Decimal::ONE_HUNDRED
    }
}

impl fmt::Display for TaxPercent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for TaxPercent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

written_as!(
    TaxPercent,
    "TaxPercent",
    json_schema!({
        "description": "A percentage as a string, exact, from 0 to 100.",
        "type": "string",
        "pattern": r"^[0-9]{1,3}(\.[0-9]{1,4})?$",
    })
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_percentage_from_0_to_100() {
        for right in ["0", "6", "13.00", "19.6", "0.0001", "100"] {
            assert_eq!(TaxPercent::parse(right).unwrap().to_string(), right);
        }
        for wrong in ["", "-1", "100.0001", "101", "1000", "1e1", "6%", ".5", "5.", "0.00001"] {
            assert_eq!(TaxPercent::parse(wrong), Err(InvalidTaxPercent), "{wrong}");
        }
        assert_eq!(
            TaxPercent::parse("6").unwrap().of("1.25".parse().unwrap()).normalize().to_string(),
            "0.075"
        );
        assert_eq!(TaxPercent::parse("6"), TaxPercent::parse("6.00"));
    }
}
