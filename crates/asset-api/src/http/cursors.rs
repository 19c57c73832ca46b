//! Cursors of lists that are not ordered by creation, as opaque text.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Datelike as _, NaiveDate, Utc};
use domain::ids::{ChargePointId, ConnectorId, PileId, StationId};
use domain::tariffs::Currency;
use domain::text::Label;
use std::fmt;
use storage::assets::audit::TrailPosition;
use storage::reliability::GroupKey;
use storage::sessions::revenue::{RevenueGrouping, RevenuePosition};
use uuid::Uuid;

/// The first byte identifies the layout; 1 is the layout of lists by creation.
const BY_VERSION: u8 = 2;
const BY_DISTANCE: u8 = 3;
const BY_NAME: u8 = 4;
const BY_TIME: u8 = 5;
const BY_NOTE: u8 = 6;
const BY_EDIT: u8 = 7;
const BY_GROUP: u8 = 8;
const BY_PERIOD: u8 = 9;

/// A cursor in a list of versions of one asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByVersion(pub i64);

impl ByVersion {
    /// Decodes a cursor; `None` when the text is not a cursor of this list.
    pub fn decode(text: &str) -> Option<Self> {
        let bytes: [u8; 9] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (kind, version) = bytes.split_first_chunk::<1>()?;
        let version = i64::from_be_bytes(version.try_into().ok()?);
        (*kind == [BY_VERSION]).then_some(Self(version))
    }
}

impl fmt::Display for ByVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&[BY_VERSION], self.0.to_be_bytes().as_slice()].concat();
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// A cursor in a list that is ordered by distance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ByDistance {
    /// The distance, in the unit by which the list is ordered.
    pub distance: f64,
    /// Distinguishes items at the same distance.
    pub id: Uuid,
}

impl ByDistance {
    /// Decodes a cursor; `None` when the text is not a cursor of this list.
    pub fn decode(text: &str) -> Option<Self> {
        let bytes: [u8; 25] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (kind, rest) = bytes.split_first()?;
        let (distance, id) = rest.split_first_chunk()?;
        let distance = f64::from_be_bytes(*distance);
        let valid = *kind == BY_DISTANCE && distance.is_finite();
        valid.then_some(Self { distance, id: Uuid::from_slice(id).ok()? })
    }
}

impl fmt::Display for ByDistance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&[BY_DISTANCE], self.distance.to_be_bytes().as_slice(), self.id.as_bytes()].concat();
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// A cursor in a list of charge points that is ordered by id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByName(pub String);

impl ByName {
    /// Decodes a cursor; `None` when the text is not a cursor of this list.
    pub fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (kind, name) = bytes.split_first()?;
        let name = std::str::from_utf8(name).ok().filter(|_| *kind == BY_NAME)?;
        ChargePointId::parse(name).ok().map(|device| Self(device.into()))
    }
}

impl fmt::Display for ByName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode([&[BY_NAME], self.0.as_bytes()].concat()))
    }
}

/// A cursor in a list with at most one item per instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByTime(pub DateTime<Utc>);

impl ByTime {
    /// Decodes a cursor; `None` when the text is not a cursor of this list.
    pub fn decode(text: &str) -> Option<Self> {
        let bytes: [u8; 9] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (kind, micros) = bytes.split_first()?;
        let micros = i64::from_be_bytes(micros.try_into().ok()?);
        // No sample is older than 1970, and PostgreSQL does not support every time that fits the
        // layout.
        let at = DateTime::from_timestamp_micros(micros).filter(|_| *kind == BY_TIME && micros >= 0)?;
        Some(Self(at))
    }
}

impl fmt::Display for ByTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [&[BY_TIME], self.0.timestamp_micros().to_be_bytes().as_slice()].concat();
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// A cursor in a list that is ordered by the time at which the platform recorded the items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByRecording {
    /// When the item was recorded.
    pub noted_at: DateTime<Utc>,
    /// Distinguishes items that were recorded together.
    pub number: i32,
}

impl ByRecording {
    /// Decodes a cursor; `None` when the text is not a cursor of this list.
    pub fn decode(text: &str) -> Option<Self> {
        let bytes: [u8; 13] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (kind, rest) = bytes.split_first()?;
        let (micros, number) = rest.split_first_chunk()?;
        let micros = i64::from_be_bytes(*micros);
        let number = i32::from_be_bytes(number.try_into().ok()?);
        // Nothing was recorded before 1970, and PostgreSQL does not support every time that fits
        // the layout.
        let valid = *kind == BY_NOTE && micros >= 0 && number >= 0;
        let noted_at = DateTime::from_timestamp_micros(micros).filter(|_| valid)?;
        Some(Self { noted_at, number })
    }
}

impl fmt::Display for ByRecording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.noted_at.timestamp_micros().to_be_bytes();
        let bytes = [&[BY_NOTE], micros.as_slice(), &self.number.to_be_bytes()].concat();
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// A cursor in the audit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByEdit(pub TrailPosition);

