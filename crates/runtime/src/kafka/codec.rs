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

/// Appends a whole number of 64 bits in as few bytes as it needs, as records have them: zigzag, then seven bits a byte.
pub(super) fn put_varint(buffer: &mut Vec<u8>, number: i64) {
    let mut rest = ((number << 1) ^ (number >> 63)).cast_unsigned();
    loop {
        let [low, ..] = rest.to_le_bytes();
        rest >>= 7;
        if rest == 0 {
            buffer.push(low & 0x7f);
            return;
        }
        buffer.push(low | 0x80);
    }
}

/// Appends bytes with a length as records have it; -1 for none.
///
/// # Errors
/// When there are more than the protocol can say.
pub(super) fn put_varint_bytes(buffer: &mut Vec<u8>, bytes: Option<&[u8]>) -> Result<(), Malformed> {
    let Some(bytes) = bytes else {
        put_varint(buffer, -1);
        return Ok(());
    };
    let length = i32::try_from(bytes.len()).map_err(|_too_many| Malformed)?;
    put_varint(buffer, length.into());
    buffer.extend(bytes);
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

    pub(super) fn i64(&mut self) -> Result<i64, Malformed> {
        Ok(i64::from_be_bytes(self.fixed()?))
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

    /// So many bytes.
    pub(super) fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
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

/// What only batches of records need, which librdkafka reads itself.
#[cfg(not(feature = "librdkafka"))]
impl<'a> Reader<'a> {
    pub(super) fn u32(&mut self) -> Result<u32, Malformed> {
        Ok(u32::from_be_bytes(self.fixed()?))
    }

    /// A number as [`put_varint`] writes it.
    pub(super) fn varint(&mut self) -> Result<i64, Malformed> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let [byte] = self.fixed()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok((number >> 1).cast_signed() ^ -(number & 1).cast_signed());
            }
        }
        Err(Malformed)
    }

    /// Bytes as [`put_varint_bytes`] writes them.
    pub(super) fn varint_bytes(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        match self.varint()? {
            -1 => Ok(None),
            length => self.take(usize::try_from(length).map_err(|_negative| Malformed)?).map(Some),
        }
    }

    /// What has not been read.
    pub(super) const fn rest(self) -> &'a [u8] {
        self.0
    }
}

#[cfg(all(test, not(feature = "librdkafka")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_of_any_size_are_read_as_they_were_written(number: i64) {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, number);
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(reader.varint(), Ok(number));
            prop_assert!(reader.rest().is_empty());
        }
    }

    #[test]
    fn small_numbers_take_a_byte_whatever_their_sign() {
        for (number, byte) in [(0, 0), (-1, 1), (1, 2), (-64, 127)] {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, number);
            assert_eq!(bytes, [byte], "{number}");
        }
    }

    #[test]
    fn a_number_that_does_not_end_is_malformed() {
        assert_eq!(Reader::new(&[0xff; 11]).varint(), Err(Malformed));
        assert_eq!(Reader::new(&[0x80]).varint(), Err(Malformed));
    }
}
