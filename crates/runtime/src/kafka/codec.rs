//! Values of Kafka's wire protocol: big-endian integers, and strings and arrays with a length
//! prefix.

/// Appends a string with its length.
///
/// # Errors
/// If it is longer than the protocol allows, 32,767 bytes.
pub(super) fn put_text(buffer: &mut Vec<u8>, text: &str) -> Result<(), Malformed> {
    let length = i16::try_from(text.len()).map_err(|_too_long| Malformed)?;
    buffer.extend(length.to_be_bytes());
    buffer.extend(text.as_bytes());
    Ok(())
}

/// Appends the number of entries of an array, or of bytes.
///
/// # Errors
/// If the number exceeds the protocol's limit.
pub(super) fn put_count(buffer: &mut Vec<u8>, count: usize) -> Result<(), Malformed> {
    let count = i32::try_from(count).map_err(|_too_many| Malformed)?;
    buffer.extend(count.to_be_bytes());
    Ok(())
}

/// Appends a 64-bit integer in the variable-length encoding of records: zigzag, then seven bits per
/// byte.
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

/// Appends bytes with a length in the encoding of records; -1 for `None`.
///
/// # Errors
/// If the number of bytes exceeds the protocol's limit.
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

/// A message that violates the protocol.
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

    /// A string; `None` for null.
    pub(super) fn text(&mut self) -> Result<Option<&'a str>, Malformed> {
        let length = self.i16()?;
        if length == -1 {
            return Ok(None);
        }
        let bytes = self.take(usize::try_from(length).map_err(|_negative| Malformed)?)?;
        std::str::from_utf8(bytes).map(Some).map_err(|_not_utf8| Malformed)
    }

    /// Bytes with a length prefix.
    pub(super) fn bytes(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.count()?;
        self.take(length)
    }

    /// The number of entries that follow; 0 for null.
    pub(super) fn count(&mut self) -> Result<usize, Malformed> {
        let count = self.i32()?;
        usize::try_from(count.max(0)).map_err(|_too_many| Malformed)
    }

    /// The next `count` bytes.
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

/// Reads for record batches only, which librdkafka reads itself.
#[cfg(not(feature = "librdkafka"))]
impl<'a> Reader<'a> {
    pub(super) fn u32(&mut self) -> Result<u32, Malformed> {
        Ok(u32::from_be_bytes(self.fixed()?))
    }

    /// A number in the encoding of [`put_varint`].
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

    /// Bytes in the encoding of [`put_varint_bytes`].
    pub(super) fn varint_bytes(&mut self) -> Result<Option<&'a [u8]>, Malformed> {
        match self.varint()? {
            -1 => Ok(None),
            length => self.take(usize::try_from(length).map_err(|_negative| Malformed)?).map(Some),
        }
    }

    /// The bytes that were not read.
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
        fn varints_survive_writing_and_reading(number: i64) {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, number);
            let mut reader = Reader::new(&bytes);
            prop_assert_eq!(reader.varint(), Ok(number));
            prop_assert!(reader.rest().is_empty());
        }
    }

    #[test]
    fn small_numbers_take_one_byte_regardless_of_sign() {
        for (number, byte) in [(0, 0), (-1, 1), (1, 2), (-64, 127)] {
            let mut bytes = Vec::new();
            put_varint(&mut bytes, number);
            assert_eq!(bytes, [byte], "{number}");
        }
    }

    #[test]
    fn a_varint_without_an_end_is_malformed() {
        assert_eq!(Reader::new(&[0xff; 11]).varint(), Err(Malformed));
        assert_eq!(Reader::new(&[0x80]).varint(), Err(Malformed));
    }
}
