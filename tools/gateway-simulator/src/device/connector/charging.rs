//! Transactions on a connector: how they begin, continue and end.

use super::Connector;
use crate::device::Reaction;
use crate::device::transaction::{Transaction, TransactionIds};
use chrono::{DateTime, Utc};
use domain::event::{EventKind, MeterValues, TransactionStart, TransactionStop};
use domain::ids::IdTag;
use domain::measure::MeterReading;
use domain::status::ConnectorStatus;

impl Connector {
    pub(crate) fn start(
        &mut self,
        id_tag: IdTag,
        now: DateTime<Utc>,
        ids: &TransactionIds,
        reaction: &mut Reaction,
    ) {
        if !self.is_free() {
            return;
        }
        let Some(id) = ids.next(now) else { return };
        self.plug_in(reaction);
        reaction.events.push(EventKind::TransactionStarted(TransactionStart {
            connector_id: self.id,
            transaction_id: Some(id.clone()),
            id_tag: Some(id_tag.clone()),
            meter_start_wh: Some(self.register_wh()),
            reservation_id: None,
        }));
        self.transaction = Some(Transaction::begin(id, id_tag, now));
        self.change(ConnectorStatus::Charging, reaction);
    }

    /// Ends the transaction, if one runs; the vehicle stays plugged in.
    pub(crate) fn stop(&mut self, reason: &str, now: DateTime<Utc>, reaction: &mut Reaction) {
        self.count(now);
        let Some(ended) = self.transaction.take() else {
            return;
        };
        reaction.events.push(EventKind::TransactionStopped(TransactionStop {
            transaction_id: Some(ended.id),
            reason: Some(reason.to_owned()),
            meter_stop_wh: Some(self.register_wh()),
            stopped_at: None,
        }));
        self.change(ConnectorStatus::Finishing, reaction);
    }

    /// Reports the meter, and a status if the battery is full.
    pub(crate) fn read_meter(&mut self, now: DateTime<Utc>, reaction: &mut Reaction) {
        self.count(now);
        let energy_wh = self.register_wh();
        let reading = match &self.transaction {
            Some(running) => running.reading(energy_wh, self.max_power_w, self.is_paused()),
            None => MeterReading {
                taken_at: Some(now),
                energy_wh: Some(energy_wh),
                power_w: Some(0.0),
                ..MeterReading::default()
            },
        };
        reaction.events.push(EventKind::MeterValues(MeterValues {
            connector_id: self.id,
            transaction_id: self.transaction.as_ref().map(|running| running.id.clone()),
            readings: vec![reading],
            begin_wh: None,
            end_wh: None,
        }));
        let is_full = self.transaction.as_ref().is_some_and(Transaction::is_full);
        if is_full && self.status == ConnectorStatus::Charging {
            self.change(ConnectorStatus::SuspendedEV, reaction);
        }
    }

    fn is_paused(&self) -> bool {
        self.status != ConnectorStatus::Charging
    }

    fn count(&mut self, now: DateTime<Utc>) {
        let paused = self.is_paused();
        if let Some(running) = self.transaction.as_mut() {
            self.register_wh += running.count(now, self.max_power_w, paused);
        }
    }

    /// The register in Wh as the meter shows it, with one decimal.
    fn register_wh(&self) -> f64 {
        (self.register_wh * 10.0).round() / 10.0
    }
}