impl ByEdit {
    /// Decodes a cursor; `None` when the text is not a cursor of this list.
    pub fn decode(text: &str) -> Option<Self> {
        let bytes: [u8; 33] = URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()?;
        let (kind, rest) = bytes.split_first()?;
        let (micros, rest) = rest.split_first_chunk()?;
        let (id, version) = rest.split_first_chunk()?;
        let micros = i64::from_be_bytes(*micros);
        // Nothing was edited before 1970, and PostgreSQL does not support every time that fits the
        // layout.
        let at = DateTime::from_timestamp_micros(micros).filter(|_| *kind == BY_EDIT && micros >= 0)?;
        let version = i64::from_be_bytes(version.try_into().ok()?);
        Some(Self(TrailPosition { at, id: Uuid::from_bytes(*id), version }))
    }
}

impl fmt::Display for ByEdit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let TrailPosition { at, id, version } = self.0;
        let micros = at.timestamp_micros().to_be_bytes();
        let bytes = [&[BY_EDIT], micros.as_slice(), id.as_bytes(), &version.to_be_bytes()].concat();
        f.write_str(&URL_SAFE_NO_PAD.encode(bytes))
    }
}

/// A cursor in a list of groups of the reliability ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByGroup(pub GroupKey);

impl ByGroup {
    /// Decodes a cursor; `None` when the text is not a cursor of this list.
    pub fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let ([kind, grouping], rest) = bytes.split_first_chunk::<2>()?;
        if *kind != BY_GROUP {
            return None;
        }
        let id = |bytes: &[u8]| Uuid::from_slice(bytes).ok();
        Some(Self(match grouping {
            b'c' => {
                let (pile, number) = rest.split_first_chunk::<16>()?;
                let number = u16::from_be_bytes(number.try_into().ok()?);
                GroupKey::Connector(PileId(id(pile)?), ConnectorId::parse(number.into()).ok()?)
            }
            b'p' => GroupKey::Pile(PileId(id(rest)?)),
            b's' => GroupKey::Station(StationId(id(rest)?)),
            b'o' => GroupKey::Operator(Label::parse(std::str::from_utf8(rest).ok()?).ok()?),
            _ => return None,
        }))
    }
}

impl fmt::Display for ByGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number;
        let (grouping, id, rest): (u8, &[u8], &[u8]) = match &self.0 {
            GroupKey::Connector(pile, connector) => {
                number = connector.number().to_be_bytes();
                (b'c', pile.0.as_bytes(), &number)
            }
            GroupKey::Pile(pile) => (b'p', pile.0.as_bytes(), &[]),
            GroupKey::Station(station) => (b's', station.0.as_bytes(), &[]),
            GroupKey::Operator(operator) => (b'o', operator.as_str().as_bytes(), &[]),
        };
        f.write_str(&URL_SAFE_NO_PAD.encode([&[BY_GROUP, grouping], id, rest].concat()))
    }
}

/// A cursor in a list of periods of the revenue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ByPeriod {
    /// What the items of the list are for.
    pub grouping: RevenueGrouping,
    /// The position of the last item.
    pub position: RevenuePosition,
}

impl ByPeriod {
    /// Decodes a cursor; `None` when the text is not a cursor of this list.
    pub fn decode(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let ([kind, grouping], rest) = bytes.split_first_chunk::<2>()?;
        let (days, rest) = rest.split_first_chunk()?;
        let (station, rest) = rest.split_first_chunk()?;
        let (currency, operator) = rest.split_first_chunk::<3>()?;
        // PostgreSQL does not support every date that fits the layout.
        let days = Some(i32::from_be_bytes(*days)).filter(|days| *kind == BY_PERIOD && *days > 0)?;
        let currency = if *currency == NO_CURRENCY { "" } else { std::str::from_utf8(currency).ok()? };
        let operator = std::str::from_utf8(operator).ok()?;
        let is_valid = (currency.is_empty() || Currency::parse(currency).is_ok())
            && (operator.is_empty() || Label::parse(operator).is_ok());
        Some(Self {
            grouping: RevenueGrouping::ALL.into_iter().find(|known| letter(*known) == *grouping)?,
            position: RevenuePosition {
                starts_on: NaiveDate::from_num_days_from_ce_opt(days).filter(|_| is_valid)?,
                operator_id: operator.to_owned(),
                station_id: Uuid::from_bytes(*station),
                currency: currency.to_owned(),
            },
        })
    }
}

const fn letter(grouping: RevenueGrouping) -> u8 {
    match grouping {
        RevenueGrouping::Total => b't',
        RevenueGrouping::Operator => b'o',
        RevenueGrouping::Station => b's',
    }
}

/// The currency of sessions without a price.
const NO_CURRENCY: [u8; 3] = [0; 3];

impl fmt::Display for ByPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RevenuePosition { starts_on, operator_id, station_id, currency } = &self.position;
        let days = starts_on.num_days_from_ce().to_be_bytes();
        let currency = if currency.is_empty() { NO_CURRENCY.as_slice() } else { currency.as_bytes() };
        let head = [BY_PERIOD, letter(self.grouping)];
        let parts = [head.as_slice(), &days, station_id.as_bytes(), currency, operator_id.as_bytes()];
        f.write_str(&URL_SAFE_NO_PAD.encode(parts.concat()))
    }
}

#[cfg(test)]
mod tests;
