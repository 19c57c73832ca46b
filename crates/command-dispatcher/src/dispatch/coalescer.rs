//! Request coalescing: requests that arrive while a batch is in flight are queued and served as the
//! next batch. A request that finds no batch in flight is served at once.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// The limits of a coalescer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Requests that may be queued; a further request waits until there is room.
    pub waiting: usize,
    /// The most requests in a batch.
    pub batch: usize,
    /// The most batches in flight.
    pub at_once: usize,
    /// How long the first request of a batch waits for others. Zero unless no caller waits for the
    /// response.
    pub linger: Duration,
}

/// The task that served the request panicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the task that served the request ended without a response")]
pub(crate) struct Lost;

/// Serves requests of one kind in batches. Cheap to clone.
pub(crate) struct Coalescer<Q, A> {
    queue: mpsc::Sender<Pending<Q, A>>,
}

struct Pending<Q, A> {
    request: Q,
    response: oneshot::Sender<A>,
}

impl<Q, A> Clone for Coalescer<Q, A> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone() }
    }
}

impl<Q: Send + 'static, A: Send + 'static> Coalescer<Q, A> {
    /// Passes batches to `serve`, which returns one response per request, in the same order. It
    /// runs on the current runtime until the last clone is dropped.
    pub(crate) fn new<F, Fut>(bounds: Bounds, serve: F) -> Self
    where
        F: Fn(Vec<Q>) -> Fut + Send + 'static,
        Fut: Future<Output = Vec<A>> + Send + 'static,
    {
        let (queue, waiting) = mpsc::channel(bounds.waiting);
        tokio::spawn(run(bounds, waiting, serve));
        Self { queue }
    }

    /// Returns the response to `request`. A queued request is served even if this future is
    /// dropped.
    ///
    /// # Errors
    /// When the task that served it panicked.
    pub(crate) async fn request(&self, request: Q) -> Result<A, Lost> {
        self.enqueue(request).await?.await.map_err(|_dropped| Lost)
    }

    /// Queues `request` and returns the receiver of its response; waits only while the queue is
    /// full.
    ///
    /// # Errors
    /// When the task that serves requests has ended.
    pub(crate) async fn enqueue(&self, request: Q) -> Result<oneshot::Receiver<A>, Lost> {
        let (sender, receiver) = oneshot::channel();
        self.queue.send(Pending { request, response: sender }).await.map_err(|_closed| Lost)?;
        Ok(receiver)
    }
}

async fn run<Q, A, F, Fut>(bounds: Bounds, mut waiting: mpsc::Receiver<Pending<Q, A>>, serve: F)
where
    Q: Send + 'static,
    A: Send + 'static,
    F: Fn(Vec<Q>) -> Fut + Send + 'static,
    Fut: Future<Output = Vec<A>> + Send + 'static,
{
    let at_once = Arc::new(Semaphore::new(bounds.at_once));
    while let Some(first) = waiting.recv().await {
        if !bounds.linger.is_zero() {
            tokio::time::sleep(bounds.linger).await;
        }
        let Ok(permit) = Arc::clone(&at_once).acquire_owned().await else { return };
        let mut batch = vec![first];
        while batch.len() < bounds.batch
            && let Ok(next) = waiting.try_recv()
        {
            batch.push(next);
        }
        let (requests, responses) =
            batch.into_iter().map(|pending| (pending.request, pending.response)).unzip();
        tokio::spawn(respond(serve(requests), responses, permit));
    }
}

async fn respond<A>(
    served: impl Future<Output = Vec<A>>,
    callers: Vec<oneshot::Sender<A>>,
    _permit: OwnedSemaphorePermit,
) {
    for (response, caller) in served.await.into_iter().zip(callers) {
        // The caller may have stopped waiting.
        let _dropped = caller.send(response);
    }
}

#[cfg(test)]
mod tests;
