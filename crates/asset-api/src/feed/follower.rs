//! One client that follows the feed.
//!
//! Nothing is made for a client that does not read: the server asks for the next piece when the one before is on its way.

use super::filter::Filter;
use super::frames::Frames;
use super::hub::{Hub, Place};
use super::ring::Found;
use actix_web::web::{BufMut as _, Bytes, BytesMut};
use domain::feed::FeedPosition;
use futures_util::{Stream, stream};
use runtime::causes;
use std::convert::Infallible;
use std::sync::Arc;
use tokio::sync::watch;
use tokio::time::Instant;

/// How soon a client that was cut off should come back, in ms.
const RETRY_MS: u32 = 1_000;
/// A piece is not made longer once it is as long as this.
const PIECE_BYTES: usize = 64 * 1024;

/// One client and how far it has read.
pub struct Follower {
    hub: Arc<Hub>,
    news: watch::Receiver<i64>,
    filter: Filter,
    cursor: FeedPosition,
    greeted: bool,
    quiet_until: Instant,
    _place: Place,
}

impl Follower {
    /// A client that has read up to `cursor`.
    pub fn new(hub: Arc<Hub>, place: Place, filter: Filter, cursor: FeedPosition) -> Self {
        let (news, quiet_until) = (hub.news(), Instant::now() + hub.keep_alive());
        Self { hub, news, filter, cursor, greeted: false, quiet_until, _place: place }
    }

    /// What the client gets; ends when the service stops, or when the client must ask anew.
    pub fn stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        stream::unfold(self, |mut follower| async move {
            let piece = follower.next().await?;
            Some((Ok(piece), follower))
        })
    }

    async fn next(&mut self) -> Option<Bytes> {
        if !self.greeted {
            self.greeted = true;
            // With the id, a client that is cut off before the first change comes back to here.
            return Some(format!("retry: {RETRY_MS}\nid: {}\n\n", self.cursor).into());
        }
        loop {
            // Seen before the ring is looked at, so that what comes in between is noticed.
            self.news.borrow_and_update();
            let frames = match self.hub.recent(self.cursor) {
                Found::Chunks(frames) => frames,
                Found::Behind => self.page().await?,
                Found::End => {
                    self.wait().await?;
                    Vec::new()
                }
            };
            let piece = self.cut(&frames);
            if !piece.is_empty() {
                self.quiet_until = Instant::now() + self.hub.keep_alive();
                return Some(piece);
            }
            if Instant::now() >= self.quiet_until {
                self.quiet_until = Instant::now() + self.hub.keep_alive();
                // The id moves on without a change to show: else a client with a narrow filter would come back to a place
                // that was deleted long ago.
                return Some(format!(": keep-alive\nid: {}\n\n", self.cursor).into());
            }
        }
    }

    /// Waits for news, or for the time to say that there are none; `None` when the service stops.
    async fn wait(&mut self) -> Option<()> {
        tokio::select! {
            biased;
            () = self.hub.closed() => None,
            changed = self.news.changed() => changed.ok(),
            () = tokio::time::sleep_until(self.quiet_until) => Some(()),
        }
    }

    /// What is not in the ring any more; `None` when it is nowhere, or cannot be read. The client comes back and is told.
    async fn page(&self) -> Option<Vec<Arc<Frames>>> {
        let read = tokio::select! {
            biased;
            () = self.hub.closed() => return None,
            read = self.hub.page(self.cursor) => read,
        };
        match read {
            Ok(frames) => (!frames.is_empty()).then_some(frames),
            Err(error) => {
                tracing::warn!(error = causes(&error), "a follower is let go: the feed cannot be read");
                None
            }
        }
    }

    /// What the client wants of `frames`, up to some length; the cursor moves on as far.
    fn cut(&mut self, frames: &[Arc<Frames>]) -> Bytes {
        let mut piece = BytesMut::new();
        for frames in frames {
            piece.put(frames.after(self.cursor, &self.filter));
            self.cursor = FeedPosition::end_of(frames.position);
            if piece.len() >= PIECE_BYTES {
                break;
            }
        }
        piece.freeze()
    }
}
