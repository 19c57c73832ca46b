//! The task that reads the feed for all clients of this process.

use super::frames::Frames;
use super::places::{CallerPlace, CallerPlaces};
use super::problem::FeedRefusal;
use super::ring::{Found, Ring};
use crate::settings::FeedSettings;
use domain::assets::OperatorBound;
use domain::feed::FeedPosition;
use runtime::auth::Caller;
use runtime::lock::MutexExt as _;
use runtime::{Shutdown, causes};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use storage::feed::{self, Chunk, CursorState, Gap, Owner};
use storage::{Connection, Database, StorageError};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};

/// Chunks that are read in one statement.
const PAGE: i64 = 20;
/// Clients that may page from the database at the same time, so that requests still get
/// connections.
const PAGING: usize = 2;
/// Pause after a failed read.
const PAUSE: Duration = Duration::from_secs(1);

/// Reads the feed while clients follow it, and shares it among them.
pub struct Hub {
    database: Database,
    settings: FeedSettings,
    shutdown: Shutdown,
    ring: Mutex<Ring>,
    /// The last position in the ring.
    news: watch::Sender<i64>,
    places: Arc<Semaphore>,
    caller_places: Arc<CallerPlaces>,
    /// Notified when a client starts to follow.
    came: Notify,
    paging: Semaphore,
    /// Whether a client that is bound to operators has followed: only then are the owners of changes
    /// read.
    reads_owners: AtomicBool,
}

/// One of the `feed.max_clients` places, and one of its caller's; released when dropped.
pub struct FollowerPermit {
    _place: OwnedSemaphorePermit,
    _of_caller: Option<CallerPlace>,
}

impl Hub {
    /// Starts the task, which ends at shutdown. Must be called on the main runtime.
    pub fn start(database: Database, settings: FeedSettings, shutdown: Shutdown) -> Arc<Self> {
        let hub = Arc::new(Self {
            database,
            places: Arc::new(Semaphore::new(settings.max_clients)),
            caller_places: CallerPlaces::new(settings.max_clients_per_caller),
            settings,
            shutdown,
            ring: Mutex::default(),
            news: watch::Sender::new(0),
            came: Notify::new(),
            paging: Semaphore::new(PAGING),
            reads_owners: AtomicBool::new(false),
        });
        tokio::spawn(Arc::clone(&hub).run());
        hub
    }

    /// Admits a client of `caller`. Callers that are not authenticated cannot be distinguished, and have
    /// no limit of their own.
    ///
    /// # Errors
    /// [`FeedRefusal::TooManyFollowersOfCaller`] when `feed.max_clients_per_caller` clients of the
    /// caller follow the feed; [`FeedRefusal::TooManyFollowers`] when `feed.max_clients` clients do.
    pub fn admit(&self, caller: &Caller) -> Result<FollowerPermit, FeedRefusal> {
        let of_caller = caller.is_authenticated().then(|| self.caller_places.enter(caller.subject()));
        let of_caller = of_caller.transpose()?;
        let place =
            Arc::clone(&self.places).try_acquire_owned().map_err(|_full| FeedRefusal::TooManyFollowers)?;
        self.came.notify_one();
        Ok(FollowerPermit { _place: place, _of_caller: of_caller })
    }

    /// Resolves when shutdown begins and streams must end.
    pub async fn closed(&self) {
        self.shutdown.requested().await;
    }

    /// Changes whenever there is more to read.
    pub fn news(&self) -> watch::Receiver<i64> {
        self.news.subscribe()
    }

    /// The longest time without a message to a client.
    pub const fn keep_alive(&self) -> Duration {
        Duration::from_millis(self.settings.keep_alive_ms)
    }

    /// Forgets what was read if the feed has jumped since: chunks after those of the database that took
    /// over may be lost. `last` is the last position of the feed.
    pub fn follow_jump(&self, last: i64) {
        let mut ring = self.ring();
        // Clients page from the database what is not in the ring, so a needless restart does no harm.
        if last - ring.last() >= feed::LEAST_JUMP / 2 {
            ring.restart(last);
            self.news.send_replace(last);
        }
    }

    /// Reads the ring after `cursor`.
    pub fn recent(&self, cursor: FeedPosition) -> Found {
        self.ring().after(cursor)
    }

    /// Notes that a client with `bound` follows. What is read from now on suits it.
    pub fn prepare(&self, bound: &OperatorBound) {
        if *bound != OperatorBound::All {
            self.reads_owners.store(true, Ordering::Relaxed);
        }
    }

    /// Reads the database after `cursor`, for a client with `bound` that is behind.
    pub async fn page(&self, cursor: FeedPosition, bound: &OperatorBound) -> Result<Page, StorageError> {
        // The semaphore is never closed, so this only waits.
        let _turn = self.paging.acquire().await;
        let with_owners = *bound != OperatorBound::All;
        let read = move |mut connection: storage::PooledConnection| async move {
            read_page(&mut connection, cursor, with_owners).await
        };
        Ok(match self.database.run::<_, StorageError, _, _>(read).await? {
            ReadPage::Chunks(chunks) => {
                let frames = chunks.into_iter().map(|chunk| Ok(Arc::new(self.render(chunk)?)));
                Page::Chunks(frames.collect::<Result<_, StorageError>>()?)
            }
            ReadPage::Skipped(last) => Page::Skipped(last),
            ReadPage::Gone => Page::Gone,
        })
    }

