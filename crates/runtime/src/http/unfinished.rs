//! Protects the server from clients that begin a request, never end it, and keep the connection, and
//! from too many clients that begin none.

use std::{
    cell::Cell,
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};

use actix_web::dev::ServiceRequest;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep},
};

use super::unauthenticated::ConnectionTracker;

/// A connection that is closed if its client sent something and then, for `limit`, no handler was
/// reached and nothing was answered; also if its worker has too many idle unauthenticated
/// connections.
///
/// The framework limits the time for the head of the first request on a connection only. Everything
/// after it may arrive as slowly as the client likes: the head of the next request, or the rest of
/// a body that is no longer read.
pub(super) struct Timed<S> {
    stream: S,
    limit: Duration,
    serving: Serving,
    /// When the first unanswered bytes arrived.
    since: Option<Instant>,
    /// Created on first use, and reset only if it fires too early: most requests do not touch it.
    alarm: Option<Pin<Box<Sleep>>>,
}

impl<S> Timed<S> {
    pub(super) fn new(stream: S, limit: Duration, tracker: ConnectionTracker) -> Self {
        let serving = Serving { running: Rc::default(), tracker };
        Self { stream, limit, serving, since: None, alarm: None }
    }

    /// For [`Serving::begin`], which records that a handler runs.
    pub(super) fn serving(&self) -> Serving {
        self.serving.clone()
    }

    /// Whether the connection must be closed; wakes the task when that may become true.
    fn is_overdue(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(since) = self.since else { return false };
        let end = since + self.limit;
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(end)));
        while alarm.as_mut().poll(cx).is_ready() {
            if Instant::now() >= end {
                return true;
            }
            alarm.as_mut().reset(end);
        }
        false
    }
}

impl<S> Drop for Timed<S> {
    fn drop(&mut self) {
        self.serving.tracker.close();
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Timed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.serving.tracker.must_close(cx) {
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        let held = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if self.serving.running.get() {
            // A running handler has deadlines of its own.
            self.since = None;
        } else if buffer.filled().len() > held {
            self.since.get_or_insert_with(Instant::now);
        }
        if self.is_overdue(cx) {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Timed<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, data: &[u8]) -> Poll<io::Result<usize>> {
        let written = ready!(Pin::new(&mut self.stream).poll_write(cx, data))?;
        self.since = None;
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

/// Whether a handler runs for a request of the connection, which serves one request at a time, and
/// whether a caller was authenticated on it.
#[derive(Clone)]
pub(super) struct Serving {
    running: Rc<Cell<bool>>,
    tracker: ConnectionTracker,
}

impl Serving {
    /// Marks a handler as running until the returned value is dropped; `None` without a connection,
    /// as in tests.
    pub(super) fn begin(request: &ServiceRequest) -> Option<Work> {
        let serving = request.conn_data::<Self>()?.clone();
        serving.running.set(true);
        serving.tracker.begin_work();
        Some(Work(serving))
    }

    /// Records that the caller of `request` is authenticated.
    pub(super) fn authenticate(request: &ServiceRequest) {
        if let Some(serving) = request.conn_data::<Self>() {
            serving.tracker.authenticate();
        }
    }
}

/// Marks a running handler until it is dropped.
pub(super) struct Work(Serving);

impl Drop for Work {
    fn drop(&mut self) {
        self.0.running.set(false);
        self.0.tracker.finish_work();
    }
}
