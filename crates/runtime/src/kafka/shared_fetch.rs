//! Fetches that several partitions share: one request to a broker for all that wait for records.
//!
//! A request costs a broker as much as many records. With a request per partition, an ordinary day has
//! one per record. Here the partitions of a topic that wait at the same time are requested together.
//! A partition without a record takes part in the next request, until its time is over.
//!
//! A partition that begins to wait while a request is in flight does not wait for its response: it
//! takes part in another request, over another connection.
//!
//! A failure is a failure of the partitions that it concerns: of one that the broker refuses, or of all
//! in a request without a response. They fetch alone next, over their own connections, which find their
//! leaders again. So does a partition that has more records than fit in.

mod pace;
mod queue;

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::{
    sync::oneshot,
    time::{Instant, sleep_until},
};

use super::{
    Cluster,
    codec::Malformed,
    connection::within,
    error::Failure,
    exchange::{Answered, Exchange, Request as _},
    fetch::Batches,
    fetch_many::{FetchMany, FetchPart, FetchedPart},
    open::open,
};
use crate::lock::MutexExt as _;
use pace::Pace;
use queue::{Queue, Waiting};

/// The most bytes of a partition in a response.
const PART_BYTES: usize = 32 * 1024;
/// The most bytes of all partitions in a response. The first partition with records returns at least
/// one batch, however large.
const ALL_BYTES: usize = 1024 * 1024;

/// The partitions that wait for records, by topic and broker.
#[derive(Default)]
pub(super) struct SharedFetches {
    queues: std::sync::Mutex<HashMap<Source, Queue>>,
    pace: Pace,
}

/// A topic and the address of a broker that leads some of its partitions.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Source {
    pub(super) topic: String,
    pub(super) leader: String,
}

/// The outcome for one partition.
pub(super) enum Shared {
    Fetched(Batches),
    /// The partition has more records than fit in, and must fetch alone.
    Alone,
    Failed(Arc<Failure>),
}

/// Fetches a partition with others that `source` leads.
pub(super) async fn fetch(
    cluster: &Arc<Cluster>,
    source: Source,
    part: FetchPart,
    max_wait: Duration,
) -> Shared {
    let (answer, answered) = oneshot::channel();
    let part = FetchPart { max_bytes: part.max_bytes.min(PART_BYTES), ..part };
    let waiting = Waiting { part, until: Instant::now() + max_wait, answer };
    wait(cluster, source, vec![waiting]);
    answered.await.unwrap_or_else(|_lost| Shared::failed(Failure::Lost))
}

impl Shared {
    fn failed(failure: Failure) -> Self {
        Self::Failed(Arc::new(failure))
    }
}

impl SharedFetches {
    /// Closes connections that were unused for longer than `idle`, also those to former leaders.
    fn close_idle(&self, idle: Duration) {
        self.queues.locked().retain(|_, queue| !queue.close_idle(idle));
    }

    fn with<T>(&self, source: &Source, work: impl FnOnce(&mut Queue) -> T) -> T {
        let mut queues = self.queues.locked();
        match queues.get_mut(source) {
            Some(queue) => work(queue),
            None => work(queues.entry(source.clone()).or_default()),
        }
    }
}

/// Adds partitions to the next request; fails them if the broker accepts none for too long.
fn wait(cluster: &Arc<Cluster>, source: Source, waiting: Vec<Waiting>) {
    let throttled = cluster.read_setup.shared_fetches.with(&source, |queue| queue.throttled());
    if throttled > cluster.request_timeout {
        let failed = || Shared::failed(Failure::Throttled(throttled));
        return waiting.into_iter().for_each(|waiting| waiting.answer(failed()));
    }
    let Some(due) = cluster.read_setup.shared_fetches.with(&source, |queue| queue.add(waiting)) else {
        return;
    };
    let asking = Arc::clone(cluster);
    let ask = async move {
        sleep_until(due).await;
        let waiting = asking.read_setup.shared_fetches.with(&source, Queue::take);
        ask(&asking, source, waiting).await;
    };
    // Boxed, because the client's futures are large and deeply nested.
    cluster.runtime.spawn(Box::pin(ask));
}

