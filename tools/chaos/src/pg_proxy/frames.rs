//! Messages of PostgreSQL's protocol, as far as the proxy must distinguish them.

use super::Source;
use std::io::{Error, ErrorKind, Result};
use tokio::io::{AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Longer than any message of this platform; protects against reading garbage as a length.
const MAX_BYTES: usize = 256 << 20;
/// The text of every translated error.
const TRANSLATED: &[u8] = "数据库拒绝了该语句".as_bytes();
/// A length includes itself.
const LENGTH: usize = 4;

/// A message with a type.
pub(super) struct Frame {
    kind: u8,
    body: Vec<u8>,
}

impl Frame {
    /// Whether a client requests a commit: a simple or prepared query that begins so.
    pub(super) fn requests_commit(&self) -> bool {
        let sql = match self.kind {
            b'Q' => self.body.as_slice(),
            // The name of the statement comes first.
            b'P' => self.body.splitn(2, |byte| *byte == 0).nth(1).unwrap_or_default(),
            _ => return false,
        };
        let sql = sql.trim_ascii_start();
        sql.get(..6).is_some_and(|word| word.eq_ignore_ascii_case(b"commit"))
    }

    /// The size of the values of a statement, in bytes; 0 for other messages, among them those with
    /// the statement's text.
    pub(super) const fn value_bytes(&self) -> usize {
        if self.kind == b'B' { self.body.len() } else { 0 }
    }

    /// Replaces the text of an error with Chinese, as a server with another language would; its
    /// code stays.
    pub(super) fn translate(&mut self) {
        if self.kind != b'E' {
            return;
        }
        let fields = self.body.split(|byte| *byte == 0).filter(|field| !field.is_empty());
        let translated = |field: &[u8]| match field.first() {
            Some(b'M') => [b"M", TRANSLATED, &[0]].concat(),
            _ => [field, &[0]].concat(),
        };
        self.body = fields.flat_map(translated).chain([0]).collect();
    }

    /// Whether a server reports that it has committed a transaction.
    pub(super) fn confirms_commit(&self) -> bool {
        self.kind == b'C' && self.body.starts_with(b"COMMIT")
    }
}

/// The first message of a client, including its length.
pub(super) async fn read_startup(from: &mut impl Source) -> Result<Vec<u8>> {
    let length = from.read_u32().await?;
    let mut message = length.to_be_bytes().to_vec();
    message.extend(read_body(from, length).await?);
    Ok(message)
}

pub(super) async fn read_frame(from: &mut impl Source) -> Result<Frame> {
    let kind = from.read_u8().await?;
    let length = from.read_u32().await?;
    Ok(Frame { kind, body: read_body(from, length).await? })
}

pub(super) async fn write_frame(to: &mut (impl AsyncWrite + Unpin), frame: &Frame) -> Result<()> {
    let length = u32::try_from(frame.body.len() + LENGTH)
        .map_err(|error| Error::new(ErrorKind::InvalidData, error))?;
    to.write_u8(frame.kind).await?;
    to.write_u32(length).await?;
    to.write_all(&frame.body).await
}

async fn read_body(from: &mut impl Source, length: u32) -> Result<Vec<u8>> {
    let length = usize::try_from(length).unwrap_or(usize::MAX);
    let rest = length.checked_sub(LENGTH).filter(|rest| *rest <= MAX_BYTES);
    let mut body =
        vec![0; rest.ok_or_else(|| Error::new(ErrorKind::InvalidData, "not a message of PostgreSQL"))?];
    from.read_exact(&mut body).await?;
    Ok(body)
}

#[cfg(test)]
mod tests {
    use super::Frame;

    #[test]
    fn recognises_a_commit_and_nothing_similar() {
        let requests = |kind: u8, body: &[u8]| Frame { kind, body: body.to_vec() }.requests_commit();
        assert!(requests(b'Q', b"COMMIT\0"));
        assert!(requests(b'Q', b" commit and chain\0"));
        assert!(requests(b'P', b"s1\0COMMIT\0\0\0"));
        assert!(!requests(b'P', b"s1\0update t set committed_at = now()\0\0\0"));
        assert!(!requests(b'Q', b"ROLLBACK\0"));
        assert!(!requests(b'B', b"COMMIT\0"));
        assert!(Frame { kind: b'C', body: b"COMMIT\0".to_vec() }.confirms_commit());
        assert!(!Frame { kind: b'C', body: b"UPDATE 1\0".to_vec() }.confirms_commit());
    }

    #[test]
    fn counts_values_and_not_the_text_of_statements() {
        let bytes = |kind: u8| Frame { kind, body: b"s1\0select 1\0".to_vec() }.value_bytes();
        assert_eq!((bytes(b'B'), bytes(b'P'), bytes(b'Q')), (12, 0, 0));
    }

    #[test]
    fn translates_an_error_and_keeps_its_code() {
        let mut error = Frame { kind: b'E', body: b"SERROR\0C40P01\0Mdeadlock detected\0\0".to_vec() };
        error.translate();
        assert_eq!(error.body, "SERROR\0C40P01\0M数据库拒绝了该语句\0\0".as_bytes());
        let mut row = Frame { kind: b'D', body: b"Mdeadlock\0".to_vec() };
        row.translate();
        assert_eq!(row.body, b"Mdeadlock\0");
    }
}
