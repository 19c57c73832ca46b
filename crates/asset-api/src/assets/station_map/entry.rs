//! A station of the map: what selects it, and its parts of a response, rendered when they change.

use super::totals::StationTotals;
use crate::assets::stations::view;
use crate::freshness::{Confidence, FreshnessPolicy};
use chrono::{DateTime, Utc};
use domain::assets::{ConnectorType, Location, Station, StationStatus};
use domain::devices::presence;
use domain::ids::StationId;
use domain::status::{ConnectorStatus, PileStatus};
use domain::text::Label;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use storage::assets::availability::{Availability, PileState, Trust};

/// A station that is not retired, with its piles.
#[derive(Debug)]
pub struct Entry {
    pub id: StationId,
    pub created_at: DateTime<Utc>,
    pub operator: Option<Box<str>>,
    pub status: StationStatus,
    pub location: Option<Location>,
    /// Whether a vehicle can be charged at a pile now.
    pub is_available: bool,
    piles: BTreeMap<Arc<str>, PileState>,
    /// The response up to the counts.
    details: Box<str>,
    /// The counts up to the confidence.
    counts: Box<str>,
    totals: StationTotals,
    /// The confidence while no device is silent and no partition is behind.
    heard: BTreeMap<Confidence, i64>,
    /// The same, as a response has it.
    confidence: Box<str>,
    /// When the device was heard that is silent for longest, of those that silence makes stale.
    heard_since: Option<DateTime<Utc>>,
}

impl Entry {
    /// A station without piles.
    ///
    /// # Errors
    /// If the station cannot be rendered.
    pub fn new(station: &Station) -> serde_json::Result<Self> {
        let details = &station.details;
        let mut entry = Self {
            id: station.id,
            created_at: station.revision.created_at,
            operator: details.operator_id.as_ref().map(|operator| Label::as_str(operator).into()),
            status: details.status,
            location: details.location,
            is_available: false,
            piles: BTreeMap::new(),
            details: view::details_json(station)?.into(),
            counts: Box::default(),
            totals: StationTotals::default(),
            heard: BTreeMap::new(),
            confidence: Box::default(),
            heard_since: None,
        };
        entry.count()?;
        Ok(entry)
    }

    /// Moves the piles of `before`, an earlier state of the station, into this one.
    ///
    /// # Errors
    /// If the counts cannot be rendered.
    pub fn with_piles_of(mut self, before: Self) -> serde_json::Result<Self> {
        self.piles = before.piles;
        self.count()?;
        Ok(self)
    }

    /// The piles by their devices.
    pub const fn piles(&self) -> &BTreeMap<Arc<str>, PileState> {
        &self.piles
    }

    /// Adds or replaces the pile with the same device. Call [`count`](Self::count) afterwards.
    pub fn put(&mut self, pile: PileState) {
        self.piles.insert(Arc::clone(&pile.charge_point_id), pile);
    }

    /// Removes the pile with this device. Call [`count`](Self::count) afterwards.
    pub fn remove(&mut self, device: &str) {
        self.piles.remove(device);
    }

    /// Counts the piles again.
    ///
    /// # Errors
    /// If the counts cannot be rendered.
    pub fn count(&mut self) -> serde_json::Result<()> {
        let mut availability = Availability::default();
        self.piles.values().for_each(|pile| availability.add(pile));
        self.is_available =
            availability.piles.contains_key(&PileStatus::Reported(ConnectorStatus::Available));
        self.counts = view::counts_json(&availability)?.into();
        self.totals = StationTotals::of(&availability);
        self.heard.clear();
        for trust in &availability.trust {
            *self.heard.entry(Confidence::of_heard(trust)).or_default() += 1;
        }
        self.confidence = serde_json::to_string(&self.heard)?.into();
        let silenceable = availability.trust.iter().filter(|trust| may_fall_silent(trust));
        self.heard_since = silenceable.filter_map(|trust| trust.heard_at).min();
        Ok(())
    }

    /// The devices that are silent at `silent_since` as far as known: they may have been heard since.
    pub fn silent(&self, silent_since: DateTime<Utc>) -> impl Iterator<Item = &Arc<str>> {
        let is_silent = move |pile: &&PileState| {
            may_fall_silent(&pile.trust) && pile.trust.heard_at.is_some_and(|at| at < silent_since)
        };
        let piles = self.heard_since.filter(|at| *at < silent_since).map(|_| self.piles.values());
        piles.into_iter().flatten().filter(is_silent).map(|pile| &pile.charge_point_id)
    }

    /// Its piles and connectors by status.
    pub const fn totals(&self) -> &StationTotals {
        &self.totals
    }

    /// Its piles by confidence; `is_behind`: some partition of the events is.
    pub fn confidence(
        &self,
        policy: FreshnessPolicy<'_>,
        is_behind: bool,
    ) -> Cow<'_, BTreeMap<Confidence, i64>> {
        if self.is_as_heard(policy, is_behind) {
            return Cow::Borrowed(&self.heard);
        }
        Cow::Owned(policy.count(self.piles.values().map(|pile| (&pile.trust, 1))))
    }

    /// Whether no partition is behind and no device is silent.
    fn is_as_heard(&self, policy: FreshnessPolicy<'_>, is_behind: bool) -> bool {
        !is_behind && self.heard_since.is_none_or(|at| at >= policy.silent_since)
    }

    /// Appends the station to `body`, as a list shows it; `from` is the place of a list by distance.
    /// `is_behind`: some partition of the events is.
    ///
    /// # Errors
    /// If a part cannot be rendered.
    pub fn render(
        &self,
        body: &mut Vec<u8>,
        from: Option<Location>,
        policy: FreshnessPolicy<'_>,
        is_behind: bool,
    ) -> serde_json::Result<()> {
        body.extend_from_slice(self.details.as_bytes());
        body.extend_from_slice(self.counts.as_bytes());
        if self.is_as_heard(policy, is_behind) {
            body.extend_from_slice(self.confidence.as_bytes());
        } else {
            serde_json::to_writer(&mut *body, &*self.confidence(policy, is_behind))?;
        }
        body.push(b'}');
        if let Some((location, from)) = self.location.zip(from) {
            body.extend_from_slice(b",\"distanceM\":");
            serde_json::to_writer(&mut *body, &view::distance_m(location, from))?;
        }
        body.push(b'}');
        Ok(())
    }

    /// Whether the registered data is the same as in `other`.
    pub fn is_registered_like(&self, other: &Self) -> bool {
        self.details == other.details
    }
}

/// Whether silence makes a device stale: it is online, and nothing else is known against it.
fn may_fall_silent(trust: &Trust) -> bool {
    trust.online && trust.confidence == Some(presence::Confidence::Live)
}

/// Whether `one` and `other` count alike. Connectors that only have readings are left out, because
/// the feed does not report their first reading; so are times and partitions, which change without
/// a change of state.
pub fn counts_alike(one: &PileState, other: &PileState) -> bool {
    fn connectors(pile: &PileState) -> impl Iterator<Item = &(Option<ConnectorType>, PileStatus)> {
        pile.connectors
            .iter()
            .filter(|(kind, status)| kind.is_some() || matches!(status, PileStatus::Reported(_)))
    }
    let of = |pile: &PileState| (pile.station_id, pile.status, pile.trust.online, pile.trust.confidence);
    of(one) == of(other) && connectors(one).eq(connectors(other))
}
