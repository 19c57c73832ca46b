//! The relevant parts of a Kafka record: its value, and the two headers of the contract.

use crate::error::{DecodeError, quoted};
use crate::limits::MAX_RECORD_BYTES;

/// Header that names the form of the value; [`JSON`] if absent.
pub const CONTENT_TYPE: &str = "content-type";
/// Header with the W3C trace context.
pub const TRACEPARENT: &str = "traceparent";
/// Content type of the JSON form.
pub const JSON: &str = "application/json";
/// Content type of the binary form.
pub const PROTOBUF: &str = "application/x-protobuf";

/// A record's value and the headers that determine how it is decoded.
#[derive(Debug, Clone, Copy, Default)]
pub struct RawRecord<'a> {
    /// The value; `None` for a tombstone.
    pub value: Option<&'a [u8]>,
    /// The [`CONTENT_TYPE`] header.
    pub content_type: Option<&'a [u8]>,
    /// The [`TRACEPARENT`] header.
    pub traceparent: Option<&'a [u8]>,
    /// Partition and offset; `None` if the record is not from a topic.
    pub place: Option<(i32, i64)>,
}

/// The value, by its form.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Body<'a> {
    Json(&'a [u8]),
    Protobuf(&'a [u8]),
}

impl<'a> RawRecord<'a> {
    /// The longest accepted value, in bytes; a longer one is rejected without being parsed.
    pub const MAX_BYTES: usize = MAX_RECORD_BYTES;

    /// Selects the headers of the contract, in any case.
    pub fn new(value: Option<&'a [u8]>, headers: impl IntoIterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut record = Self { value, ..Self::default() };
        for (name, content) in headers {
            if name.eq_ignore_ascii_case(CONTENT_TYPE) {
                record.content_type = Some(content);
            } else if name.eq_ignore_ascii_case(TRACEPARENT) {
                record.traceparent = Some(content);
            }
        }
        record
    }

    /// A record without headers, which is in JSON.
    #[must_use]
    pub fn json(value: &'a [u8]) -> Self {
        Self { value: Some(value), ..Self::default() }
    }

    /// A record in the binary form.
    #[must_use]
    pub fn protobuf(value: &'a [u8]) -> Self {
        Self { value: Some(value), content_type: Some(PROTOBUF.as_bytes()), ..Self::default() }
    }

    /// The same record, at this offset of this partition: the id of an event without an `eventId`
    /// is derived from it.
    #[must_use]
    pub const fn at(self, partition: i32, offset: i64) -> Self {
        Self { place: Some((partition, offset)), ..self }
    }

    /// The bytes to decode, with the form that the header names.
    pub(crate) fn body(&self) -> Result<Body<'a>, DecodeError> {
        let bytes = self.value.filter(|bytes| !bytes.is_empty()).ok_or(DecodeError::Empty)?;
        if bytes.len() > Self::MAX_BYTES {
            return Err(DecodeError::TooLarge { bytes: bytes.len() });
        }
        let header = String::from_utf8_lossy(self.content_type.unwrap_or_default());
        match media_type(&header) {
            "" => Ok(Body::Json(bytes)),
            json if json.eq_ignore_ascii_case(JSON) => Ok(Body::Json(bytes)),
            binary if is_protobuf(binary) => Ok(Body::Protobuf(bytes)),
            other => Err(DecodeError::UnsupportedContentType { content_type: quoted(other) }),
        }
    }

    /// The trace id in the `traceparent` header, if well-formed.
    pub(crate) fn trace_id(&self) -> Option<&'a str> {
        let header = str::from_utf8(self.traceparent?).ok()?;
        let id = header.trim().split('-').nth(1)?;
        let is_hex = id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        (is_hex && id.bytes().any(|byte| byte != b'0')).then_some(id)
    }
}

/// The media type without its parameters, and without the quotes that some clients add to a
/// header's value.
fn media_type(header: &str) -> &str {
    let is_padding = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'');
    header.split(';').next().unwrap_or_default().trim_matches(is_padding)
}

/// Whether this is protobuf, also under the name that IANA has since registered.
fn is_protobuf(media_type: &str) -> bool {
    [PROTOBUF, "application/protobuf"].iter().any(|known| media_type.eq_ignore_ascii_case(known))
}

#[cfg(test)]
mod tests;
