//! A batch while this replica carries it out: from the claim until it is finished, released or
//! lost.

use super::pace::{StationPace, StationPaces};
use super::{Batches, StationCommand};
use crate::dispatch::dispatcher::{Dispatched, Dispatcher};
use crate::dispatch::pile_order::PileOrder;
use crate::error::DispatchError;
use crate::metrics::Metrics;
use domain::ids::PileId;
use futures_util::{StreamExt as _, future, stream};
use runtime::{Shutdown, causes};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use storage::StorageError;
use storage::commands::batches::{Claimed, Outcome, Settled, item_key};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::Instrument as _;

/// The most commands of a batch in flight.
const AT_ONCE: usize = 32;
/// The pauses before a pile is tried again while a dependency is unavailable; after the last one
/// the pile is refused.
const PAUSES: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(4)];
/// The pause before the outcome of a command that another replica has begun to send is read again.
const SETTLING: Duration = Duration::from_secs(1);

/// What a batch run needs. Cheap to clone.
#[derive(Clone)]
pub(super) struct RunContext {
    pub(super) batches: Batches,
    pub(super) dispatcher: Arc<Dispatcher>,
    pub(super) metrics: Metrics,
    pub(super) paces: StationPaces,
    pub(super) lease: Duration,
}

/// A batch that this replica carries out.
pub(super) struct BatchRun {
    tools: RunContext,
    claimed: Claimed,
    end: Instant,
    /// Every attempt to send waits for its turn here.
    pace: Arc<StationPace>,
    /// One attempt at a time waits for the station, so that several batches are sent in turns.
    next: Mutex<()>,
    /// The shortest time between a command of this batch and the next one to the station.
    gap: Duration,
    /// Set when the batch was cancelled, or another replica has claimed it.
    over: CancellationToken,
    shutdown: Shutdown,
}

impl BatchRun {
    /// A run that starts now.
    pub(super) fn new(tools: RunContext, claimed: Claimed, shutdown: Shutdown) -> Self {
        let rate = u32::from(claimed.batch.rate_per_second.max(1));
        Self {
            end: Instant::now() + claimed.left,
            pace: tools.paces.of(claimed.batch.station_id),
            gap: Duration::from_secs(1) / rate,
            next: Mutex::new(()),
            over: CancellationToken::new(),
            tools,
            claimed,
            shutdown,
        }
    }

    /// Sends the waiting commands for as long as this replica holds the lease.
    pub(super) async fn run(self) {
        let id = self.claimed.batch.id;
        let work = async {
            tokio::select! {
                carried_out = self.carry_out() => {
                    if let Err(error) = carried_out {
                        tracing::warn!(
                            error = causes(&error),
                            "command batch paused: PostgreSQL failed; a replica resumes it when its \
                             lease expires"
                        );
                    }
                }
                // Commands in flight are finished all the same; the next replica finds them under
                // their keys.
                () = self.keep_lease() => tracing::warn!(
                    "the command batch was cancelled, or its lease was lost and another replica \
                     continues it; this replica sends none of its commands any more"
                ),
            }
        };
        work.instrument(tracing::info_span!("command batch", batch_id = %id)).await;
    }

    async fn carry_out(&self) -> Result<(), StorageError> {
        let Claimed { batch, epoch, left } = &self.claimed;
        let sent = match self.command() {
            _ if left.is_zero() => None,
            None => return Ok(()),
            Some(command) => timeout_at(self.end, self.send_all(&command)).await.ok(),
        };
        match sent {
            Some(sent) => sent?,
            None => self.refuse_rest().await?,
        }
        if self.tools.batches.release(batch.id, *epoch).await? {
            tracing::info!(piles = batch.piles, name = batch.name, "command batch finished");
        }
        Ok(())
    }

    /// The command to send; `None` when only a newer release can decode it. Such a replica claims
    /// the batch when this lease expires.
    fn command(&self) -> Option<StationCommand> {
        serde_json::from_value(self.claimed.batch.command.clone())
            .inspect_err(|error| {
                tracing::error!(
                    %error,
                    "the command of the batch cannot be decoded; a replica of a newer release may \
                     carry it out"
                );
            })
            .ok()
    }

    async fn send_all(&self, command: &StationCommand) -> Result<(), StorageError> {
        let waiting = stream::iter(self.tools.batches.list_waiting(self.claimed.batch.id).await?);
        waiting
            .take_until(future::select(pin!(self.shutdown.requested()), pin!(self.over.cancelled())))
            .for_each_concurrent(AT_ONCE, |pile| self.settle(pile, command))
            .await;
        Ok(())
    }

