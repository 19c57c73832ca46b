//! The connectors of a pile as specified by its operator, independently of what its device reports.

use super::RatedPower;
use crate::ids::ConnectorId;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The standard of a connector, which determines the compatible vehicles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub enum ConnectorType {
    /// GB/T 20234.2.
    #[serde(rename = "GB_AC")]
    GbAc,
    /// GB/T 20234.3.
    #[serde(rename = "GB_DC")]
    GbDc,
    /// IEC 62196 type 1, SAE J1772.
    #[serde(rename = "TYPE_1")]
    Type1,
    /// IEC 62196 type 2.
    #[serde(rename = "TYPE_2")]
    Type2,
    /// Combined Charging System with type 1.
    #[serde(rename = "CCS_1")]
    Ccs1,
    /// Combined Charging System with type 2.
    #[serde(rename = "CCS_2")]
    Ccs2,
    /// CHAdeMO.
    #[serde(rename = "CHADEMO")]
    Chademo,
    /// North American Charging Standard, SAE J3400.
    #[serde(rename = "NACS")]
    Nacs,
}

impl ConnectorType {
    /// All types.
    pub const ALL: [Self; 8] =
        [Self::GbAc, Self::GbDc, Self::Type1, Self::Type2, Self::Ccs1, Self::Ccs2, Self::Chademo, Self::Nacs];

    /// The name in the API and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::GbAc => "GB_AC",
            Self::GbDc => "GB_DC",
            Self::Type1 => "TYPE_1",
            Self::Type2 => "TYPE_2",
            Self::Ccs1 => "CCS_1",
            Self::Ccs2 => "CCS_2",
            Self::Chademo => "CHADEMO",
            Self::Nacs => "NACS",
        }
    }

    /// Parses the name in the API and in storage.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A connector as specified by the operator.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Outlet {
    /// The connector's number at the device, from 1.
    #[schemars(with = "u16", range(min = 1, max = ConnectorId::MAX))]
    pub connector_id: ConnectorId,
    /// The standard.
    #[serde(rename = "type")]
    pub kind: ConnectorType,
    /// The maximum power; `None` if not stated.
    #[serde(default)]
    pub max_power_kw: Option<RatedPower>,
}

/// The connectors of a pile, each number once, in the order of their numbers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<Outlet>", into = "Vec<Outlet>")]
pub struct Outlets(Vec<Outlet>);

/// Why a list of connectors is invalid. The message is suitable for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOutlets {
    /// More connectors than a pile can have.
    #[error("must be at most {max} connectors", max = Outlets::MAX)]
    TooMany,
    /// The number 0 means the whole device.
    #[error("connectorId 0 is the whole pile; connectors are numbered from 1")]
    Whole,
    /// Two have the same number.
    #[error("connectorId {0} is given twice")]
    Twice(u16),
}

impl Outlets {
    /// The maximum number of connectors of a pile.
    pub const MAX: usize = 32;

    /// Accepts connectors in any order, each number once.
    ///
    /// # Errors
    /// There are too many connectors, a number is 0, or a number occurs twice.
    pub fn parse(mut outlets: Vec<Outlet>) -> Result<Self, InvalidOutlets> {
        if outlets.len() > Self::MAX {
            return Err(InvalidOutlets::TooMany);
        }
        outlets.sort_by_key(|outlet| outlet.connector_id);
        if outlets.first().is_some_and(|outlet| outlet.connector_id.is_whole()) {
            return Err(InvalidOutlets::Whole);
        }
        let mut neighbours = outlets.iter().zip(outlets.iter().skip(1));
        match neighbours.find(|(one, next)| one.connector_id == next.connector_id) {
            Some((one, _)) => Err(InvalidOutlets::Twice(one.connector_id.number())),
            None => Ok(Self(outlets)),
        }
    }

    /// The connectors in the order of their numbers.
    pub fn iter(&self) -> std::slice::Iter<'_, Outlet> {
        self.0.iter()
    }
}

impl JsonSchema for Outlets {
    fn schema_name() -> Cow<'static, str> {
        "Outlets".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "description": "The connectors that a pile has, each number once.",
            "type": "array",
            "items": generator.subschema_for::<Outlet>(),
            "maxItems": Self::MAX,
        })
    }
}

impl TryFrom<Vec<Outlet>> for Outlets {
    type Error = InvalidOutlets;
    fn try_from(outlets: Vec<Outlet>) -> Result<Self, InvalidOutlets> {
        Self::parse(outlets)
    }
}

impl From<Outlets> for Vec<Outlet> {
    fn from(outlets: Outlets) -> Self {
        outlets.0
    }
}

#[cfg(test)]
mod tests;
