//! One client that follows the feed.
//!
//! A client that does not read costs nothing: the server asks for the next piece after it has sent
//! the previous one.

use super::filter::Filter;
use super::frames::Frames;
use super::hub::{FollowerPermit, Hub, Page};
use super::ring::Found;
use actix_web::web::{BufMut as _, Bytes, BytesMut};
use domain::assets::OperatorBound;
use domain::feed::FeedPosition;
use futures_util::{Stream, stream};
use runtime::causes;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// The delay after which a disconnected client should reconnect, in ms.
const RETRY_MS: u32 = 1_000;
/// The last event of a stream whose token expired, without its id.
const EXPIRED: &str = concat!(
    "event: feed.ended\ndata: ",
    r#"{"code":"TOKEN_EXPIRED","detail":"the token has expired; continue after this id with a new one"}"#,
    "\n"
);
/// A piece is complete once it has this length, in bytes.
const PIECE_BYTES: usize = 64 * 1024;

/// One client and its position in the feed.
pub struct Follower {
    hub: Arc<Hub>,
    news: watch::Receiver<i64>,
    filter: Filter,
    bound: OperatorBound,
    cursor: FeedPosition,
    greeted: bool,
    quiet_until: Instant,
    /// When the token of the client expires; `None` if it has none.
    ends_at: Option<Instant>,
    ended: bool,
    _permit: FollowerPermit,
}

impl Follower {
    /// A client with `bound` that starts after `cursor`.
    pub fn new(
        hub: Arc<Hub>,
        permit: FollowerPermit,
        filter: Filter,
        bound: OperatorBound,
        cursor: FeedPosition,
    ) -> Self {
        hub.prepare(&bound);
        let (news, quiet_until) = (hub.news(), Instant::now() + hub.keep_alive());
        let (ends_at, ended) = (None, false);
        Self {
            hub,
            news,
            filter,
            bound,
            cursor,
            greeted: false,
            quiet_until,
            ends_at,
            ended,
            _permit: permit,
        }
    }

    /// Ends the stream when `time` has passed, if it is given.
    #[must_use]
    pub fn ending_in(self, time: Option<Duration>) -> Self {
        // A time that the clock cannot express never comes.
        let ends_at = time.and_then(|time| Instant::now().checked_add(time));
        Self { ends_at, ..self }
    }

    /// The response body; ends when the service stops, when the token expires, or when the client
    /// must reconnect.
    pub fn stream(self) -> impl Stream<Item = Result<Bytes, Infallible>> {
        stream::unfold(self, |mut follower| async move {
            let piece = follower.next().await?;
            Some((Ok(piece), follower))
        })
    }

    async fn next(&mut self) -> Option<Bytes> {
        if self.ended {
            return None;
        }
        if !self.greeted {
            self.greeted = true;
            // The id lets a client that disconnects before the first change resume here.
            return Some(format!("retry: {RETRY_MS}\nid: {}\n\n", self.cursor).into());
        }
        loop {
            if self.ends_at.is_some_and(|end| end <= Instant::now()) {
                self.ended = true;
                return Some(format!("{EXPIRED}id: {}\n\n", self.cursor).into());
            }
            // Marked as seen before the ring is read, so that a change in between is noticed.
            self.news.borrow_and_update();
            let frames = match self.hub.recent(self.cursor) {
                Found::Chunks(frames) if frames.iter().all(|frames| frames.suits(&self.bound)) => frames,
                Found::Chunks(_) | Found::Behind => self.page().await?,
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
                // The id advances without a matching change. Otherwise a client with a narrow
                // filter would resume at a position that was deleted long ago.
                return Some(format!(": keep-alive\nid: {}\n\n", self.cursor).into());
            }
        }
    }

    /// Waits for changes, for the next keep-alive or for the end; `None` when the service stops.
    async fn wait(&mut self) -> Option<()> {
        let wake_at = self.ends_at.map_or(self.quiet_until, |end| end.min(self.quiet_until));
        tokio::select! {
            biased;
            () = self.hub.closed() => None,
            changed = self.news.changed() => changed.ok(),
            () = tokio::time::sleep_until(wake_at) => Some(()),
        }
    }

    /// Reads from the database what is not in the ring; `None` when it was deleted, may be lost, or
    /// cannot be read. The client then reconnects and receives the problem.
    async fn page(&mut self) -> Option<Vec<Arc<Frames>>> {
        let read = tokio::select! {
            biased;
            () = self.hub.closed() => return None,
            read = self.hub.page(self.cursor, &self.bound) => read,
        };
        match read {
            Ok(Page::Chunks(frames)) => Some(frames),
            Ok(Page::Skipped(last)) => {
                self.cursor = last;
                Some(Vec::new())
            }
            Ok(Page::Gone) => None,
            Err(error) => {
                tracing::warn!(
                    error = causes(&error),
                    "closing the stream of a feed client, which should reconnect: the feed cannot be read"
                );
                None
            }
        }
    }

    /// Takes the selected changes out of `frames`, up to about [`PIECE_BYTES`], and advances the
    /// cursor.
    fn cut(&mut self, frames: &[Arc<Frames>]) -> Bytes {
        let mut piece = BytesMut::new();
        for frames in frames {
            piece.put(frames.after(self.cursor, &self.filter, &self.bound));
            self.cursor = FeedPosition::end_of(frames.position);
            if piece.len() >= PIECE_BYTES {
                break;
            }
        }
        piece.freeze()
    }
}