    async fn run(self: Arc<Self>) {
        let mut rested = true;
        while !self.shutdown.is_requested() {
            if self.places.available_permits() == self.settings.max_clients {
                rested = true;
                self.shutdown.run_until_requested(self.came.notified()).await;
                continue;
            }
            let pause = match self.read(rested).await {
                Ok(full) => {
                    rested = false;
                    if full { Duration::ZERO } else { Duration::from_millis(self.settings.poll_ms) }
                }
                Err(error) => {
                    tracing::warn!(error = causes(&error), "the feed cannot be read; retrying in 1 s");
                    PAUSE
                }
            };
            self.shutdown.run_until_requested(tokio::time::sleep(pause)).await;
        }
    }

    /// Reads new chunks into the ring; returns whether there may be more. After a time without
    /// clients, reading continues at the end of the feed; clients that need earlier chunks page
    /// from the database.
    async fn read(&self, rested: bool) -> Result<bool, StorageError> {
        let last = self.ring().last();
        let with_owners = self.reads_owners.load(Ordering::Relaxed);
        let read = move |mut connection: storage::PooledConnection| async move {
            let connection: &mut Connection = &mut connection;
            feed::sequence(connection).await?;
            let last = if rested { feed::span(connection).await?.last } else { last };
            Ok::<_, StorageError>((last, list_after(connection, last, with_owners).await?))
        };
        let (last, chunks): (i64, Vec<OwnedChunk>) = self.database.run(read).await?;
        let full = i64::try_from(chunks.len()).is_ok_and(|read| read == PAGE);
        let frames = chunks.into_iter().map(|chunk| self.render(chunk));
        let frames = frames.collect::<Result<Vec<_>, _>>()?;
        if !rested && frames.is_empty() {
            return Ok(false);
        }
        let mut ring = self.ring();
        if rested {
            ring.restart(last);
        }
        frames.into_iter().for_each(|frames| ring.push(frames));
        self.news.send_replace(ring.last());
        Ok(full)
    }

    fn render(&self, (chunk, owners): OwnedChunk) -> Result<Frames, StorageError> {
        let broken = |error: serde_json::Error| StorageError::Inconsistent {
            table: "feed_chunks",
            what: error.to_string(),
        };
        Frames::render(chunk, owners, &self.settings.source).map_err(broken)
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.ring.locked()
    }
}

/// What the database has after a client's cursor.
pub enum Page {
    /// The next chunks.
    Chunks(Vec<Arc<Frames>>),
    /// Nothing yet: positions up to this one were skipped.
    Skipped(FeedPosition),
    /// The next chunk was deleted, or the client has read changes that may be lost in a failover.
    Gone,
}

/// The same before it is rendered.
enum ReadPage {
    Chunks(Vec<OwnedChunk>),
    Skipped(FeedPosition),
    Gone,
}

async fn read_page(
    connection: &mut Connection,
    cursor: FeedPosition,
    with_owners: bool,
) -> Result<ReadPage, StorageError> {
    let next = cursor.next_chunk();
    let mut chunks = list_after(connection, next - 1, with_owners).await?;
    if chunks.is_empty() {
        match feed::cursor_state(connection, cursor).await? {
            CursorState::AtEnd { last } => return Ok(ReadPage::Skipped(FeedPosition::end_of(last))),
            CursorState::Lost => return Ok(ReadPage::Gone),
            // A chunk was numbered in between, or the next one was deleted.
            CursorState::Other => chunks = list_after(connection, next - 1, with_owners).await?,
        }
    }
    let Some((first, _)) = chunks.first() else { return Ok(ReadPage::Gone) };
    let found = first.position;
    let continues = found == next || feed::explain_gap(connection, next - 1, found).await? == Gap::Skipped;
    Ok(if continues { ReadPage::Chunks(chunks) } else { ReadPage::Gone })
}

/// A chunk, and the owners of its changes if they were read.
type OwnedChunk = (Chunk, Option<Vec<Owner>>);

/// The next [`PAGE`] chunks after `position`.
async fn list_after(
    connection: &mut Connection,
    position: i64,
    with_owners: bool,
) -> Result<Vec<OwnedChunk>, StorageError> {
    let chunks = feed::list_after(connection, position, PAGE).await?;
    if !with_owners {
        return Ok(chunks.into_iter().map(|chunk| (chunk, None)).collect());
    }
    let owners = feed::load_owners(connection, &chunks).await?;
    Ok(chunks.into_iter().zip(owners.into_iter().map(Some)).collect())
}
