//! Limits of what is decoded.

/// The longest value of a record that is decoded, in bytes.
pub(crate) const MAX_RECORD_BYTES: usize = 256 * 1024;
