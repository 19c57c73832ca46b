//! The connection to one partition's leader.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use tokio::sync::Mutex;

use super::{
    Cluster,
    connection::within,
    error::{Failure, Reached},
    exchange::{Answered, Exchange, Request},
    open::open,
};

/// A connection for one partition; opened on first use, and again after failures.
pub(super) struct Link {
    pub(super) cluster: Arc<Cluster>,
    pub(super) topic: String,
    pub(super) partition: i32,
    /// Held during a request, so that requests run one after another.
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Taken out while in use, so that a connection is dropped if its exchange is cancelled.
    open: Option<Open>,
    /// When the known leader proved to be wrong or unavailable.
    proven_wrong: Option<Instant>,
    /// Until when the broker accepts no requests.
    throttled_until: Option<Instant>,
}

struct Open {
    exchange: Exchange,
    /// The address of the broker.
    #[cfg_attr(feature = "librdkafka", expect(dead_code, reason = "librdkafka finds leaders itself"))]
    leader: String,
    last_used: Instant,
}

impl Link {
    pub(super) fn new(cluster: Arc<Cluster>, topic: &str, partition: i32) -> Self {
        Self { cluster, topic: topic.to_owned(), partition, state: Mutex::default() }
    }

    /// The address of the broker that answered the latest request; `None` before the first, and after
    /// a failure that another broker might not have.
    #[cfg(not(feature = "librdkafka"))]
    pub(super) async fn leader(&self) -> Option<String> {
        self.state.lock().await.open.as_ref().map(|open| open.leader.clone())
    }

    /// Drops the connection, so that the next request looks for the leader again.
    #[cfg(not(feature = "librdkafka"))]
    pub(super) async fn distrust_leader(&self) {
        let mut state = self.state.lock().await;
        (state.open, state.proven_wrong) = (None, Some(Instant::now()));
    }

    /// Makes one attempt at a request; each of its steps takes at most `limit`. Must run on the
    /// main runtime.
    pub(super) async fn ask<R: Request>(
        &self,
        limit: Duration,
        request: &R,
    ) -> Result<R::Answer, (Reached, Failure)> {
        let answer = self.attempt(limit, request).await;
        answer.inspect_err(|(_reached, failure)| self.cluster.failures.record(R::NAME, failure))
    }

    async fn attempt<R: Request>(
        &self,
        limit: Duration,
        request: &R,
    ) -> Result<R::Answer, (Reached, Failure)> {
        let mut state = self.state.lock().await;
        let never = |failure| (Reached::Never, failure);
        wait_for_quota(&mut state, limit).await.map_err(never)?;
        let opened = within(limit, self.open(&mut state)).await;
        let mut open = opened.map_err(|failure| {
            state.proven_wrong = Some(Instant::now());
            never(failure)
        })?;
        match within(limit, open.exchange.ask(request)).await {
            Ok(Answered { answer, throttled }) => {
                open.last_used = Instant::now();
                state.open = Some(open);
                state.proven_wrong = None;
                self.record_throttle::<R>(&mut state, throttled);
                Ok(answer)
            }
            Err(failure) => {
                if failure.is_suspicious() {
                    state.proven_wrong = Some(Instant::now());
                } else {
                    state.open = Some(open);
                }
                Err((failure.reached(), failure))
            }
        }
    }

    async fn open(&self, state: &mut State) -> Result<Open, Failure> {
        let idle = self.cluster.idle;
        let usable = |open: &Open| open.last_used.elapsed() < idle && open.exchange.is_in_session();
        if let Some(open) = state.open.take().filter(usable) {
            return Ok(open);
        }
        let leader = self.cluster.leaders.find(&self.topic, self.partition, state.proven_wrong).await?;
        let exchange = open(&self.cluster.transport, &leader).await?;
        Ok(Open { exchange, leader, last_used: Instant::now() })
    }

    fn record_throttle<R: Request>(&self, state: &mut State, throttled: Duration) {
        if throttled.is_zero() {
            return;
        }
        state.throttled_until = Some(Instant::now() + throttled);
        self.cluster.throttle.record(R::NAME, throttled);
    }
}

/// Waits out a throttle: brokers answer a throttled client at once and expect it to pause before
/// its next request.
async fn wait_for_quota(state: &mut State, limit: Duration) -> Result<(), Failure> {
    let Some(until) = state.throttled_until else { return Ok(()) };
    let rest = until.saturating_duration_since(Instant::now());
    if rest > limit {
        return Err(Failure::Throttled(rest));
    }
    tokio::time::sleep(rest).await;
    state.throttled_until = None;
    Ok(())
}
