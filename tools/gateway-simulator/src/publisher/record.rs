//! A record to send, and its position once it is acknowledged.

use crate::error::SimulatorError;
use chrono::{DateTime, Utc};
use domain::event::GatewayEvent;
use runtime::kafka::NewRecord;
use runtime::trace::TraceHeaders;
use std::collections::BTreeMap;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use wire::{CONTENT_TYPE, JSON};

/// The position of a record in the event topic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The partition.
    pub partition: i32,
    /// The offset in the partition.
    pub offset: i64,
    /// When the gateway sent it: the record's timestamp.
    pub sent_at: DateTime<Utc>,
    /// When Kafka acknowledged it.
    pub acknowledged_at: DateTime<Utc>,
}

/// An acknowledged event.
#[derive(Debug, Clone, PartialEq)]
pub struct SentEvent {
    /// The event as sent.
    pub event: GatewayEvent,
    /// Its position.
    pub position: Position,
}

/// A record to send.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(super) key: String,
    pub(super) record: NewRecord,
    /// Its event, to be added to the history.
    pub(super) event: Option<GatewayEvent>,
    /// Receives the result.
    pub(super) reply: Option<oneshot::Sender<Result<Position, SimulatorError>>>,
    /// Cancelled when the pod that sends it is killed.
    killed: Option<CancellationToken>,
}

/// Receives the position of a record.
pub(crate) type Receipt = oneshot::Receiver<Result<Position, SimulatorError>>;

impl Outgoing {
    /// A JSON record for the device with id `key`.
    pub(crate) fn new(key: &str, value: Vec<u8>, now: DateTime<Utc>) -> Self {
        let headers = BTreeMap::from([(CONTENT_TYPE.to_owned(), JSON.as_bytes().to_vec())]);
        Self {
            key: key.to_owned(),
            record: NewRecord {
                key: Some(key.as_bytes().to_vec()),
                value: Some(value),
                headers,
                timestamp: now,
            },
            event: None,
            reply: None,
            killed: None,
        }
    }

    /// The same record, which is lost if the pod that sends it is killed before it is sent.
    pub(crate) fn until_killed(mut self, killed: CancellationToken) -> Self {
        self.killed = Some(killed);
        self
    }

    /// The same record, sent at `now`.
    pub(super) fn with_timestamp(mut self, now: DateTime<Utc>) -> Self {
        self.record.timestamp = now;
        self
    }

    /// Whether the pod that would send it was killed.
    pub(super) fn is_lost(&self) -> bool {
        self.killed.as_ref().is_some_and(CancellationToken::is_cancelled)
    }

    /// Waits until `instant`, or until the pod that would send it is killed; returns whether it
    /// was.
    pub(super) async fn is_lost_before(&self, instant: Instant) -> bool {
        match &self.killed {
            Some(killed) if !killed.is_cancelled() => timeout_at(instant, killed.cancelled()).await.is_ok(),
            Some(_) => true,
            None => {
                tokio::time::sleep_until(instant).await;
                false
            }
        }
    }

    /// The record will not be sent.
    pub(super) fn fail(self, error: SimulatorError) {
        if let Some(reply) = self.reply {
            // The failure is counted where it happens; a caller that no longer waits misses
            // nothing.
            drop(reply.send(Err(error)));
        }
    }

    /// The same record in a trace.
    pub(crate) fn with_trace(mut self, trace: &TraceHeaders) -> Self {
        trace.put(&mut self.record.headers);
        self
    }

    /// The same record, whose event is added to the history once it is acknowledged.
    pub(crate) fn with_event(mut self, event: GatewayEvent) -> Self {
        self.event = Some(event);
        self
    }

    /// The same record, and a receiver for its position.
    pub(crate) fn with_receipt(mut self) -> (Self, Receipt) {
        let (sender, receipt) = oneshot::channel();
        self.reply = Some(sender);
        (self, receipt)
    }

    pub(super) fn key(&self) -> &str {
        &self.key
    }
}
