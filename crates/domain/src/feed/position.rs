//! Positions in the feed.

use super::FeedChange;
use std::fmt;
use std::str::FromStr;

/// The position of a change: the chunk of changes that one transaction wrote, and the index in the
/// chunk. Written `4711-3`.
///
/// It is the change's id and a reader's cursor: a reader that has read up to this position
/// continues with the greater ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct FeedPosition {
    /// The chunk, counted from 1; without gaps, except that a failover of the database skips some.
    pub chunk: i64,
    /// The index in the chunk, from 0.
    pub index: u16,
}

/// An invalid position. The message is suitable for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be <chunk>-<index>, as in 4711-3")]
pub struct InvalidFeedPosition;

impl FeedPosition {
    /// The greatest index of a change.
    #[expect(clippy::as_conversions, clippy::cast_possible_truncation, reason = "499 fits")]
    const LAST_INDEX: u16 = (FeedChange::MAX_CHUNK_LEN - 1) as u16;

    /// The position after the whole of `chunk`, regardless of its size. For chunk 0, which never
    /// exists, the position before everything.
    #[must_use]
    pub const fn end_of(chunk: i64) -> Self {
        Self { chunk, index: Self::LAST_INDEX }
    }

    /// The chunk to continue with; the same one if it may contain more changes.
    #[must_use]
    pub const fn next_chunk(self) -> i64 {
        if self.chunk > 0 && self.index < Self::LAST_INDEX { self.chunk } else { self.chunk + 1 }
    }
}

impl fmt::Display for FeedPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.chunk, self.index)
    }
}

impl FromStr for FeedPosition {
    type Err = InvalidFeedPosition;

    /// Accepts only the output of [`fmt::Display`], so that each position has one form.
    fn from_str(text: &str) -> Result<Self, InvalidFeedPosition> {
        let (chunk, index) = text.split_once('-').ok_or(InvalidFeedPosition)?;
        let parsed = chunk.parse().ok().zip(index.parse().ok());
        let (chunk, index) = parsed.ok_or(InvalidFeedPosition)?;
        let position = Self { chunk, index };
        let valid = chunk >= 0 && index <= Self::LAST_INDEX && position.to_string() == text;
        valid.then_some(position).ok_or(InvalidFeedPosition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_parses_back() {
        for position in [FeedPosition { chunk: 4711, index: 3 }, FeedPosition::end_of(0)] {
            assert_eq!(position.to_string().parse(), Ok(position));
        }
    }

    #[test]
    fn rejects_an_invalid_position() {
        for text in
            ["", "4711", "4711-", "-3", "4711-500", "+1-1", "01-1", "1-01", "1-1-1", " 1-1", "-1-1", "1--1"]
        {
            assert_eq!(text.parse::<FeedPosition>(), Err(InvalidFeedPosition), "{text:?}");
        }
    }

    #[test]
    fn positions_compare_chunk_by_chunk() {
        let at = |chunk, index| FeedPosition { chunk, index };
        assert!(at(1, 9) < at(2, 0));
        assert!(at(2, 0) < at(2, 1));
        assert!(at(2, 499) <= FeedPosition::end_of(2));
        assert_eq!((at(2, 498).next_chunk(), at(2, 499).next_chunk(), at(0, 0).next_chunk()), (2, 3, 1));
    }
}