/// Sends one request for all of `waiting` and distributes its response.
async fn ask(cluster: &Arc<Cluster>, source: Source, waiting: Vec<Waiting>) {
    let Some(until) = waiting.iter().map(|waiting| waiting.until).min() else { return };
    let parts: Vec<FetchPart> = waiting.iter().map(|waiting| waiting.part).collect();
    // The protocol has whole milliseconds; rounded up, so that the time is over with the response.
    let max_wait = until.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
    let fits = ALL_BYTES.min(cluster.transport.max_response_bytes / 2);
    let max_bytes = parts.iter().map(|part| part.max_bytes).sum::<usize>().min(fits);
    let request = FetchMany { topic: &source.topic, parts: &parts, max_wait, max_bytes };
    match exchange(cluster, &source, &request).await {
        Ok((exchange, Answered { answer, throttled })) => {
            if !throttled.is_zero() {
                cluster.throttle.record(FetchMany::NAME, throttled);
            }
            let has_records = |(_, found): &&FetchedPart| found.as_ref().is_ok_and(Batches::has_bytes);
            let with_records = answer.iter().filter(has_records).count();
            let rest = distribute(waiting, answer);
            let fetches = &cluster.read_setup.shared_fetches;
            let earliest = fetches.pace.after_response(Instant::now(), with_records);
            fetches.with(&source, |queue| {
                queue.release(exchange, throttled);
                if let Some(earliest) = earliest {
                    queue.delay_until(earliest);
                }
            });
            wait(cluster, source, rest);
        }
        // Alone, each of them fits in.
        Err(failure) if failure.too_large().is_some() => {
            waiting.into_iter().for_each(|waiting| waiting.answer(Shared::Alone));
        }
        Err(failure) => {
            let failure = Arc::new(failure);
            waiting.into_iter().for_each(|waiting| waiting.answer(Shared::Failed(Arc::clone(&failure))));
        }
    }
}

/// Answers the partitions that have records or failed, and those whose time is over; returns the
/// others.
fn distribute(waiting: Vec<Waiting>, answer: Vec<FetchedPart>) -> Vec<Waiting> {
    let mut found: HashMap<i32, _> = answer.into_iter().collect();
    let mut rest = Vec::new();
    for waiting in waiting {
        let outcome = match found.remove(&waiting.part.partition) {
            None => Shared::failed(Failure::malformed(Malformed)),
            Some(Err(refused)) => Shared::failed(refused),
            Some(Ok(batches)) if batches.has_bytes() => Shared::Fetched(batches),
            // The broker omits a batch that does not fit in, unless it is the first of the response.
            Some(Ok(batches)) if batches.end > waiting.part.offset => Shared::Alone,
            Some(Ok(_empty)) if Instant::now() < waiting.until => {
                rest.push(waiting);
                continue;
            }
            Some(Ok(empty)) => Shared::Fetched(empty),
        };
        waiting.answer(outcome);
    }
    rest
}

/// Sends a request over an unused connection or a new one.
async fn exchange(
    cluster: &Arc<Cluster>,
    source: &Source,
    request: &FetchMany<'_>,
) -> Result<(Exchange, Answered<Vec<FetchedPart>>), Failure> {
    let unused = cluster.read_setup.shared_fetches.with(source, |queue| queue.connection(cluster.idle));
    let mut exchange = if let Some(exchange) = unused {
        exchange
    } else {
        cluster.read_setup.shared_fetches.close_idle(cluster.idle);
        let opening = async { Ok(open(&cluster.transport, &source.leader).await?) };
        within(cluster.connect_timeout, opening).await?
    };
    let limit = request.max_wait + cluster.request_timeout;
    let answered = within(limit, exchange.ask(request)).await?;
    Ok((exchange, answered))
}

#[cfg(test)]
mod tests;
