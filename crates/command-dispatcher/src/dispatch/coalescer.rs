//! Work that costs less for several at once: who comes while others are served waits, and is served with all who came
//! meanwhile. Nobody waits for company: alone, one is served at once.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

/// How much may go on.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// Questions that may wait; who comes then waits before that.
    pub waiting: usize,
    /// Questions that are served together at most.
    pub batch: usize,
    /// Batches that are served at the same time.
    pub at_once: usize,
    /// How long the first waits for others: for work that nobody waits for.
    pub linger: Duration,
}

/// The work was lost: whoever did it panicked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the work was lost")]
pub(crate) struct Lost;

/// Answers questions of one kind in batches. Cheap to clone.
pub(crate) struct Together<Q, A> {
    queue: mpsc::Sender<Asked<Q, A>>,
}

struct Asked<Q, A> {
    question: Q,
    answer: oneshot::Sender<A>,
}

impl<Q, A> Clone for Together<Q, A> {
    fn clone(&self) -> Self {
        Self { queue: self.queue.clone() }
    }
}

impl<Q: Send + 'static, A: Send + 'static> Together<Q, A> {
    /// Batches go to `serve`, which answers each question, in their order. It works on the current runtime, until no question
    /// can come any more.
    pub(crate) fn new<F, Fut>(bounds: Bounds, serve: F) -> Self
    where
        F: Fn(Vec<Q>) -> Fut + Send + 'static,
        Fut: Future<Output = Vec<A>> + Send + 'static,
    {
        let (queue, waiting) = mpsc::channel(bounds.waiting);
        tokio::spawn(run(bounds, waiting, serve));
        Self { queue }
    }

    /// The answer to `question`. Once it is taken up it is served, whether or not this future is dropped.
    ///
    /// # Errors
    /// When whoever served it panicked.
    pub(crate) async fn ask(&self, question: Q) -> Result<A, Lost> {
        self.put(question).await?.await.map_err(|_dropped| Lost)
    }

    /// Leaves `question` to be served; this only waits while too many others do. The answer is told to the receiver.
    ///
    /// # Errors
    /// When nobody serves any more.
    pub(crate) async fn put(&self, question: Q) -> Result<oneshot::Receiver<A>, Lost> {
        let (answer, told) = oneshot::channel();
        self.queue.send(Asked { question, answer }).await.map_err(|_nobody| Lost)?;
        Ok(told)
    }
}

async fn run<Q, A, F, Fut>(bounds: Bounds, mut waiting: mpsc::Receiver<Asked<Q, A>>, serve: F)
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
        let (questions, answers) = batch.into_iter().map(|asked| (asked.question, asked.answer)).unzip();
        tokio::spawn(tell(serve(questions), answers, permit));
    }
}

async fn tell<A>(
    served: impl Future<Output = Vec<A>>,
    askers: Vec<oneshot::Sender<A>>,
    _permit: OwnedSemaphorePermit,
) {
    for (answer, asker) in served.await.into_iter().zip(askers) {
        // Nobody may be waiting any more.
        let _gone = asker.send(answer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::future::join_all;
    use std::sync::Mutex;

    const BOUNDS: Bounds = Bounds { waiting: 100, batch: 4, at_once: 1, linger: Duration::ZERO };

    #[tokio::test]
    async fn who_comes_while_others_are_served_is_served_together() {
        let batches = Arc::new(Mutex::new(Vec::new()));
        let (seen, gate) = (Arc::clone(&batches), Arc::new(Semaphore::new(0)));
        let pass = Arc::clone(&gate);
        let doubled = Together::new(BOUNDS, move |questions: Vec<u32>| {
            seen.lock().unwrap().push(questions.clone());
            let pass = Arc::clone(&pass);
            async move {
                pass.acquire().await.unwrap().forget();
                questions.into_iter().map(|question| question * 2).collect()
            }
        });
        let first = doubled.put(0).await.unwrap();
        while batches.lock().unwrap().is_empty() {
            tokio::task::yield_now().await;
        }
        let others = join_all((1..=6).map(|question| doubled.put(question))).await;
        gate.add_permits(3);
        assert_eq!(first.await.unwrap(), 0);
        for (question, told) in (1..=6).zip(others) {
            assert_eq!(told.unwrap().await.unwrap(), question * 2);
        }
        assert_eq!(*batches.lock().unwrap(), [vec![0], vec![1, 2, 3, 4], vec![5, 6]]);
    }

    #[tokio::test]
    async fn a_batch_that_panics_is_lost_and_the_next_is_served() {
        let asked = Together::new(BOUNDS, |questions: Vec<u32>| async move {
            assert_ne!(questions, [13]);
            questions
        });
        assert_eq!(asked.ask(13).await, Err(Lost));
        assert_eq!(asked.ask(14).await, Ok(14));
    }
}
