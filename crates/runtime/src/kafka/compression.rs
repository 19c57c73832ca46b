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
mod tests {
    use std::io::Write as _;

    use super::*;

    const TEXT: &[u8] = b"one charge after another, one charge after another";

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    fn snappy(bytes: &[u8]) -> Vec<u8> {
        snap::raw::Encoder::new().compress_vec(bytes).unwrap()
    }

    /// In the format of Java's library.
    fn snappy_blocks(bytes: &[u8]) -> Vec<u8> {
        let mut packed = [SNAPPY_BLOCKS, &[0, 0, 0, 1, 0, 0, 0, 1]].concat();
        for block in bytes.chunks(20) {
            let block = snappy(block);
            packed.extend(u32::try_from(block.len()).unwrap().to_be_bytes());
            packed.extend(block);
        }
        packed
    }

    fn lz4(bytes: &[u8]) -> Vec<u8> {
        let mut packer = lz4_flex::frame::FrameEncoder::new(Vec::new());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        ruzstd::encoding::compress_to_vec(bytes, ruzstd::encoding::CompressionLevel::Fastest)
    }

    /// `bytes` in each compression.
    fn packed(bytes: &[u8]) -> [(Compression, Vec<u8>); 6] {
        [
            (Compression::None, bytes.to_vec()),
            (Compression::Gzip, gzip(bytes)),
            (Compression::Snappy, snappy(bytes)),
            (Compression::Snappy, snappy_blocks(bytes)),
            (Compression::Lz4, lz4(bytes)),
            (Compression::Zstd, zstd(bytes)),
        ]
    }

    #[test]
    fn unpacks_every_compression_up_to_the_limit() {
        for (compression, packed) in packed(TEXT) {
            assert_eq!(compression.unpack(&packed, TEXT.len()).unwrap(), TEXT, "{compression:?}");
        }
    }

    #[test]
    fn refuses_contents_above_the_limit() {
        for (compression, packed) in packed(TEXT).into_iter().skip(1) {
            let refused = compression.unpack(&packed, TEXT.len() - 1);
            assert!(matches!(refused, Err(UnpackError::TooLarge(49))), "{compression:?}: {refused:?}");
        }
    }

    #[test]
    fn a_decompression_bomb_is_refused_at_the_limit() {
        let bomb = gzip(&vec![0; 200 << 20]);
        assert!(bomb.len() < 1 << 20);
        assert!(matches!(Compression::Gzip.unpack(&bomb, 1 << 20), Err(UnpackError::TooLarge(_))));
    }

    #[test]
    fn concatenates_several_frames() {
        let twice = [zstd(TEXT), zstd(TEXT)].concat();
        assert_eq!(Compression::Zstd.unpack(&twice, 200).unwrap(), [TEXT, TEXT].concat());
        let twice = [gzip(TEXT), gzip(TEXT)].concat();
        assert_eq!(Compression::Gzip.unpack(&twice, 200).unwrap(), [TEXT, TEXT].concat());
    }

    #[test]
    fn truncated_or_random_bytes_are_damaged() {
        for (compression, packed) in packed(TEXT).into_iter().skip(1) {
            let cut = &packed[..packed.len() / 2];
            match compression.unpack(cut, 100) {
                // LZ4 treats the end of the input as the end of the contents; records are missing
                // then.
                Ok(unpacked) => assert!(unpacked.len() < TEXT.len(), "{compression:?}: {unpacked:?}"),
                Err(error) => assert!(matches!(error, UnpackError::Damaged(_)), "{compression:?}: {error}"),
            }
            let garbage = compression.unpack(b"garbage that is not compressed", 1000);
            assert!(garbage.is_err(), "{compression:?}: {garbage:?}");
        }
        assert!(matches!(Compression::of(5), Err(UnpackError::Unknown(5))));
    }
}
