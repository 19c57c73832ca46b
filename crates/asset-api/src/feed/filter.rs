//! Selects the changes that a client asked for and that its scopes allow.

use super::access::FeedAccess;
use crate::http::fields::Fields;
use crate::http::fields::parse::uuid;
use domain::feed::{FeedKind, Redaction};
use domain::ids::{ChargePointId, PileId, StationId};
use runtime::Problem;
use serde_json::Value;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Largest number of charge points, stations or piles in one filter.
const MAX_IDS: usize = 200;

/// The changes that a client asked for and may see; `None` selects all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Filter {
    access: FeedAccess,
    devices: Option<BTreeSet<ChargePointId>>,
    stations: Option<BTreeSet<StationId>>,
    piles: Option<BTreeSet<PileId>>,
    types: Option<BTreeSet<&'static str>>,
    /// Types of which all changes are selected, whatever the other filters select.
    also: BTreeSet<&'static str>,
}

impl Filter {
    /// For a client with `access`, takes `chargePointId`, `stationId`, `pileId`, `types` and `alsoTypes` out of the
    /// query, each a comma-separated list; `type` is the former name of `types`.
    pub fn take(query: &mut Fields, access: FeedAccess) -> Option<Self> {
        let devices = query.optional("chargePointId", devices);
        let stations = query.optional("stationId", ids(StationId));
        let piles = query.optional("pileId", ids(PileId));
        if query.has("types") && query.has("type") {
            query.refuse("type", "cannot be combined with types, its present name");
        }
        let former = query.optional("type", types);
        let also = query.optional("alsoTypes", types).unwrap_or_default();
        let types = query.optional("types", types).or(former);
        Some(Self { access, devices, stations, piles, types, also })
    }

    /// Refuses a client that asks for changes of a type that its scopes do not allow.
    ///
    /// # Errors
    /// 403 that names the type and the scope.
    pub fn check_types(&self) -> Result<(), Problem> {
        self.types.iter().flatten().chain(&self.also).try_for_each(|kind| self.access.require(kind))
    }

    /// What is hidden in the changes that the client sees.
    pub const fn redaction(&self) -> Redaction {
        self.access.redaction()
    }

    /// Whether the filter selects everything, and nothing is hidden.
    pub const fn is_open(&self) -> bool {
        self.access.is_full()
            && self.devices.is_none()
            && self.stations.is_none()
            && self.piles.is_none()
            && self.types.is_none()
    }

    /// Whether the filter selects a change about `device` with this place and type. A change that does
    /// not name a station matches no filter of stations; likewise for piles and devices.
    pub fn lets_through(&self, device: Option<&ChargePointId>, place: EventPlace, kind: &str) -> bool {
        if !self.access.admits(kind) {
            return false;
        }
        if self.also.contains(kind) {
            return true;
        }
        let (station, pile) = place;
        let wanted = self.devices.as_ref().is_none_or(|wanted| device.is_some_and(|id| wanted.contains(id)));
        let is_there = is_among(self.stations.as_ref(), station) && is_among(self.piles.as_ref(), pile);
        wanted && is_there && self.types.as_ref().is_none_or(|types| types.contains(kind))
    }
}

/// The station and the pile that a change names.
pub type EventPlace = (Option<StationId>, Option<PileId>);

fn is_among<T: Ord>(wanted: Option<&BTreeSet<T>>, id: Option<T>) -> bool {
    wanted.is_none_or(|wanted| id.is_some_and(|id| wanted.contains(&id)))
}

fn ids<T: Ord>(id: fn(Uuid) -> T) -> impl Fn(&Value) -> Result<BTreeSet<T>, String> {
    move |value| {
        let ids: BTreeSet<T> =
            items(value)?.map(|text| uuid(&text.into()).map(id)).collect::<Result<_, _>>()?;
        within_limit(ids)
    }
}

fn within_limit<T>(ids: BTreeSet<T>) -> Result<BTreeSet<T>, String> {
    if ids.len() > MAX_IDS {
        return Err(format!("must have at most {MAX_IDS} ids"));
    }
    Ok(ids)
}

fn devices(value: &Value) -> Result<BTreeSet<ChargePointId>, String> {
    let parse = |text: &str| ChargePointId::parse(text).map_err(|error| error.to_string());
    let devices: BTreeSet<_> = items(value)?.map(parse).collect::<Result<_, _>>()?;
    within_limit(devices)
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
