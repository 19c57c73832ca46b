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
