//! Checks the sessions with limits, and stops those that reached one.

use super::metrics::StopMetrics;
use crate::dispatch::dispatcher::Dispatcher;
use crate::dispatch::intent::Intent;
use crate::dispatch::pile_order::PileOrder;
use crate::error::DispatchError;
use chrono::{DateTime, Utc};
use domain::assets::OperatorBound;
use domain::ids::CommandId;
use domain::sessions::limits::{LimitKind, LimitReached, LimitValue, Progress};
use domain::sessions::session::ChargingSession;
use domain::tariffs::Money;
use futures_util::stream::{self, StreamExt as _};
use runtime::lock::MutexExt as _;
use runtime::{Shutdown, causes, clock};
use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use storage::commands::Conflict;
use storage::sessions::limits::{self, WatchedSession};
use storage::{Database, PooledConnection, StorageError};
use uuid::Uuid;

/// The most sessions that are read at once.
const CHUNK: i64 = 500;
/// The most sessions that are checked at the same time. Few need a statement of their own.
const AT_ONCE: usize = 8;

/// The total of a session, and the reading up to which it counts.
type RunningTotal = (DateTime<Utc>, Option<Money>);

/// The check of limits.
pub(super) struct LimitCheck {
    database: Database,
    dispatcher: Arc<Dispatcher>,
    metrics: StopMetrics,
    /// The running totals by start: a total is computed once for each reading.
    totals: Mutex<HashMap<CommandId, RunningTotal>>,
    /// The starts whose rows cannot be read, each of which is logged once.
    unreadable: Mutex<HashSet<CommandId>>,
}

impl LimitCheck {
    pub(super) fn new(database: Database, dispatcher: Arc<Dispatcher>, metrics: StopMetrics) -> Self {
        Self { database, dispatcher, metrics, totals: Mutex::default(), unreadable: Mutex::default() }
    }

    /// Checks all sessions with limits once.
    ///
    /// # Errors
    /// When PostgreSQL fails to list them. A failure for one session is logged, and the session is
    /// checked again next time.
    pub(super) async fn check_all(&self, shutdown: &Shutdown) -> Result<(), StorageError> {
        let mut after = CommandId(Uuid::nil());
        loop {
            let starts = self
                .database
                .run(async move |mut connection: PooledConnection| {
                    limits::list_watched(&mut connection, after, CHUNK).await
                })
                .await?;
            let is_last = i64::try_from(starts.len()).unwrap_or_default() < CHUNK;
            let Some(last) = starts.last() else { return Ok(()) };
            after = *last;
            stream::iter(self.load(starts).await?)
                .take_until(shutdown.requested())
                .for_each_concurrent(AT_ONCE, |watched| self.check(watched))
                .await;
            if is_last || shutdown.is_requested() {
                return Ok(());
            }
        }
    }

    /// Loads the sessions of these starts. An invalid row, which a newer release may have written,
    /// holds up no other session: they are then loaded one by one.
    async fn load(&self, starts: Vec<CommandId>) -> Result<Vec<WatchedSession>, StorageError> {
        let starts = Arc::new(starts);
        match self.load_together(Arc::clone(&starts)).await {
            Err(error) if !error.is_transient() => {}
            loaded => return loaded,
        }
        let mut loaded = Vec::with_capacity(starts.len());
        for start in starts.iter() {
            match self.load_together(Arc::new(vec![*start])).await {
                Ok(watched) => loaded.extend(watched),
                Err(error) if error.is_transient() => return Err(error),
                Err(error) if self.unreadable.locked().insert(*start) => tracing::error!(
                    command_id = %start,
                    error = causes(&error),
                    "the limits of a session cannot be read, so it is not stopped at them"
                ),
                Err(_logged) => {}
            }
        }
        Ok(loaded)
    }

    async fn load_together(&self, starts: Arc<Vec<CommandId>>) -> Result<Vec<WatchedSession>, StorageError> {
        self.database
            .run(async move |mut connection: PooledConnection| {
                limits::load_watched(&mut connection, &starts).await
            })
            .await
    }

    async fn check(&self, watched: WatchedSession) {
        let (start, session_id) = (watched.start, watched.placed.session.id);
        let checked = match watched.placed.session.ended_at() {
            Some(ended_at) => self.settle(watched, ended_at).await.map_err(DispatchError::from),
            None => self.check_open(watched).await,
        };
        if let Err(refused @ (DispatchError::Refused(_) | DispatchError::NoGateway(_))) = &checked {
            tracing::debug!(%session_id, code = refused.code(), "a session at its limit cannot be stopped now");
        } else if let Err(error) = checked {
            tracing::warn!(
                command_id = %start,
                %session_id,
                code = error.code(),
                error = causes(&error),
                "the limits of a session could not be checked, or it could not be stopped; it is checked \
                 again at the next interval"
            );
        }
    }

    async fn check_open(&self, watched: WatchedSession) -> Result<(), DispatchError> {
        let now = clock::now();
        let reached = match watched.reached {
            Some(reached) => reached,
            None => {
                let progress = self.progress(&watched).await?;
                let started_at = watched.placed.session.started_at;
                let Some(reached) = watched.limits.first_reached(started_at, progress.as_slice(), now) else {
                    return Ok(());
                };
                self.record(&watched, reached).await?;
                reached
            }
        };
        let is_due = watched.last_stop.is_none_or(|last| last.is_over(watched.stop_attempts, now));
        if is_due { self.stop(&watched, reached).await } else { Ok(()) }
    }

