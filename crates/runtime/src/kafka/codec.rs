//! Values of Kafka's wire protocol: big-endian integers, and texts and lists that begin with their
//! length.

/// Appends a text with its length.
///
/// # Errors
/// When it is longer than the protocol can say, 32,767 bytes.
pub(super) fn put_text(buffer: &mut Vec<u8>, text: &str) -> Result<(), Malformed> {
    let length = i16::try_from(text.len()).map_err(|_too_long| Malformed)?;
    buffer.extend(length.to_be_bytes());
    buffer.extend(text.as_bytes());
    Ok(())
}

/// Appends the number of entries of a list, or of bytes.
///
/// # Errors
/// When there are more than the protocol can say.
pub(super) fn put_count(buffer: &mut Vec<u8>, count: usize) -> Result<(), Malformed> {
    let count = i32::try_from(count).map_err(|_too_many| Malformed)?;
    buffer.extend(count.to_be_bytes());
    Ok(())
}

/// A message that does not follow the protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the message does not follow Kafka's protocol")]
pub(super) struct Malformed;

/// Reads a message from front to back; every read is checked against its end.
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) const fn new(message: &'a [u8]) -> Self {
        Self(message)
    }

    pub(super) fn i8(&mut self) -> Result<i8, Malformed> {
        Ok(i8::from_be_bytes(self.fixed()?))
    }

    pub(super) fn i16(&mut self) -> Result<i16, Malformed> {
        Ok(i16::from_be_bytes(self.fixed()?))
    }

    pub(super) fn i32(&mut self) -> Result<i32, Malformed> {
        Ok(i32::from_be_bytes(self.fixed()?))
    }

    /// A text; `None` for null.
    pub(super) fn text(&mut self) -> Result<Option<&'a str>, Malformed> {
        let length = self.i16()?;
        if length == -1 {
            return Ok(None);
        }
        let bytes = self.take(usize::try_from(length).map_err(|_negative| Malformed)?)?;
        std::str::from_utf8(bytes).map(Some).map_err(|_not_utf8| Malformed)
    }

    /// Bytes with their length.
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.count()?;
        self.take(length)
    }

    /// How many entries follow; null counts as none.
    pub(super) fn count(&mut self) -> Result<usize, Malformed> {
        let count = self.i32()?;
        usize::try_from(count.max(0)).map_err(|_too_many| Malformed)
    }

    /// What has not been read.
    pub(super) const fn rest(self) -> &'a [u8] {
        self.0
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(Malformed)?;
        self.0 = rest;
        Ok(*taken)
    }
}
