//! The encoding of fields.

/// Appends a number as records encode it: doubled for the sign, with seven bits per byte.
pub(super) fn put_varint(buffer: &mut Vec<u8>, number: usize) {
    let mut rest = number * 2;
    while rest > 0x7f {
        buffer.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
        rest >>= 7;
    }
    buffer.push(u8::try_from(rest).unwrap());
}

/// Appends a string with its length.
pub(super) fn put_string(buffer: &mut Vec<u8>, text: &str) {
    buffer.extend(i16::try_from(text.len()).unwrap().to_be_bytes());
    buffer.extend(text.as_bytes());
}

/// Appends the length of an array or of bytes.
pub(super) fn put_length(buffer: &mut Vec<u8>, length: usize) {
    buffer.extend(i32::try_from(length).unwrap().to_be_bytes());
}

/// Appends an array of one topic with an array of one partition.
pub(super) fn put_partition(buffer: &mut Vec<u8>, topic: &str, partition: i32) {
    put_length(buffer, 1);
    put_string(buffer, topic);
    put_length(buffer, 1);
    buffer.extend(partition.to_be_bytes());
}

/// The error code at `position` of a response.
pub(super) fn error_at(response: &[u8], position: usize) -> i16 {
    i16::from_be_bytes(response[position..position + 2].try_into().unwrap())
}
