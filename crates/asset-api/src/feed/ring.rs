//! The newest part of the feed in memory, without gaps.

use super::frames::Frames;
use domain::feed::FeedPosition;
use std::collections::VecDeque;
use std::sync::Arc;

/// Largest number of changes in the ring: some megabytes.
const MAX_CHANGES: usize = 20_000;
/// Largest number of chunks in the ring.
const MAX_CHUNKS: usize = 1_000;
/// Largest number of chunks that are returned at once.
const AT_ONCE: usize = 32;

/// The newest chunks, in order, without gaps.
#[derive(Debug, Default)]
pub struct Ring {
    chunks: VecDeque<Arc<Frames>>,
    changes: usize,
    last: i64,
}

/// The result of reading the ring.
#[derive(Debug)]
pub enum Found {
    /// The next chunks.
    Chunks(Vec<Arc<Frames>>),
    /// The client has read everything.
    End,
    /// The next chunk of the client is no longer in the ring.
    Behind,
}

impl Ring {
    /// The last position that was read from the feed.
    pub const fn last(&self) -> i64 {
        self.last
    }

    /// Empties the ring and continues after `last`.
    pub fn restart(&mut self, last: i64) {
        *self = Self { last, ..Self::default() };
    }

    /// Adds the next chunk, and removes the oldest ones that exceed the limits.
    pub fn push(&mut self, frames: Frames) {
        // Positions were skipped after a failover, or a chunk was deleted by hand before it was read. The
        // ring must have no gaps.
        if frames.position != self.last + 1 {
            self.restart(frames.position - 1);
        }
        self.last = frames.position;
        self.changes += frames.len();
        self.chunks.push_back(Arc::new(frames));
        while self.changes > MAX_CHANGES || self.chunks.len() > MAX_CHUNKS {
            let Some(oldest) = self.chunks.pop_front() else { break };
            self.changes -= oldest.len();
        }
    }

    /// Reads the chunks after `cursor`.
    pub fn after(&self, cursor: FeedPosition) -> Found {
        let next = cursor.next_chunk();
        if next > self.last {
            return Found::End;
        }
        match self.chunks.front() {
            Some(first) if first.position <= next => {
                let wanted = self.chunks.iter().skip_while(|frames| frames.position < next);
                Found::Chunks(wanted.take(AT_ONCE).cloned().collect())
            }
            _ => Found::Behind,
        }
    }
}