    /// The progress of an open session at its newest reading; `None` before the first.
    async fn progress(&self, watched: &WatchedSession) -> Result<Option<Progress>, StorageError> {
        let Some(register) = watched.register else { return Ok(None) };
        let Some(energy_wh) = watched.placed.session.energy_wh(Some(register)) else { return Ok(None) };
        let total = self.total_at(watched, register.at).await?;
        Ok(Some(Progress { at: register.at, energy_wh, total }))
    }

    /// The total up to the reading at `at`, if an amount is limited.
    async fn total_at(
        &self,
        watched: &WatchedSession,
        at: DateTime<Utc>,
    ) -> Result<Option<Money>, StorageError> {
        if watched.limits.max_amount.is_none() {
            return Ok(None);
        }
        let known = self.totals.locked().get(&watched.start).copied();
        if let Some((counted_at, total)) = known
            && counted_at == at
        {
            return Ok(total);
        }
        let total = self.total(&watched.placed.session).await?;
        self.totals.locked().insert(watched.start, (at, total));
        Ok(total)
    }

    async fn total(&self, session: &ChargingSession) -> Result<Option<Money>, StorageError> {
        let id = session.id;
        self.database
            .run(async move |mut connection: PooledConnection| limits::total(&mut connection, id).await)
            .await
    }

    async fn record(&self, watched: &WatchedSession, reached: LimitReached) -> Result<(), StorageError> {
        let start = watched.start;
        let is_new = self
            .database
            .run(async move |mut connection: PooledConnection| {
                limits::record_reached(&mut connection, start, &reached).await
            })
            .await?;
        if is_new {
            self.metrics.reached(reached.kind);
            tracing::info!(
                session_id = %watched.placed.session.id,
                command_id = %start,
                limit = reached.kind.as_str(),
                value = %reached.value,
                "a session reached a limit of its start"
            );
        }
        Ok(())
    }

    /// Stops the session. All replicas derive the same id for the same attempt, so only one of them
    /// can record the stop, and only that one publishes it.
    async fn stop(&self, watched: &WatchedSession, reached: LimitReached) -> Result<(), DispatchError> {
        let session = &watched.placed.session;
        let (start, attempt) = (watched.start, watched.stop_attempts.saturating_add(1));
        let id = CommandId::of_limit_stop(start, attempt);
        let intent = Intent::StopTransaction {
            transaction_id: None,
            connector_id: None,
            session_id: Some(session.id),
        };
        let order = PileOrder {
            pile_id: watched.pile_id,
            intent,
            issued_by: None,
            bound: OperatorBound::All,
            keyed: None,
        };
        let sent = self.dispatcher.dispatch_as(id, order).await;
        let failure = match sent {
            // Another replica recorded it, or this one did before it could record the attempt.
            Ok(_) | Err(DispatchError::Conflict(Conflict::Id)) => None,
            Err(error @ (DispatchError::NotPublished { .. } | DispatchError::OutcomeUnknown(_))) => {
                Some(error)
            }
            // A caller's stop waits for the transaction id of the same session.
            Err(DispatchError::Conflict(Conflict::StopWaiting)) => return Ok(()),
            Err(error) => return Err(error),
        };
        self.database
            .run(async move |mut connection: PooledConnection| {
                limits::record_stop(&mut connection, start, attempt, id).await
            })
            .await?;
        tracing::info!(
            session_id = %session.id,
            command_id = %id,
            attempt,
            limit = reached.kind.as_str(),
            "a session that reached a limit is stopped"
        );
        failure.map_or(Ok(()), Err)
    }

    /// Records what a session that has ended took. A limit that was reached between the last check
    /// and the end is recorded too.
    async fn settle(&self, watched: WatchedSession, ended_at: DateTime<Utc>) -> Result<(), StorageError> {
        let session = &watched.placed.session;
        let total = match watched.limits.max_amount {
            Some(_) => self.total(session).await?,
            None => None,
        };
        let energy_wh = session.energy_wh(None);
        let progress = energy_wh.map(|energy_wh| Progress { at: ended_at, energy_wh, total });
        let reached = match watched.reached {
            None => watched.limits.first_reached(session.started_at, progress.as_slice(), ended_at),
            known => known,
        };
        if let Some(reached) = reached.filter(|_| watched.reached.is_none()) {
            self.record(&watched, reached).await?;
        }
        let final_value =
            reached.and_then(|reached| watched.limits.final_value(reached.kind, session, total));
        let start = watched.start;
        let is_new = self
            .database
            .run(async move |mut connection: PooledConnection| {
                limits::settle(&mut connection, start, final_value).await
            })
            .await?;
        self.totals.locked().remove(&start);
        if let Some(reached) = reached.filter(|_| is_new) {
            self.report_overshoot(&watched, reached, final_value, ended_at);
        }
        Ok(())
    }

    fn report_overshoot(
        &self,
        watched: &WatchedSession,
        reached: LimitReached,
        final_value: Option<LimitValue>,
        ended_at: DateTime<Utc>,
    ) {
        let overshoot = final_value.and_then(|value| watched.limits.overshoot(reached.kind, value));
        if let Some(overshoot) = overshoot.filter(|_| reached.kind == LimitKind::Energy) {
            self.metrics.overshoot_energy(overshoot.as_f64());
        }
        let late = (ended_at - reached.at).to_std().unwrap_or_default();
        self.metrics.overshoot_time(reached.kind, late.as_secs_f64());
        tracing::info!(
            session_id = %watched.placed.session.id,
            limit = reached.kind.as_str(),
            overshoot = overshoot.map(tracing::field::display),
            seconds = late.as_secs(),
            "a session with a limit has ended"
        );
    }
}
