//! Parts of rendered changes that some callers do not see.
//!
//! Changes are rendered once for all callers. What a caller may not see is replaced when the change is
//! sent, so that a change is neither rendered nor kept once more for each combination of scopes.

use actix_web::web::BytesMut;
use domain::feed::{FeedKind, Redaction, SessionChanged};
use domain::ids::IdTag;
use serde::de::IgnoredAny;
use std::ops::Range;

/// A value of a rendered change that some callers do not see.
#[derive(Debug)]
pub struct Hidden {
    /// The place of the value, from the beginning of the change.
    range: Range<usize>,
    /// What they see instead, as JSON.
    instead: String,
    secret: Secret,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Secret {
    IdTag,
    Price,
}

impl Secret {
    const fn is_hidden_by(self, redaction: Redaction) -> bool {
        match self {
            Self::IdTag => redaction.id_tags,
            Self::Price => redaction.prices,
        }
    }
}

/// What is hidden of the change `kind`, whose rendered form is `text`, in the order of the places.
///
/// # Errors
/// When a value cannot be found, which never happens for changes that were rendered from `kind`.
pub fn find(kind: &FeedKind, text: &[u8]) -> Result<Vec<Hidden>, serde_json::Error> {
    let (session, meter) = match kind {
        FeedKind::SessionChanged(session) => (session, None),
        FeedKind::SessionMetered(metered) => (&metered.session, Some(&metered.meter)),
        FeedKind::SessionSettled(settled) => (&settled.session, None),
        FeedKind::ConnectorStatusChanged(_)
        | FeedKind::ConnectivityChanged(_)
        | FeedKind::CommandChanged(_)
        | FeedKind::StationChanged(_)
        | FeedKind::PileChanged(_)
        | FeedKind::TariffChanged(_)
        | FeedKind::TariffBindingChanged(_)
        | FeedKind::IssueOpened(_)
        | FeedKind::IssueChanged(_)
        | FeedKind::IssueClosed(_) => return Ok(Vec::new()),
    };
    let mut hidden = Vec::new();
    if let Some(instead) = mask(session)? {
        hidden.push(Hidden { range: value_of("idTag", text)?, instead, secret: Secret::IdTag });
    }
    let Some(meter) = meter else { return Ok(hidden) };
    let prices = [("total", meter.total.is_some()), ("unpriced", meter.unpriced.is_some())];
    for (name, _) in prices.into_iter().filter(|(_, is_some)| *is_some) {
        let range = value_of(name, text)?;
        hidden.push(Hidden { range, instead: "null".to_owned(), secret: Secret::Price });
    }
    hidden.sort_by_key(|hidden| hidden.range.start);
    Ok(hidden)
}

fn mask(session: &SessionChanged) -> Result<Option<String>, serde_json::Error> {
    session.id_tag.as_ref().map(|id_tag: &IdTag| serde_json::to_string(&id_tag.masked())).transpose()
}

/// The place of the value with the key `name`. Inside a text quotes are escaped, so the key occurs as
/// such only.
fn value_of(name: &str, text: &[u8]) -> Result<Range<usize>, serde_json::Error> {
    let key = format!("\"{name}\":");
    let found = text.windows(key.len()).position(|part| part == key.as_bytes());
    let start = found.map_or(text.len(), |key_start| key_start + key.len());
    let rest = text.get(start..).unwrap_or_default();
    let mut values = serde_json::Deserializer::from_slice(rest).into_iter::<IgnoredAny>();
    // Without the key nothing is left to read, and the error says so.
    values.next().unwrap_or_else(|| serde_json::from_slice(b""))?;
    Ok(start..start + values.byte_offset())
}

/// Appends `text`, a change with `hidden` values, as a caller with `redaction` sees it.
pub fn append(to: &mut BytesMut, text: &[u8], hidden: &[Hidden], redaction: Redaction) {
    let mut written = 0;
    for Hidden { range, instead, .. } in hidden.iter().filter(|hidden| hidden.secret.is_hidden_by(redaction))
    {
        to.extend_from_slice(text.get(written..range.start).unwrap_or_default());
        to.extend_from_slice(instead.as_bytes());
        written = range.end;
    }
    to.extend_from_slice(text.get(written..).unwrap_or_default());
}

#[cfg(test)]
mod tests;
