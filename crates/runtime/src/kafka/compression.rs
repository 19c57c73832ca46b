//! Bounded decompression of record batches: a batch of a megabyte can claim gigabytes.

use std::{
    borrow::Cow,
    io::{self, Read},
};

use flate2::read::MultiGzDecoder;
use lz4_flex::frame::FrameDecoder;
use ruzstd::decoding::StreamingDecoder;

/// The header of a stream that Java's snappy library writes; two version numbers and blocks with
/// their lengths follow.
const SNAPPY_BLOCKS: &[u8] = b"\x82SNAPPY\0";
const SNAPPY_VERSIONS: usize = 8;

/// The compression of a batch, from the lowest bits of its attributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
    Snappy,
    Lz4,
    Zstd,
}

/// Why a batch cannot be unpacked.
#[derive(Debug, thiserror::Error)]
pub(super) enum UnpackError {
    #[error("the batch has the unknown compression type {0}")]
    Unknown(i16),
    #[error("the batch unpacks to more than {0} bytes")]
    TooLarge(usize),
    #[error("the batch cannot be unpacked: {0}")]
    Damaged(String),
}

impl Compression {
    pub(super) const fn of(attributes: i16) -> Result<Self, UnpackError> {
        match attributes & 0b111 {
            0 => Ok(Self::None),
            1 => Ok(Self::Gzip),
            2 => Ok(Self::Snappy),
            3 => Ok(Self::Lz4),
            4 => Ok(Self::Zstd),
            unknown => Err(UnpackError::Unknown(unknown)),
        }
    }

    /// Unpacks `packed` to at most `limit` bytes. Never allocates more than that, whatever size is
    /// claimed.
    pub(super) fn unpack(self, packed: &[u8], limit: usize) -> Result<Cow<'_, [u8]>, UnpackError> {
        let mut unpacked = Vec::new();
        match self {
            Self::None => return Ok(Cow::Borrowed(packed)),
            Self::Gzip => append(MultiGzDecoder::new(packed), &mut unpacked, limit)?,
            Self::Snappy => unpacked = unpack_snappy(packed, limit)?,
            Self::Lz4 => append(FrameDecoder::new(packed), &mut unpacked, limit)?,
            Self::Zstd => unpack_zstd(packed, &mut unpacked, limit)?,
        }
        Ok(Cow::Owned(unpacked))
    }
}

/// Appends the contents of `packed`; fails if `unpacked` would exceed `limit` bytes.
fn append(packed: impl Read, unpacked: &mut Vec<u8>, limit: usize) -> Result<(), UnpackError> {
    // One byte more, to distinguish contents of exactly `limit` bytes from longer ones.
    let room = u64::try_from(limit.saturating_sub(unpacked.len())).unwrap_or(u64::MAX).saturating_add(1);
    packed.take(room).read_to_end(unpacked).map_err(|error| damaged(&error))?;
    if unpacked.len() > limit {
        return Err(UnpackError::TooLarge(limit));
    }
    Ok(())
}

/// Unpacks a sequence of frames.
fn unpack_zstd(mut packed: &[u8], unpacked: &mut Vec<u8>, limit: usize) -> Result<(), UnpackError> {
    while !packed.is_empty() {
        let frame = StreamingDecoder::new(&mut packed).map_err(|error| damaged(&error))?;
        append(frame, unpacked, limit)?;
    }
    Ok(())
}

fn unpack_snappy(packed: &[u8], limit: usize) -> Result<Vec<u8>, UnpackError> {
    let Some(blocks) = packed.strip_prefix(SNAPPY_BLOCKS) else {
        return unpack_snappy_block(packed, limit);
    };
    let cut_off = || damaged(&io::Error::from(io::ErrorKind::UnexpectedEof));
    let mut blocks = blocks.get(SNAPPY_VERSIONS..).ok_or_else(cut_off)?;
    let mut unpacked = Vec::new();
    while let Some((length, rest)) = blocks.split_first_chunk() {
        let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
        let (block, rest) = rest.split_at_checked(length).ok_or_else(cut_off)?;
        let room = limit - unpacked.len();
        unpacked.extend(unpack_snappy_block(block, room).map_err(|error| match error {
            UnpackError::TooLarge(_) => UnpackError::TooLarge(limit),
            other => other,
        })?);
        blocks = rest;
    }
    if blocks.is_empty() { Ok(unpacked) } else { Err(cut_off()) }
}

fn unpack_snappy_block(block: &[u8], limit: usize) -> Result<Vec<u8>, UnpackError> {
    if snap::raw::decompress_len(block).map_err(|error| damaged(&error))? > limit {
        return Err(UnpackError::TooLarge(limit));
    }
    snap::raw::Decoder::new().decompress_vec(block).map_err(|error| damaged(&error))
}

fn damaged(error: &dyn std::error::Error) -> UnpackError {
    UnpackError::Damaged(error.to_string())
}

#[cfg(test)]
mod tests;
