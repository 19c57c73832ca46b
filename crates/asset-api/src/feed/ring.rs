//! The newest part of the feed, without gaps, in memory.

use super::frames::Frames;
use domain::feed::FeedPosition;
use std::collections::VecDeque;
use std::sync::Arc;

/// The most changes that are kept: some megabytes.
const MAX_CHANGES: usize = 20_000;
/// The most chunks that are kept.
const MAX_CHUNKS: usize = 1_000;
/// The most chunks that are handed out at once.
const AT_ONCE: usize = 32;

/// The newest chunks, in order, without gaps.
#[derive(Debug, Default)]
pub struct Ring {
    chunks: VecDeque<Arc<Frames>>,
    changes: usize,
    last: i64,
}

/// What the ring has for a client.
#[derive(Debug)]
pub enum Found {
    /// Chunks to go on with.
    Chunks(Vec<Arc<Frames>>),
    /// Nothing yet: the client has read all.
    End,
    /// What the client needs next is not kept any more.
    Behind,
}

impl Ring {
    /// The last position that was read.
    pub const fn last(&self) -> i64 {
        self.last
    }

    /// Forgets everything, to go on after `last`.
    pub fn restart(&mut self, last: i64) {
        *self = Self { last, ..Self::default() };
    }

    /// Takes the next chunk in, and the oldest out where there are too many.
    pub fn push(&mut self, frames: Frames) {
        // One that was deleted by hand before it was read: what is kept must have no gaps.
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

    /// What comes after `cursor`.
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
