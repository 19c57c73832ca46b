//! The Tariff object of OCPI 2.2.1 in its serialized form.

use crate::tariffs::money::as_number;
use crate::tariffs::tax::TaxPercent;
use chrono::{DateTime, NaiveDate, Utc};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// A Tariff object of OCPI 2.2.1.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "OcpiTariff")]
pub struct Object {
    /// The country of the party that owns the tariff, two letters of ISO 3166, from the query
    /// parameter `countryCode`.
    pub(super) country_code: String,
    /// The party that owns the tariff, three letters or digits, from the query parameter `partyId`.
    pub(super) party_id: String,
    /// The id of the tariff at that party: the query parameter `id`, else the tariff id of the
    /// platform.
    pub(super) id: String,
    /// The currency of all prices, ISO 4217.
    pub(super) currency: &'static str,
    /// The OCPI tariff type; always `REGULAR`.
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    /// The prices and the times at which they hold. In each dimension the first element whose
    /// restrictions match applies.
    pub(super) elements: Vec<Element>,
    /// The start of validity, RFC 3339 in UTC, in whole seconds: when the version comes into force
    /// or, if later, the first of the dates that are written out.
    #[serde(serialize_with = "as_seconds")]
    pub(super) start_date_time: DateTime<Utc>,
    /// The end of validity, RFC 3339 in UTC, in whole seconds, itself not included: when the next
    /// version comes into force or the dates that are written out end, whichever is earlier. Absent
    /// if neither is known.
    #[serde(serialize_with = "as_seconds_if_any", skip_serializing_if = "Option::is_none")]
    pub(super) end_date_time: Option<DateTime<Utc>>,
    /// When the version was published, RFC 3339 in UTC, in whole seconds.
    #[serde(serialize_with = "as_seconds")]
    pub(super) last_updated: DateTime<Utc>,
}

/// Prices, and when they apply.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "OcpiTariffElement")]
pub(super) struct Element {
    /// The price; always exactly one component.
    pub(super) price_components: [Component; 1],
    /// When the price holds, in the local time of the location; absent if it always holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) restrictions: Option<Restrictions>,
}

#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[schemars(rename = "OcpiPriceComponent")]
pub(super) struct Component {
    /// What is priced: energy, the time in which energy flows (`TIME`), the session (`FLAT`) or
    /// occupancy after the charge (`PARKING_TIME`).
    #[serde(rename = "type")]
    dimension: Dimension,
    /// The price in the major unit of the currency: per kWh for `ENERGY` (electricity and service
    /// together), per session for `FLAT`, per hour for `TIME` and `PARKING_TIME`. Without VAT.
    #[serde(serialize_with = "as_number")]
    #[schemars(with = "f64")]
    price: Decimal,
    /// The VAT in percent; absent if the version names no tax rate.
    #[serde(serialize_with = "as_number_if_any", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<f64>")]
    vat: Option<Decimal>,
    /// The smallest amount that is billed: 1 Wh for `ENERGY`, 1 second for `TIME`, 60 seconds for
    /// `PARKING_TIME`, 1 for `FLAT`.
    step_size: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[schemars(rename = "OcpiTariffDimensionType")]
pub(super) enum Dimension {
    Energy,
    Flat,
    ParkingTime,
    Time,
}

#[derive(Debug, Clone, PartialEq, Default, Serialize, JsonSchema)]
#[schemars(rename = "OcpiTariffRestrictions")]
pub(super) struct Restrictions {
    /// The time of day from which the price holds, `HH:MM` in local time; absent if it holds all
    /// day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) start_time: Option<String>,
    /// The time of day until which the price holds, `HH:MM` in local time, itself not included;
    /// `00:00` is the end of the day. Absent if it holds all day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) end_time: Option<String>,
    /// The first date on which the price holds, `YYYY-MM-DD` in local time; absent if it does not
    /// depend on dates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) start_date: Option<NaiveDate>,
    /// The date until which the price holds, `YYYY-MM-DD` in local time, itself not included;
    /// absent if it does not depend on dates.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) end_date: Option<NaiveDate>,
    /// The energy of the session from which the price holds, in kWh; absent if it holds from the
    /// start.
    #[serde(serialize_with = "as_number_if_any", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<f64>")]
    pub(super) min_kwh: Option<Decimal>,
    /// The energy of the session until which the price holds, in kWh; absent if it holds to the end.
    #[serde(serialize_with = "as_number_if_any", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<f64>")]
    pub(super) max_kwh: Option<Decimal>,
    /// The days of the week on which the price holds, such as `MONDAY`; absent if it holds on all
    /// of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) day_of_week: Vec<String>,
}

impl Element {
    /// An element without restrictions.
    pub(super) fn free(
        dimension: Dimension,
        price: Decimal,
        step_size: u16,
        vat: Option<TaxPercent>,
    ) -> Self {
        let vat = vat.map(TaxPercent::percent);
        Self { price_components: [Component { dimension, price, vat, step_size }], restrictions: None }
    }
}

fn as_number_if_any<S: Serializer>(decimal: &Option<Decimal>, serializer: S) -> Result<S::Ok, S::Error> {
    match decimal {
        Some(decimal) => as_number(decimal, serializer),
        None => serializer.serialize_none(),
    }
}

/// Times in OCPI have at most 25 characters.
fn as_seconds<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&at.format("%Y-%m-%dT%H:%M:%SZ"))
}

fn as_seconds_if_any<S: Serializer>(at: &Option<DateTime<Utc>>, serializer: S) -> Result<S::Ok, S::Error> {
    match at {
        Some(at) => as_seconds(at, serializer),
        None => serializer.serialize_none(),
    }
}
