//! A proxy in front of PostgreSQL that cuts connections around a COMMIT: before the server reads
//! it, or after the server has executed it and before the client reads the response. It can also
//! delay what clients send, and translate the server's errors.
//!
//! It understands only as much of the protocol as it needs: the first message of a client has a
//! length and no type; every other message has a type of one byte and a length that includes
//! itself.

mod frames;

use frames::{Frame, read_frame, read_startup, write_frame};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::time::Duration;
use tokio::io::{AsyncBufRead, AsyncWrite, AsyncWriteExt as _, BufReader, BufWriter};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::task::AbortOnDropHandle;

/// The proxy; it stops when it is dropped.
pub struct PgProxy {
    /// The address on which it listens.
    pub address: SocketAddr,
    faults: Arc<Faults>,
    _accepting: AbortOnDropHandle<()>,
}

/// How many connections were cut at a COMMIT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutCount {
    /// Before the server read it: rolled back.
    pub before: u64,
    /// After the server executed it: committed, but the client received no response.
    pub after: u64,
}

/// The faults of the proxy.
#[derive(Debug, Default)]
struct Faults {
    cuts: Cuts,
    delays: Delays,
    translates_errors: AtomicBool,
}

/// Delays on the way to the server.
#[derive(Debug, Default)]
struct Delays {
    /// For each KiB of a statement's values, in microseconds.
    per_kib_us: AtomicU64,
    /// For each COMMIT, in milliseconds.
    commit_ms: AtomicU64,
    /// COMMITs that were delayed.
    commits: AtomicU64,
}

#[derive(Debug, Default)]
struct Cuts {
    /// One in this many commits is cut; 0 for none.
    one_in: AtomicU64,
    commits: AtomicU64,
    before: AtomicU64,
    after: AtomicU64,
}

/// What happens to a COMMIT.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cut {
    None,
    Before,
    After,
}

impl PgProxy {
    /// Listens on a free port and forwards to `upstream`.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(upstream: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let faults = Arc::new(Faults::default());
        let accepting = tokio::spawn(accept(listener, upstream, Arc::clone(&faults)));
        Ok(Self { address, faults, _accepting: AbortOnDropHandle::new(accepting) })
    }

    /// Cuts the connection at one in `commits` commits from now on, alternately before and after
    /// it; 0 for none.
    pub fn cut_one_in(&self, commits: u64) {
        self.faults.cuts.one_in.store(commits, Relaxed);
    }

    /// The number of connections that were cut so far.
    #[must_use]
    pub fn cut(&self) -> CutCount {
        let cuts = &self.faults.cuts;
        CutCount { before: cuts.before.load(Relaxed), after: cuts.after.load(Relaxed) }
    }

    /// Delays the values of each statement by this much per KiB from now on; zero for no delay. The
    /// texts of statements are not delayed: a slow server is slow by the rows, and each time-out
    /// costs a connection, whose successor sends all texts again.
    pub fn delay_per_kib(&self, delay: Duration) {
        let micros = u64::try_from(delay.as_micros()).unwrap_or(u64::MAX);
        self.faults.delays.per_kib_us.store(micros, Relaxed);
    }

    /// Delays each COMMIT by this much from now on; zero for no delay.
    pub fn delay_commits(&self, delay: Duration) {
        let millis = u64::try_from(delay.as_millis()).unwrap_or(u64::MAX);
        self.faults.delays.commit_ms.store(millis, Relaxed);
    }

    /// The number of COMMITs that were delayed.
    #[must_use]
    pub fn delayed_commits(&self) -> u64 {
        self.faults.delays.commits.load(Relaxed)
    }

    /// Starts or stops replacing the text of the server's errors with Chinese; their codes stay.
    pub fn translate_errors(&self, translates: bool) {
        self.faults.translates_errors.store(translates, Relaxed);
    }

    /// Ends every fault.
    pub(crate) fn end_faults(&self) {
        self.cut_one_in(0);
        self.delay_per_kib(Duration::ZERO);
        self.delay_commits(Duration::ZERO);
        self.translate_errors(false);
    }
}

