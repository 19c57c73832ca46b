//! The statements that a client sends to `PostgreSQL` (frontend messages of protocol 3.0); without
//! I/O.

use anyhow::{Context as _, ensure};
use std::collections::HashMap;

/// Longer than any message of the services.
const MAX_MESSAGE_BYTES: usize = 1 << 20;

/// An executed statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its text, with `$1`, `$2`, ….
    pub sql: String,
    /// The values of those, in order.
    pub parameters: Vec<Parameter>,
}

/// The value of a `$1`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parameter {
    /// The type's OID in `pg_type`.
    pub type_id: u32,
    /// The binary form; `None` is null.
    pub value: Option<Vec<u8>>,
}

/// Decodes the messages of one connection.
#[derive(Debug, Default)]
pub struct MessageDecoder {
    unread: Vec<u8>,
    has_started: bool,
    /// By name, the text and the parameter types of prepared statements.
    prepared: HashMap<Vec<u8>, (String, Vec<u32>)>,
}

impl MessageDecoder {
    /// Receives the next bytes; returns the statements that they execute.
    pub fn receive(&mut self, bytes: &[u8]) -> anyhow::Result<Vec<Statement>> {
        self.unread.extend_from_slice(bytes);
        let mut statements = Vec::new();
        while let Some((kind, message)) = self.next()? {
            let mut message = Reader(&message);
            match kind {
                Some(b'P') => self.parse(&mut message)?,
                Some(b'B') => statements.push(self.bind(&mut message)?),
                Some(b'Q') => {
                    let sql = text(message.up_to_zero()?)?;
                    statements.push(Statement { sql, parameters: Vec::new() });
                }
                _ => {}
            }
        }
        Ok(statements)
    }

    /// The next message, once it is complete. The first message has no kind.
    fn next(&mut self) -> anyhow::Result<Option<(Option<u8>, Vec<u8>)>> {
        let head = usize::from(self.has_started);
        let Some(length) = self.unread.get(head..head + 4) else { return Ok(None) };
        let length = usize::try_from(Reader(length).int32()?).context("a message has a negative length")?;
        ensure!(
            (4..MAX_MESSAGE_BYTES).contains(&length),
            "a message has an invalid length of {length} bytes"
        );
        if self.unread.len() < head + length {
            return Ok(None);
        }
        let message: Vec<u8> = self.unread.drain(..head + length).collect();
        let kind = message.first().copied().filter(|_| self.has_started);
        self.has_started = true;
        Ok(Some((kind, message.get(head + 4..).unwrap_or_default().to_vec())))
    }

    fn parse(&mut self, message: &mut Reader<'_>) -> anyhow::Result<()> {
        let name = message.up_to_zero()?.to_vec();
        let sql = text(message.up_to_zero()?)?;
        let count = message.int16()?;
        let types = (0..count).map(|_| message.int32()).collect::<anyhow::Result<Vec<_>>>()?;
        let types = types.into_iter().map(i32::cast_unsigned).collect();
        self.prepared.insert(name, (sql, types));
        Ok(())
    }

    fn bind(&self, message: &mut Reader<'_>) -> anyhow::Result<Statement> {
        message.up_to_zero()?;
        let name = message.up_to_zero()?;
        let (sql, types) =
            self.prepared.get(name).context("a statement was executed that was not prepared")?;
        let formats = message.int16()?;
        for _ in 0..formats {
            ensure!(message.int16()? == 1, "a parameter is not in binary form");
        }
        let count = message.int16()?;
        ensure!(count == 0 || formats > 0, "parameters are not in binary form");
        ensure!(
            usize::try_from(count)? == types.len(),
            "the types of the parameters are not specified: {sql}"
        );
        let mut parameters = Vec::new();
        for type_id in types {
            let length = message.int32()?;
            let value = usize::try_from(length).ok().map(|length| message.bytes(length)).transpose()?;
            parameters.push(Parameter { type_id: *type_id, value: value.map(<[u8]>::to_vec) });
        }
        Ok(Statement { sql: sql.clone(), parameters })
    }
}

fn text(bytes: &[u8]) -> anyhow::Result<String> {
    String::from_utf8(bytes.to_vec()).context("a statement is not valid UTF-8")
}

/// Reads values from the beginning of bytes, in network byte order.
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    /// The next `length` bytes.
    pub fn bytes(&mut self, length: usize) -> anyhow::Result<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(length).context("a message ends too early")?;
        self.0 = rest;
        Ok(bytes)
    }

    /// The next `N` bytes.
    pub fn array<const N: usize>(&mut self) -> anyhow::Result<[u8; N]> {
        Ok(self.bytes(N)?.try_into()?)
    }

    /// The next four bytes as an integer.
    pub fn int32(&mut self) -> anyhow::Result<i32> {
        Ok(i32::from_be_bytes(self.array()?))
    }

    fn int16(&mut self) -> anyhow::Result<i16> {
        Ok(i16::from_be_bytes(self.array()?))
    }

    fn up_to_zero(&mut self) -> anyhow::Result<&'a [u8]> {
        let end = self.0.iter().position(|byte| *byte == 0).context("a text has no terminating zero")?;
        let text = self.bytes(end)?;
        self.bytes(1)?;
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A message as a client sends it.
    fn message(kind: &[u8], parts: &[&[u8]]) -> Vec<u8> {
        let body = parts.concat();
        let length = u32::try_from(body.len() + 4).unwrap();
        [kind, &length.to_be_bytes(), &body].concat()
    }

    fn session() -> Vec<u8> {
        [
            message(b"", &[&196_608_u32.to_be_bytes(), b"user\0me\0\0"]),
            message(b"P", &[b"s1\0select $1\0", &1_u16.to_be_bytes(), &20_u32.to_be_bytes()]),
            message(b"S", &[]),
            message(
                b"B",
                &[
                    b"\0s1\0",
                    &1_u16.to_be_bytes(),
                    &1_u16.to_be_bytes(),
                    &1_u16.to_be_bytes(),
                    &8_u32.to_be_bytes(),
                    &7_i64.to_be_bytes(),
                    &0_u16.to_be_bytes(),
                ],
            ),
            message(b"E", &[b"\0", &0_u32.to_be_bytes()]),
            message(b"Q", &[b"commit\0"]),
        ]
        .concat()
    }

    #[test]
    fn finds_statements_in_bytes_of_any_portions() {
        let value = Some(7_i64.to_be_bytes().to_vec());
        let expected = [
            Statement { sql: "select $1".to_owned(), parameters: vec![Parameter { type_id: 20, value }] },
            Statement { sql: "commit".to_owned(), parameters: Vec::new() },
        ];
        for size in [1, 3, 1_000] {
            let mut decoder = MessageDecoder::default();
            let statements: Vec<_> =
                session().chunks(size).flat_map(|bytes| decoder.receive(bytes).unwrap()).collect();
            assert_eq!(statements, expected, "{size}");
        }
    }

    #[test]
    fn refuses_invalid_messages() {
        let startup = message(b"", &[&196_608_u32.to_be_bytes()]);
        for bad in [
            message(b"B", &[b"\0unknown\0"]),
            message(b"Q", &[b"no end"]),
            vec![b'Q', 0, 0, 0, 3],
            vec![b'Q', 255, 255, 255, 255],
        ] {
            assert!(MessageDecoder::default().receive(&[startup.clone(), bad].concat()).is_err());
        }
    }
}
