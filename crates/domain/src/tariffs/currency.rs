//! Currencies (ISO 4217) and their minor units.

use crate::schema::written_as;
use rust_decimal::Decimal;
use schemars::json_schema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// A currency in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(into = "String")]
pub struct Currency {
    code: &'static str,
    minor_digits: u32,
    highest_per_kwh: u32,
}

/// The code of no currency that the platform knows. The message is suitable for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be the ISO 4217 code of a currency in use, such as CNY")]
pub struct UnknownCurrency;

/// Code, number of decimal places of the minor unit, and an upper limit for the price of one kWh:
/// some 20 US dollars. A price above the limit indicates a misplaced decimal point.
const KNOWN: [(&str, u32, u32); 46] = [
    ("AED", 2, 80),
    ("AUD", 2, 40),
    ("BHD", 3, 10),
    ("BRL", 2, 120),
    ("CAD", 2, 30),
    ("CHF", 2, 20),
    ("CLP", 0, 20_000),
    ("CNY", 2, 100),
    ("CZK", 2, 500),
    ("DKK", 2, 150),
    ("EUR", 2, 20),
    ("GBP", 2, 20),
    ("HKD", 2, 150),
    ("HUF", 2, 8_000),
    ("IDR", 2, 300_000),
    ("ILS", 2, 80),
    ("INR", 2, 2_000),
    ("ISK", 0, 3_000),
    ("JOD", 3, 20),
    ("JPY", 0, 3_000),
    ("KRW", 0, 30_000),
    ("KWD", 3, 10),
    ("KZT", 2, 10_000),
    ("MOP", 2, 150),
    ("MXN", 2, 400),
    ("MYR", 2, 100),
    ("NOK", 2, 200),
    ("NZD", 2, 40),
    ("OMR", 3, 10),
    ("PHP", 2, 1_200),
    ("PLN", 2, 100),
    ("QAR", 2, 80),
    ("RON", 2, 100),
    ("RUB", 2, 2_000),
    ("SAR", 2, 80),
    ("SEK", 2, 200),
    ("SGD", 2, 30),
    ("THB", 2, 700),
    ("TND", 3, 60),
    ("TRY", 2, 1_000),
    ("TWD", 2, 700),
    ("UAH", 2, 1_000),
    ("USD", 2, 20),
    ("UZS", 2, 250_000),
    ("VND", 0, 500_000),
    ("ZAR", 2, 400),
];

impl Currency {
    /// The currency with an ISO 4217 code.
    ///
    /// # Errors
    /// The platform knows no currency with that code.
    pub fn parse(code: &str) -> Result<Self, UnknownCurrency> {
        let known = KNOWN.into_iter().find(|(known, ..)| *known == code);
        let (code, minor_digits, highest_per_kwh) = known.ok_or(UnknownCurrency)?;
        Ok(Self { code, minor_digits, highest_per_kwh })
    }

    /// ISO 4217 code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        self.code
    }

    /// The number of decimal places of the minor unit: 2 for CNY, whose minor unit is the fen.
    #[must_use]
    pub const fn minor_digits(self) -> u32 {
        self.minor_digits
    }

    /// The highest plausible price of one kWh.
    #[must_use]
    pub fn highest_per_kwh(self) -> Decimal {
        Decimal::from(self.highest_per_kwh)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code)
    }
}

written_as!(
    Currency,
    "Currency",
    json_schema!({
        "description": "ISO 4217 code.",
        "type": "string",
        "enum": KNOWN.map(|(code, ..)| code).to_vec(),
    })
);

// Implemented by hand: a derived implementation could deserialize only `'static` data, because of
// the code.
impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::try_from(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

impl TryFrom<String> for Currency {
    type Error = UnknownCurrency;
    fn try_from(code: String) -> Result<Self, UnknownCurrency> {
        Self::parse(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> Self {
        currency.code.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_codes_in_use_are_known() {
        for code in ["", "cny", "RMB", "XXX"] {
            assert_eq!(Currency::parse(code), Err(UnknownCurrency));
        }
        assert!(KNOWN.is_sorted_by(|one, next| one.0 < next.0));
    }
}