    /// Sends the command to one pile, or records why it was refused. A pile that stays waiting is
    /// tried again the next time that the batch is claimed.
    async fn settle(&self, pile_id: PileId, command: &StationCommand) {
        let Some((outcome, label)) = self.send(pile_id, command).await else { return };
        match self.tools.batches.settle(self.settled(pile_id, outcome)).await {
            Ok(()) => self.tools.metrics.batch_items(1, label),
            Err(error) => {
                tracing::warn!(
                    %pile_id,
                    error = causes(&error),
                    "the outcome of a pile could not be recorded; it is tried again when the batch is \
                     next claimed"
                );
            }
        }
    }

    /// The outcome of a pile and the label that it is counted under; `None` when it cannot be
    /// determined now, or not by this replica.
    async fn send(&self, pile_id: PileId, command: &StationCommand) -> Option<(Outcome, &'static str)> {
        let mut pauses = PAUSES.into_iter();
        loop {
            self.turn().await?;
            let error = match self.dispatch(pile_id, command).await {
                Ok(Dispatched::Now(sent)) => return Some((Outcome::Sent(sent.command.id), "sent")),
                Ok(Dispatched::Waiting(known) | Dispatched::Before(known)) => {
                    return Some((Outcome::Sent(known.record.id), "sent"));
                }
                Err(DispatchError::OutcomeUnknown(id)) => return Some((Outcome::Sent(id), "sent")),
                // The batch was cancelled, or a replica that held it before has recorded a refusal.
                Err(DispatchError::KeyReused) => {
                    self.check_lease().await;
                    return None;
                }
                Err(error) => error,
            };
            let pause = match &error {
                DispatchError::StillRunning => Some(SETTLING),
                error if error.is_transient() => pauses.next(),
                _ => None,
            };
            let Some(pause) = pause else {
                let refused = Outcome::Refused { code: error.code().to_owned(), detail: error.shown() };
                return Some((refused, error.code()));
            };
            self.shutdown.run_until_requested(sleep(pause)).await?;
        }
    }

    async fn dispatch(&self, pile_id: PileId, command: &StationCommand) -> Result<Dispatched, DispatchError> {
        let batch = &self.claimed.batch;
        let key = item_key(batch.id, pile_id);
        let order = PileOrder::new(
            pile_id,
            command.intent(),
            batch.issued_by.clone(),
            batch.bound.clone(),
            Some(key),
        )?;
        self.tools.dispatcher.dispatch(order).await
    }

    /// Waits until the next command may be sent; `None` when no further one may be started.
    async fn turn(&self) -> Option<()> {
        let turn = async {
            let _next = self.next.lock().await;
            self.pace.turn(self.gap).await;
        };
        self.shutdown.run_until_requested(self.over.run_until_cancelled(turn)).await?
    }

    /// Ends the run if the batch is finished, as it is when it was cancelled, or if another replica
    /// has claimed it.
    async fn check_lease(&self) {
        let (id, epoch) = (self.claimed.batch.id, self.claimed.epoch);
        if let Ok(false) = self.tools.batches.renew(id, epoch, self.tools.lease).await {
            self.over.cancel();
        }
    }

    /// Refuses the piles that are still waiting when the batch expires.
    async fn refuse_rest(&self) -> Result<(), StorageError> {
        let waiting = self.tools.batches.list_waiting(self.claimed.batch.id).await?;
        let refused = Outcome::Refused {
            code: "BATCH_EXPIRED".to_owned(),
            detail: Some("the batch expired before the command was sent to this pile".to_owned()),
        };
        let settled = waiting.into_iter().map(|pile_id| self.settled(pile_id, refused.clone()));
        let count = self.tools.batches.settle_all(settled.collect()).await?;
        self.tools.metrics.batch_items(count, "BATCH_EXPIRED");
        tracing::warn!(
            piles = count,
            "command batch expired; the remaining piles were refused with BATCH_EXPIRED"
        );
        Ok(())
    }

    /// Returns when the lease is lost.
    async fn keep_lease(&self) {
        let (batch, epoch, lease) = (&self.claimed.batch, self.claimed.epoch, self.tools.lease);
        let mut kept_at = Instant::now();
        loop {
            sleep(lease / 3).await;
            let asked_at = Instant::now();
            match timeout(lease / 3, self.tools.batches.renew(batch.id, epoch, lease)).await {
                Ok(Ok(true)) => kept_at = asked_at,
                Ok(Ok(false)) => return,
                _away if kept_at.elapsed() >= lease => return,
                _away => {}
            }
        }
    }

    const fn settled(&self, pile_id: PileId, outcome: Outcome) -> Settled {
        Settled { batch_id: self.claimed.batch.id, pile_id, outcome }
    }
}
