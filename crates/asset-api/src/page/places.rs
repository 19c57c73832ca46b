//! Places in lists that are not ordered by creation, as opaque text.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use std::fmt;
use uuid::Uuid;

/// The first byte, which tells layouts apart; 1 is that of the lists by creation.
const BY_VERSION: u8 = 2;
const BY_DISTANCE: u8 = 3;

/// A place among the versions of one asset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ByVersion(pub i64);

impl ByVersion {
    /// The place that a text stands for, if it stands for one.
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

/// A place among things by their distance from somewhere.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ByDistance {
    /// The distance, in whatever the list is ordered by.
    pub distance: f64,
    /// Which of those at this distance.
    pub id: Uuid,
}

impl ByDistance {
    /// The place that a text stands for, if it stands for one.
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_place_reads_as_it_was_written(version: i64, distance in 0.0..3.0_f64, id: u128) {
            prop_assert_eq!(ByVersion::decode(&ByVersion(version).to_string()), Some(ByVersion(version)));
            let place = ByDistance { distance, id: Uuid::from_u128(id) };
            prop_assert_eq!(ByDistance::decode(&place.to_string()), Some(place));
            prop_assert_eq!(ByVersion::decode(&place.to_string()), None);
        }

        #[test]
        fn what_was_not_given_out_is_no_place(bytes: Vec<u8>, text: String) {
            prop_assume!(bytes.len() != 9 && bytes.len() != 25);
            for text in [URL_SAFE_NO_PAD.encode(bytes), text] {
                prop_assert_eq!(ByVersion::decode(&text), None);
                prop_assert_eq!(ByDistance::decode(&text), None);
            }
        }
    }

    #[test]
    fn another_layout_and_no_number_are_no_places() {
        let text = URL_SAFE_NO_PAD.encode([1, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_eq!(ByVersion::decode(&text), None);
        let nowhere = ByDistance { distance: f64::NAN, id: Uuid::nil() };
        assert_eq!(ByDistance::decode(&nowhere.to_string()), None);
    }
}
