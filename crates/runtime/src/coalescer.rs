//! Request coalescing: a request that finds no batch in flight is served at once, by its caller.
//! Requests that arrive meanwhile are queued, and one task serves them as the next batch. So each
//! request is served by work that begins after it arrived.

use crate::lock::MutexExt as _;
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use std::collections::VecDeque;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::timeout;
use tokio_util::task::TaskTracker;

/// The limits of a coalescer.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Requests that may be queued; a further request waits until there is room.
    pub waiting: usize,
    /// The most requests in a batch.
    pub batch: usize,
    /// The most batches in flight.
    pub at_once: usize,
    /// How long the first request of a batch waits for others. Zero unless no caller waits for the
    /// response.
    pub linger: Duration,
    /// How long a request that [`Coalescer::request`] queued waits for the batches in flight before a
    /// further batch begins, up to `at_once`. If it is zero, batches begin until `at_once` are in
    /// flight; otherwise one is in flight as long as it is fast, and batches are larger.
    pub patience: Duration,
}

impl Bounds {
    /// The batches in flight that a new request does not wait for.
    const fn at_first(&self) -> usize {
        if self.patience.is_zero() { self.at_once } else { 1 }
    }
}

/// The batch of the request panicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the batch of the request ended without a response")]
pub struct Lost;

/// Serves requests of one kind in batches. Cheap to clone.
pub struct Coalescer<Q, A>(Arc<Queue<Q, A>>);

/// Returns one response per request, in the same order.
type Serve<Q, A> = Box<dyn Fn(Vec<Q>) -> BoxFuture<'static, Vec<A>> + Send + Sync>;

struct Queue<Q, A> {
    bounds: Bounds,
    serve: Serve<Q, A>,
    /// A permit for each request that may still be queued.
    room: Semaphore,
    state: Mutex<State<Q, A>>,
    /// Runs the tasks.
    runtime: Handle,
    tasks: TaskTracker,
}

/// While requests are waiting, at least one batch is in flight.
struct State<Q, A> {
    waiting: VecDeque<Pending<Q, A>>,
    in_flight: usize,
}

struct Pending<Q, A> {
    request: Q,
    response: oneshot::Sender<A>,
}

impl<Q, A> Clone for Coalescer<Q, A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<Q: Send + 'static, A: Send + 'static> Coalescer<Q, A> {
    /// Passes batches to `serve`, which returns one response per request, in the same order. Tasks
    /// run on the current runtime.
    pub fn new<F, Fut>(bounds: Bounds, serve: F) -> Self
    where
        F: Fn(Vec<Q>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Vec<A>> + Send + 'static,
    {
        Self(Arc::new(Queue {
            bounds,
            serve: Box::new(move |batch| serve(batch).boxed()),
            room: Semaphore::new(bounds.waiting),
            state: Mutex::new(State { waiting: VecDeque::new(), in_flight: 0 }),
            runtime: Handle::current(),
            tasks: TaskTracker::new(),
        }))
    }

    /// Returns the response to `request`. If this future is dropped, a queued request is served
    /// nevertheless; one that is served at once is abandoned where it is.
    ///
    /// # Errors
    /// When the batch of the request panicked.
    pub async fn request(&self, request: Q) -> Result<A, Lost> {
        match self.0.claim() {
            Some(slot) => {
                let response =
                    self.0.respond(vec![request]).await.and_then(|served| served.into_iter().next());
                drop(slot);
                response.ok_or(Lost)
            }
            None => self.queued(request).await,
        }
    }

    /// Returns the response to `request` from the next batch.
    async fn queued(&self, request: Q) -> Result<A, Lost> {
        let mut receiver = self.enqueue(request).await?;
        let patience = self.0.bounds.patience;
        if !patience.is_zero() {
            if let Ok(response) = timeout(patience, &mut receiver).await {
                return response.map_err(|_dropped| Lost);
            }
            Queue::begin(&self.0, &mut self.0.state.locked(), self.0.bounds.at_once);
        }
        receiver.await.map_err(|_dropped| Lost)
    }

    /// Queues `request` and returns the receiver of its response; waits only while the queue is
    /// full.
    ///
    /// # Errors
    /// Never in practice: the queue is never closed.
    pub async fn enqueue(&self, request: Q) -> Result<oneshot::Receiver<A>, Lost> {
        self.0.room.acquire().await.map_err(|_closed| Lost)?.forget();
        let (response, receiver) = oneshot::channel();
        let mut state = self.0.state.locked();
        state.waiting.push_back(Pending { request, response });
        Queue::begin(&self.0, &mut state, self.0.bounds.at_first());
        drop(state);
        Ok(receiver)
    }

    /// Waits until every queued request is served.
    pub async fn finish(&self) {
        self.0.tasks.close();
        self.0.tasks.wait().await;
    }
}

impl<Q: Send + 'static, A: Send + 'static> Queue<Q, A> {
    /// The slot of a batch, if none is in flight that must be waited for.
    fn claim(self: &Arc<Self>) -> Option<Slot<Q, A>> {
        let mut state = self.state.locked();
        if state.in_flight >= self.bounds.at_first() || !self.bounds.linger.is_zero() {
            return None;
        }
        state.in_flight += 1;
        drop(state);
        Some(Slot(Arc::clone(self)))
    }

    /// The responses to `batch`; `None` if it panicked.
    async fn respond(&self, batch: Vec<Q>) -> Option<Vec<A>> {
        AssertUnwindSafe(async { (self.serve)(batch).await }).catch_unwind().await.ok()
    }

    /// Begins a batch of the queued requests if fewer than `most` are in flight.
    fn begin(queue: &Arc<Self>, state: &mut State<Q, A>, most: usize) {
        if !state.waiting.is_empty() && state.in_flight < most {
            state.in_flight += 1;
            Self::spawn(queue);
        }
    }

    /// Serves queued requests in a task, which owns a slot.
    fn spawn(queue: &Arc<Self>) {
        queue.tasks.spawn_on(Arc::clone(queue).run(), &queue.runtime);
    }

    /// Serves batches until no request is queued, and then releases the slot.
    async fn run(self: Arc<Self>) {
        loop {
            if !self.bounds.linger.is_zero() {
                tokio::time::sleep(self.bounds.linger).await;
            }
            let Some((requests, callers)) = self.next_batch() else { return };
            for (response, caller) in self.respond(requests).await.into_iter().flatten().zip(callers) {
                // The caller may have stopped waiting.
                let _dropped = caller.send(response);
            }
        }
    }

    /// Takes the next batch, or releases the slot if no request is queued.
    fn next_batch(&self) -> Option<(Vec<Q>, Vec<oneshot::Sender<A>>)> {
        let mut state = self.state.locked();
        let count = state.waiting.len().min(self.bounds.batch);
        if count == 0 {
            state.in_flight -= 1;
            return None;
        }
        let batch = state.waiting.drain(..count).map(|pending| (pending.request, pending.response)).unzip();
        drop(state);
        self.room.add_permits(count);
        Some(batch)
    }
}

/// A batch in flight that its caller serves. When it is dropped, a task serves the requests that
/// were queued meanwhile.
struct Slot<Q: Send + 'static, A: Send + 'static>(Arc<Queue<Q, A>>);

impl<Q: Send + 'static, A: Send + 'static> Drop for Slot<Q, A> {
    fn drop(&mut self) {
        let mut state = self.0.state.locked();
        if state.waiting.is_empty() {
            state.in_flight -= 1;
        } else {
            Queue::spawn(&self.0);
        }
    }
}

#[cfg(test)]
mod tests;