impl Delays {
    /// How long a message is delayed.
    fn of(&self, frame: &Frame) -> Duration {
        let bytes = u64::try_from(frame.value_bytes()).unwrap_or(u64::MAX);
        let by_size = Duration::from_micros(bytes.saturating_mul(self.per_kib_us.load(Relaxed)) / 1_024);
        let commit_ms = self.commit_ms.load(Relaxed);
        if commit_ms == 0 || !frame.requests_commit() {
            return by_size;
        }
        self.commits.fetch_add(1, Relaxed);
        by_size + Duration::from_millis(commit_ms)
    }
}

impl Cuts {
    fn next(&self) -> Cut {
        let one_in = self.one_in.load(Relaxed);
        let number = self.commits.fetch_add(1, Relaxed);
        if one_in == 0 || !number.is_multiple_of(one_in) {
            return Cut::None;
        }
        if (number / one_in).is_multiple_of(2) { Cut::Before } else { Cut::After }
    }
}

async fn accept(listener: TcpListener, upstream: SocketAddr, faults: Arc<Faults>) {
    // Connections end with the proxy.
    let mut connections = JoinSet::new();
    while let Ok((client, _)) = listener.accept().await {
        let faults = Arc::clone(&faults);
        connections.spawn(async move {
            if let Ok(server) = TcpStream::connect(upstream).await {
                serve(client, server, &faults).await;
            }
        });
        while connections.try_join_next().is_some() {}
    }
}

/// Forwards until either side ends or the connection is cut; then closes both sockets.
async fn serve(client: TcpStream, server: TcpStream, faults: &Faults) {
    for socket in [&client, &server] {
        // This affects only the speed.
        drop(socket.set_nodelay(true));
    }
    let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
    let cut_after = AtomicBool::new(false);
    let (from_client, to_server) = (BufReader::new(from_client), BufWriter::new(to_server));
    let (from_server, to_client) = (BufReader::new(from_server), BufWriter::new(to_client));
    // When one direction ends, for whatever reason, the connection is over.
    tokio::select! {
        _ = forward_requests(from_client, to_server, faults, &cut_after) => {}
        _ = forward_responses(from_server, to_client, faults, &cut_after) => {}
    }
}

async fn forward_requests(
    mut client: BufReader<impl tokio::io::AsyncRead + Unpin>,
    mut server: impl AsyncWrite + Unpin,
    faults: &Faults,
    cut_after: &AtomicBool,
) -> std::io::Result<()> {
    server.write_all(&read_startup(&mut client).await?).await?;
    server.flush().await?;
    loop {
        let frame = read_frame(&mut client).await?;
        let delay = faults.delays.of(&frame);
        if !delay.is_zero() {
            // Messages before the COMMIT are not held back.
            server.flush().await?;
            tokio::time::sleep(delay).await;
        }
        if frame.requests_commit() {
            match faults.cuts.next() {
                Cut::None => {}
                Cut::Before => {
                    faults.cuts.before.fetch_add(1, Relaxed);
                    return Ok(());
                }
                Cut::After => cut_after.store(true, Relaxed),
            }
        }
        forward_frame(&frame, &client, &mut server).await?;
    }
}

async fn forward_responses(
    mut server: BufReader<impl tokio::io::AsyncRead + Unpin>,
    mut client: impl AsyncWrite + Unpin,
    faults: &Faults,
    cut_after: &AtomicBool,
) -> std::io::Result<()> {
    loop {
        let mut frame = read_frame(&mut server).await?;
        if faults.translates_errors.load(Relaxed) {
            frame.translate();
        }
        if cut_after.load(Relaxed) && frame.confirms_commit() {
            faults.cuts.after.fetch_add(1, Relaxed);
            return Ok(());
        }
        forward_frame(&frame, &server, &mut client).await?;
    }
}

/// Writes a frame, and flushes it unless more frames have arrived already.
async fn forward_frame(
    frame: &Frame,
    from: &BufReader<impl tokio::io::AsyncRead + Unpin>,
    to: &mut (impl AsyncWrite + Unpin),
) -> std::io::Result<()> {
    write_frame(to, frame).await?;
    if from.buffer().is_empty() {
        to.flush().await?;
    }
    Ok(())
}

/// A source of frames.
trait Source: AsyncBufRead + Unpin {}
impl<T: AsyncBufRead + Unpin> Source for T {}
