//! Amounts of money, and prices per unit.

use super::currency::Currency;
use crate::schema::written_as;
use rust_decimal::{Decimal, RoundingStrategy};
use schemars::{JsonSchema, json_schema};
use serde::{Deserialize, Serialize};
use std::fmt;

/// An amount that can be paid: a whole number of minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Money {
    /// The exact amount, with the decimal places of the minor unit.
    #[schemars(with = "DecimalText")]
    pub(super) amount: Decimal,
    /// The currency.
    pub(super) currency: Currency,
}

impl Money {
    /// Rounds an exact amount to the minor unit, half up.
    #[must_use]
    pub fn rounded(exact: Decimal, currency: Currency) -> Self {
        let digits = currency.minor_digits();
        // Away from zero is up, because no amount here is negative.
        let mut amount = exact.round_dp_with_strategy(digits, RoundingStrategy::MidpointAwayFromZero);
        amount.rescale(digits);
        Self { amount, currency }
    }

    /// An amount in `currency` from a plain decimal number, rounded to the minor unit; `None` if `text` is
    /// not a number.
    #[must_use]
    pub fn parse(text: &str, currency: Currency) -> Option<Self> {
        Some(Self::rounded(text.parse().ok()?, currency))
    }

    /// No money.
    #[must_use]
    pub fn zero(currency: Currency) -> Self {
        Self::rounded(Decimal::ZERO, currency)
    }

    /// The exact amount.
    #[must_use]
    pub const fn amount(self) -> Decimal {
        self.amount
    }

    /// The currency.
    #[must_use]
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The sum of amounts in one currency.
    pub(super) fn sum(currency: Currency, amounts: impl IntoIterator<Item = Self>) -> Self {
        Self::rounded(amounts.into_iter().map(|money| money.amount).sum(), currency)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.amount, self.currency)
    }
}

/// The schema of decimals other than the prices of a price list.
pub(super) enum DecimalText {}

written_as!(
    DecimalText,
    "Decimal",
    json_schema!({
        "description": "A decimal number as a string, exact.",
        "type": "string",
        "pattern": r"^[0-9]+(\.[0-9]+)?$",
    })
);

/// A price per unit: not negative, exact, in the major unit of a currency (yuan, not fen). It may
/// have more decimal places than the currency's minor unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Price(Decimal);

/// An invalid price. The message is suitable for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPrice {
    /// Not a plain decimal number, or too many digits.
    #[error(
        "must be a decimal number as a string, with at most 9 digits before the decimal point and 6 after it, such as \"0.8765\""
    )]
    NotADecimal,
    /// Below zero.
    #[error("must not be negative")]
    Negative,
}

impl Price {
    /// A price of zero.
    pub const ZERO: Self = Self(Decimal::ZERO);
    /// The maximum number of decimal places.
    pub const MAX_DECIMALS: usize = 6;
    /// The maximum number of digits before the decimal point; it keeps every sum of a session
    /// within the range of decimals.
    pub const MAX_WHOLE_DIGITS: usize = 9;

    /// Accepts plain digits with at most one decimal point: no exponent, no blanks, no plus sign.
    ///
    /// # Errors
    /// The text has another form or too many digits, or the price is below zero.
    pub fn parse(raw: &str) -> Result<Self, InvalidPrice> {
        let digits = raw.strip_prefix('-').unwrap_or(raw);
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let plain = |text: &str, max| {
            (1..=max).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
        };
        if !plain(whole, Self::MAX_WHOLE_DIGITS) || !plain(fraction, Self::MAX_DECIMALS) {
            return Err(InvalidPrice::NotADecimal);
        }
        let value: Decimal = digits.parse().map_err(|_not_a_number| InvalidPrice::NotADecimal)?;
        if digits.len() < raw.len() && !value.is_zero() {
            return Err(InvalidPrice::Negative);
        }
        Ok(Self(value))
    }

    /// The price in the major unit of the currency.
    #[must_use]
    pub const fn value(self) -> Decimal {
        self.0
    }

    /// The number of decimal places without trailing zeros.
    #[must_use]
    pub fn decimals(self) -> u32 {
        self.0.normalize().scale()
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

written_as!(
    Price,
    "Price",
    json_schema!({
        "description": "A decimal number as a string, exact, in the major unit of the currency.",
        "type": "string",
        "pattern": r"^[0-9]{1,9}(\.[0-9]{1,6})?$",
    })
);

impl TryFrom<String> for Price {
    type Error = InvalidPrice;
    fn try_from(raw: String) -> Result<Self, InvalidPrice> {
        Self::parse(&raw)
    }
}

impl From<Price> for String {
    fn from(price: Price) -> Self {
        price.to_string()
    }
}

/// Serializes a decimal as a JSON number, for formats that require one. With up to 15 digits, which
/// is more than any plausible price has, the number reads back as the same decimal.
pub(super) fn as_number<S: serde::Serializer>(decimal: &Decimal, serializer: S) -> Result<S::Ok, S::Error> {
    let number: f64 = decimal.to_string().parse().map_err(serde::ser::Error::custom)?;
    serializer.serialize_f64(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rounded(code: &str, exact: &str) -> String {
        Money::rounded(exact.parse().unwrap(), Currency::parse(code).unwrap()).amount.to_string()
    }

    #[test]
    fn half_a_minor_unit_is_rounded_up() {
        assert_eq!(rounded("CNY", "1.005"), "1.01");
        assert_eq!(rounded("CNY", "1.0049999"), "1.00");
        assert_eq!(rounded("CNY", "2.5"), "2.50");
        assert_eq!(rounded("JPY", "2.5"), "3");
        assert_eq!(rounded("KWD", "0.0005"), "0.001");
    }

    #[test]
    fn a_price_has_plain_digits() {
        assert_eq!(Price::parse("0.8765").unwrap().to_string(), "0.8765");
        assert_eq!(Price::parse("1").unwrap().decimals(), 0);
        assert_eq!(Price::parse("1.500").unwrap().decimals(), 1);
        assert_eq!(Price::parse("-0.00"), Ok(Price::ZERO));
        assert_eq!(Price::parse("-0.01"), Err(InvalidPrice::Negative));
        for wrong in
            ["", "1e3", "+1", "1_000", ".5", "5.", "1.2345678", "1234567890", "NaN", " 1", "1,5", "--1"]
        {
            assert_eq!(Price::parse(wrong), Err(InvalidPrice::NotADecimal), "{wrong}");
        }
    }
}
