//! The stations in memory, with what lists are ordered by.

use super::entry::Entry;
use super::octree::{self, Octree};
use chrono::{DateTime, Utc};
use domain::assets::{OperatorBound, Station, chord, is_same_chord};
use domain::ids::StationId;
use domain::text::Label;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Bound::{Excluded, Unbounded};
use std::sync::Arc;
use storage::assets::availability::PileState;
use storage::assets::stations::{Filter, Near};

/// The place of a station in the list of the newest: when it was created, and its id.
type Place = (DateTime<Utc>, StationId);

/// All stations that are not retired, and their piles.
#[derive(Debug, Default)]
pub struct Map {
    stations: BTreeMap<StationId, Entry>,
    /// The station of each device in a pile.
    station_of: HashMap<Arc<str>, StationId>,
    by_age: BTreeSet<Place>,
    /// The stations of each operator.
    by_operator: HashMap<Box<str>, BTreeSet<Place>>,
    points: Octree,
}

impl Map {
    /// The number of stations.
    pub fn stations(&self) -> usize {
        self.stations.len()
    }

    /// The number of piles.
    pub fn piles(&self) -> usize {
        self.station_of.len()
    }

    /// All stations in the order of their ids, from the one after `after`.
    pub fn after(&self, after: Option<StationId>) -> impl Iterator<Item = &Entry> {
        let from = after.map_or(Unbounded, Excluded);
        self.stations.range((from, Unbounded)).map(|(_, entry)| entry)
    }

    /// The station with this id.
    pub fn station(&self, id: StationId) -> Option<&Entry> {
        self.stations.get(&id)
    }

    /// The pile with this device.
    pub fn pile(&self, device: &str) -> Option<&PileState> {
        self.stations.get(self.station_of.get(device)?)?.piles().get(device)
    }

    /// Adds or replaces a station; its piles stay.
    ///
    /// # Errors
    /// If the station cannot be rendered.
    pub fn put_station(&mut self, station: &Station) -> serde_json::Result<()> {
        let mut entry = Entry::new(station)?;
        if let Some(before) = self.take(entry.id) {
            entry = entry.with_piles_of(before)?;
        }
        let place = (entry.created_at, entry.id);
        self.by_age.insert(place);
        if let Some(operator) = &entry.operator {
            self.by_operator.entry(operator.clone()).or_default().insert(place);
        }
        if let Some(location) = entry.location {
            self.points.insert(entry.id, location.in_space());
        }
        self.stations.insert(entry.id, entry);
        Ok(())
    }

    /// Removes a station with its piles.
    pub fn remove_station(&mut self, id: StationId) {
        let Some(entry) = self.take(id) else { return };
        for device in entry.piles().keys() {
            self.station_of.remove(device);
        }
    }

    /// Takes a station out of all orders.
    fn take(&mut self, id: StationId) -> Option<Entry> {
        let entry = self.stations.remove(&id)?;
        let place = (entry.created_at, id);
        self.by_age.remove(&place);
        if let Some(operator) = &entry.operator
            && let Some(places) = self.by_operator.get_mut(operator)
        {
            places.remove(&place);
            if places.is_empty() {
                self.by_operator.remove(operator);
            }
        }
        if let Some(location) = entry.location {
            self.points.remove(id, &location.in_space());
        }
        Some(entry)
    }

    /// Replaces what is known of the piles with these `devices` by `piles`. A device without a pile is
    /// removed; a pile whose station is not in the map is left out.
    ///
    /// # Errors
    /// If the counts cannot be rendered.
    pub fn put_piles<'a>(
        &mut self,
        devices: impl IntoIterator<Item = &'a str>,
        piles: Vec<PileState>,
    ) -> serde_json::Result<()> {
        let mut changed = BTreeSet::new();
        for device in devices {
            let Some(station) = self.station_of.remove(device) else { continue };
            if let Some(entry) = self.stations.get_mut(&station) {
                entry.remove(device);
                changed.insert(station);
            }
        }
        for pile in piles {
            let Some(entry) = self.stations.get_mut(&pile.station_id) else { continue };
            let (device, station) = (Arc::clone(&pile.charge_point_id), entry.id);
            entry.put(pile);
            changed.insert(station);
            let former = self.station_of.insert(Arc::clone(&device), station);
            let former = former.filter(|former| *former != station);
            if let Some(former) = former.and_then(|former| self.stations.get_mut(&former)) {
                former.remove(&device);
                changed.insert(former.id);
            }
        }
        for station in changed {
            if let Some(entry) = self.stations.get_mut(&station) {
                entry.count()?;
            }
        }
        Ok(())
    }

    /// Up to `limit` stations within `bound` that `filter` selects, the newest first; with `after`, those
    /// that follow the station created at that time with that id. The filter must not search words or
    /// select retired stations.
    pub fn newest(
        &self,
        bound: &OperatorBound,
        filter: &Filter,
        after: Option<Place>,
        limit: usize,
    ) -> Vec<&Entry> {
        let before = after.map_or(Unbounded, Excluded);
        let page = |places: &BTreeSet<Place>| {
            let entries = places.range((Unbounded, before)).rev().filter_map(|(_, id)| self.stations.get(id));
            entries.filter(|entry| is_selected(entry, bound, filter)).take(limit).collect::<Vec<_>>()
        };
        let operators: BTreeSet<&str> = match (&filter.operator_id, bound.ids()) {
            (None, None) => return page(&self.by_age),
            (Some(operator), _) => [operator.as_str()].into(),
            (None, Some(ids)) => ids.iter().map(String::as_str).collect(),
        };
        let places = operators.into_iter().filter_map(|operator| self.by_operator.get(operator));
        let mut found: Vec<_> = places.flat_map(page).collect();
        found.sort_unstable_by_key(|entry| std::cmp::Reverse((entry.created_at, entry.id)));
        found.truncate(limit);
        found
    }

    /// Up to `limit` stations within `bound` that `filter` selects, the nearest first, each with its
    /// straight-line distance on a ball of radius 1; with `after`, those that follow the station at
    /// that distance with that id. The filter must not search words or select retired stations.
    pub fn nearest(
        &self,
        bound: &OperatorBound,
        filter: &Filter,
        near: &Near,
        after: Option<(f64, StationId)>,
        limit: usize,
    ) -> Vec<(&Entry, f64)> {
        let from = near.place.in_space();
        // PostgreSQL may round the distance of the same station differently.
        let after = after.map(|(distance, id)| {
            let location = self.stations.get(&id).and_then(|entry| entry.location);
            let own = location.map(|location| octree::distance(&from, &location.in_space()));
            (own.filter(|own| is_same_chord(*own, distance)).unwrap_or(distance), id)
        });
        let nearest = self.points.nearest(from, after, chord(near.radius_m));
        let entries = nearest.filter_map(|(id, distance)| Some((self.stations.get(&id)?, distance)));
        entries.filter(|(entry, _)| is_selected(entry, bound, filter)).take(limit).collect()
    }
}

fn is_selected(entry: &Entry, bound: &OperatorBound, filter: &Filter) -> bool {
    let operator = entry.operator.as_deref();
    bound.reaches(operator)
        && filter.operator_id.as_ref().is_none_or(|wanted| operator == Some(Label::as_str(wanted)))
        && filter.status.is_none_or(|status| entry.status == status)
        && (!filter.available_only || entry.is_available)
}

#[cfg(test)]
mod tests;
