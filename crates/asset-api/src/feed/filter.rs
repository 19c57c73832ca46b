//! Selects the changes that a client asked for.

use crate::http::fields::Fields;
use domain::feed::{FeedKind, FeedSubject};
use domain::ids::ChargePointId;
use serde_json::Value;
use std::collections::BTreeSet;

/// Largest number of charge points in one filter.
const MAX_DEVICES: usize = 200;

/// The changes that a client asked for; `None` selects all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    devices: Option<BTreeSet<ChargePointId>>,
    types: Option<BTreeSet<&'static str>>,
}

impl Filter {
    /// Takes `chargePointId` and `type` out of the query, each a comma-separated list.
    pub fn take(query: &mut Fields) -> Option<Self> {
        let devices = query.optional("chargePointId", devices);
        let types = query.optional("type", types);
        Some(Self { devices, types })
    }

    /// Whether the filter selects everything.
    pub const fn is_open(&self) -> bool {
        self.devices.is_none() && self.types.is_none()
    }

    /// Whether the filter selects a change of type `kind` about `subject`.
    pub fn lets_through(&self, subject: &FeedSubject, kind: &str) -> bool {
        let wanted = match (&self.devices, subject) {
            (None, _) => true,
            (Some(devices), FeedSubject::ChargePoint(id)) => devices.contains(id),
            (Some(_), FeedSubject::Station(_) | FeedSubject::Tariff(_)) => false,
        };
        wanted && self.types.as_ref().is_none_or(|types| types.contains(kind))
    }
}

fn devices(value: &Value) -> Result<BTreeSet<ChargePointId>, String> {
    let parse = |text: &str| ChargePointId::parse(text).map_err(|error| error.to_string());
    let devices: BTreeSet<_> = items(value)?.map(parse).collect::<Result<_, _>>()?;
    if devices.len() > MAX_DEVICES {
        return Err(format!("must name at most {MAX_DEVICES} charge points"));
    }
    Ok(devices)
}

fn types(value: &Value) -> Result<BTreeSet<&'static str>, String> {
    let known = |text: &str| FeedKind::TYPES.into_iter().find(|known| *known == text);
    items(value)?
        .map(|text| {
            known(text).ok_or_else(|| format!("must be one or more of {}", FeedKind::TYPES.join(", ")))
        })
        .collect()
}

fn items(value: &Value) -> Result<impl Iterator<Item = &str>, String> {
    let text = value.as_str().ok_or_else(|| "must be a string".to_owned())?;
    Ok(text.split(','))
}
