//! Cursors of lists that are not ordered by creation, as opaque text.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use domain::ids::ChargePointId;
use std::fmt;
use uuid::Uuid;

/// The first byte identifies the layout; 1 is the layout of lists by creation.
const BY_VERSION: u8 = 2;
const BY_DISTANCE: u8 = 3;
const BY_NAME: u8 = 4;
const BY_TIME: u8 = 5;
const BY_NOTE: u8 = 6;

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

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn decodes_versions_and_distances_as_they_were_encoded(version: i64, distance in 0.0..3.0_f64, id: u128) {
            prop_assert_eq!(ByVersion::decode(&ByVersion(version).to_string()), Some(ByVersion(version)));
            let place = ByDistance { distance, id: Uuid::from_u128(id) };
            prop_assert_eq!(ByDistance::decode(&place.to_string()), Some(place));
            prop_assert_eq!(ByVersion::decode(&place.to_string()), None);
        }

        #[test]
        fn decodes_names_and_times_as_they_were_encoded(name in "[A-Za-z0-9._:@*+=|-]{1,64}", micros in 0..4_000_000_000_000_000_i64) {
            prop_assert_eq!(ByName::decode(&ByName(name.clone()).to_string()), Some(ByName(name)));
            let time = ByTime(DateTime::from_timestamp_micros(micros).unwrap());
            prop_assert_eq!(ByTime::decode(&time.to_string()), Some(time));
            prop_assert_eq!(ByVersion::decode(&time.to_string()), None);
        }

        #[test]
        fn decodes_records_as_they_were_encoded(micros in 0..4_000_000_000_000_000_i64, number in 0..i32::MAX) {
            let noted_at = DateTime::from_timestamp_micros(micros).unwrap();
            let place = ByRecording { noted_at, number };
            prop_assert_eq!(ByRecording::decode(&place.to_string()), Some(place));
            prop_assert_eq!(ByTime::decode(&place.to_string()), None);
        }

        #[test]
        fn refuses_text_of_another_length(bytes: Vec<u8>, text: String) {
            prop_assume!(![9, 13, 25].contains(&bytes.len()));
            for text in [URL_SAFE_NO_PAD.encode(bytes), text] {
                prop_assert_eq!(ByVersion::decode(&text), None);
                prop_assert_eq!(ByDistance::decode(&text), None);
                prop_assert_eq!(ByTime::decode(&text), None);
                prop_assert_eq!(ByRecording::decode(&text), None);
            }
        }
    }

    #[test]
    fn refuses_other_layouts_and_invalid_values() {
        let text = URL_SAFE_NO_PAD.encode([1, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(ByVersion::decode(&text), None);
        assert_eq!(ByTime::decode(&ByTime(DateTime::UNIX_EPOCH - TimeDelta::seconds(1)).to_string()), None);
        assert_eq!(ByName::decode(&ByName("CP 1".to_owned()).to_string()), None);
        let never = ByRecording { noted_at: DateTime::UNIX_EPOCH, number: -1 };
        assert_eq!(ByRecording::decode(&never.to_string()), None);
        let nowhere = ByDistance { distance: f64::NAN, id: Uuid::nil() };
        assert_eq!(ByDistance::decode(&nowhere.to_string()), None);
    }
}
