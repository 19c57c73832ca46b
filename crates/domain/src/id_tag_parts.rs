//! The stored form of an id tag: the first 20 characters separate from the rest, because releases
//! before 2026-11-28 reject a longer `id_tag`, and with it the state or change that contains it.
//! They ignore the rest.

use crate::ids::IdTag;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The longest tag that those releases accept, in characters.
const HEAD_CHARS: usize = 20;

impl IdTag {
    /// The tag in its two stored parts. The first is a valid tag by itself: blanks at its end go to
    /// the second.
    #[must_use]
    pub fn parts(&self) -> (&str, Option<&str>) {
        let text = self.as_str();
        let end = text.char_indices().nth(HEAD_CHARS).map_or(text.len(), |(index, _)| index);
        let (head, _) = text.split_at(end);
        let (head, rest) = text.split_at(head.trim_end().len());
        (head, (!rest.is_empty()).then_some(rest))
    }

    /// Joins the two parts.
    ///
    /// # Errors
    /// The joined text is not a valid tag.
    pub fn from_parts(head: &str, rest: Option<&str>) -> Result<Self, crate::text::InvalidText> {
        rest.map_or_else(|| Self::parse(head), |rest| Self::parse(&format!("{head}{rest}")))
    }
}

#[derive(Serialize, Deserialize)]
struct Parts {
    #[serde(default, alias = "idTag", skip_serializing_if = "Option::is_none")]
    id_tag: Option<String>,
    #[serde(default, alias = "idTagRest", skip_serializing_if = "Option::is_none")]
    id_tag_rest: Option<String>,
}

/// The undivided tag, as followers of the feed receive it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Whole<'a> {
    id_tag: &'a Option<IdTag>,
}

/// For `#[serde(flatten)]`: the whole tag as `idTag`.
#[expect(clippy::ref_option, reason = "serde passes a reference to the option")]
pub(crate) fn serialize_whole<S: Serializer>(id_tag: &Option<IdTag>, to: S) -> Result<S::Ok, S::Error> {
    Whole { id_tag }.serialize(to)
}

/// For `#[serde(flatten)]`: the parts as `id_tag` and `id_tag_rest`.
#[expect(clippy::ref_option, reason = "serde passes a reference to the option")]
pub(crate) fn serialize<S: Serializer>(id_tag: &Option<IdTag>, serializer: S) -> Result<S::Ok, S::Error> {
    let (head, rest) = id_tag.as_ref().map(IdTag::parts).unzip();
    let parts = Parts { id_tag: head.map(str::to_owned), id_tag_rest: rest.flatten().map(str::to_owned) };
    parts.serialize(serializer)
}

/// For `#[serde(flatten)]`: joins the parts, whose keys may be in camelCase.
pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<IdTag>, D::Error> {
    let Parts { id_tag, id_tag_rest } = Parts::deserialize(deserializer)?;
    let id_tag = id_tag.map(|head| IdTag::from_parts(&head, id_tag_rest.as_deref()));
    id_tag.transpose().map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests;
