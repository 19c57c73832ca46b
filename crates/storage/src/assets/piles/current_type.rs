//! The current type of a pile in two columns, so that the previous release can read piles without a
//! stated type.

use crate::StorageError;
use domain::assets::{CurrentType, PileDetails};

/// The largest power of an AC connector in kW: 63 A at 400 V, three phases.
const MOST_AC_KW: f64 = 43.5;

/// Encodes the columns `current_type` and `placeholder_current_type`. Without a stated type both
/// hold the likely word for this power: the previous release requires one, and shows it while both
/// releases run.
pub(super) fn to_columns(details: &PileDetails) -> (&'static str, Option<&'static str>) {
    let likely = if details.rated_power_kw.kw() > MOST_AC_KW { CurrentType::Dc } else { CurrentType::Ac };
    match details.current_type {
        Some(stated) => (stated.as_str(), None),
        None => (likely.as_str(), Some(likely.as_str())),
    }
}

/// Decodes the columns `current_type` and `placeholder_current_type`. The type is not stated if the
/// former is null or equals the latter. An edit by the previous release that states the other type
/// makes them differ.
///
/// # Errors
/// If `current_type` is not a known word.
pub(super) fn from_columns(
    current_type: Option<&str>,
    placeholder: Option<&str>,
) -> Result<Option<CurrentType>, StorageError> {
    let Some(word) = current_type.filter(|_| current_type != placeholder) else { return Ok(None) };
    let known = CurrentType::ALL.into_iter().find(|kind| kind.as_str() == word);
    known.map(Some).ok_or_else(|| StorageError::inconsistent("piles", format!("current type {word}")))
}
