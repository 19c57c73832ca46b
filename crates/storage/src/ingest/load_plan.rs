//! The data that a batch of events must load: only what its outcome depends on.

use chrono::{DateTime, Utc};
use domain::devices::change::Changes;
use domain::devices::connector::Connector;
use domain::event::{EventKind, GatewayEvent};
use domain::ids::{ChargePointId, CommandId, ConnectorId, TransactionId};
use domain::order::{RecordPosition, Stamp};
use domain::status::ConnectorStatus;
use std::collections::{BTreeMap, BTreeSet};

/// The devices of some events, with the parts of their states that the events refer to. Parts that
/// are not loaded must not be written.
#[derive(Debug, Clone, Default)]
pub struct LoadPlan(BTreeMap<ChargePointId, Parts>);

#[derive(Debug, Clone, Default)]
struct Parts {
    connectors: BTreeSet<ConnectorId>,
    ledger: bool,
    sights: Vec<Sight>,
    /// The time of the earliest status: a status that is not newer than the ledger may change it.
    earliest_status: Option<DateTime<Utc>>,
    /// Whether a status may be the effect of a start command.
    charges: bool,
    booted: bool,
    /// The earliest and the latest time of facts about transactions.
    transactions: Option<(DateTime<Utc>, DateTime<Utc>)>,
    /// The transaction ids in updates and stops.
    named: BTreeSet<TransactionId>,
    /// Whether a transaction began.
    begins: bool,
    answered: BTreeSet<CommandId>,
}

/// A transaction id in a meter reading, which matters only the first time.
#[derive(Debug, Clone)]
struct Sight {
    connector: ConnectorId,
    transaction: TransactionId,
    at: DateTime<Utc>,
    /// Whether it comes with the register at the start or end of the transaction, which always
    /// matters.
    has_registers: bool,
}

impl Parts {
    fn add_transaction(&mut self, at: DateTime<Utc>) {
        let (earliest, latest) = self.transactions.unwrap_or((at, at));
        self.transactions = Some((earliest.min(at), latest.max(at)));
    }
}

impl LoadPlan {
    /// The plan for `events`, each with the position of its record.
    pub fn of<'a>(events: impl IntoIterator<Item = (&'a GatewayEvent, RecordPosition)>) -> Self {
        let mut load_plan = Self::default();
        for (event, position) in events {
            load_plan.add(event, &position);
        }
        load_plan
    }

    /// A plan for devices alone, without connectors and ledgers.
    pub fn liveness_of(ids: impl IntoIterator<Item = ChargePointId>) -> Self {
        Self(ids.into_iter().map(|id| (id, Parts::default())).collect())
    }

    /// A plan for devices with their ledgers.
    pub fn ledgers_of(ids: impl IntoIterator<Item = ChargePointId>) -> Self {
        Self(ids.into_iter().map(|id| (id, Parts { ledger: true, ..Parts::default() })).collect())
    }

    fn add(&mut self, event: &GatewayEvent, position: &RecordPosition) {
        if !self.0.contains_key(&event.charge_point_id) {
            self.0.insert(event.charge_point_id.clone(), Parts::default());
        }
        let Some(parts) = self.0.get_mut(&event.charge_point_id) else { return };
        match &event.kind {
            EventKind::StatusChanged(report) => {
                parts.connectors.insert(report.connector_id);
                let at = Stamp::new(event.claimed_at, position).at;
                parts.earliest_status = Some(parts.earliest_status.map_or(at, |earliest| earliest.min(at)));
                parts.charges |= report.status.is_charge() || report.status == ConnectorStatus::Preparing;
            }
            EventKind::MeterValues(values) => {
                parts.connectors.insert(values.connector_id);
                let at = Stamp::new(event.claimed_at, position).at;
                if let Some(transaction) = values.transaction_id.clone() {
                    let has_registers = values.begin_wh.is_some() || values.end_wh.is_some();
                    let connector = values.connector_id;
                    parts.sights.push(Sight { connector, transaction, at, has_registers });
                    parts.add_transaction(at);
                }
            }
            EventKind::TransactionStarted(start) | EventKind::TransactionUpdated(start) => {
                parts.connectors.insert(start.connector_id);
                parts.ledger = true;
                parts.add_transaction(Stamp::new(event.claimed_at, position).at);
                if matches!(event.kind, EventKind::TransactionStarted(_)) {
                    parts.begins = true;
                } else {
                    parts.named.extend(start.transaction_id.clone());
                }
            }
            EventKind::TransactionStopped(stop) => {
                parts.ledger = true;
                parts.named.extend(stop.transaction_id.clone());
                parts.add_transaction(stop.stamp(event.claimed_at, position).at);
            }
            EventKind::Connected(_) => parts.booted = true,
            EventKind::CommandAnswered(answer) => parts.answered.extend(answer.command_id),
            EventKind::Disconnected { .. } | EventKind::Heartbeat | EventKind::Other { .. } => {}
        }
    }

    /// Whether all of `changes` to the device `id` concern parts that the plan loads.
    pub(crate) fn covers(&self, id: &ChargePointId, changes: &Changes) -> bool {
        self.0.get(id).is_some_and(|parts| {
            let ledger = parts.ledger
                || !parts.sights.is_empty()
                || parts.earliest_status.is_some()
                || !changes.ledger;
            let is_loaded = |connector| parts.ledger || parts.connectors.contains(connector);
            ledger && changes.connectors.iter().all(is_loaded)
        })
    }

    /// The devices, in key order.
    pub(crate) fn charge_points(&self) -> impl Iterator<Item = &ChargePointId> {
        self.0.keys()
    }

    /// The devices that booted.
    pub(crate) fn booted(&self) -> impl Iterator<Item = &ChargePointId> {
        self.0.iter().filter(|(_, parts)| parts.booted).map(|(id, _)| id)
    }

    /// The connectors that the events refer to.
    pub(crate) fn connectors(&self) -> impl Iterator<Item = (&ChargePointId, Option<ConnectorId>)> {
        self.0
            .iter()
            .flat_map(|(id, parts)| parts.connectors.iter().map(move |connector| (id, Some(*connector))))
    }

    /// The devices whose ledgers are needed. Either their events contain facts about transactions
    /// other than those that a connector, as returned by `known`, has sighted already. Or they
    /// contain a status that is not newer than the newest fact of the ledger, as returned by
    /// `until`.
    pub(crate) fn ledgers<'a>(
        &self,
        known: impl Fn(&ChargePointId, ConnectorId) -> Option<&'a Connector>,
        until: impl Fn(&ChargePointId) -> Option<DateTime<Utc>>,
    ) -> Vec<&ChargePointId> {
        let is_news = |id: &ChargePointId, sight: &Sight| {
            let connector = known(id, sight.connector);
            sight.has_registers
                || connector.is_none_or(|connector| !connector.has_sighted(&sight.transaction, sight.at))
        };
        let needed = |(id, parts): &(&ChargePointId, &Parts)| {
            let is_late =
                || parts.earliest_status.is_some_and(|at| until(id).is_some_and(|until| at <= until));
            parts.ledger || parts.sights.iter().any(|sight| is_news(id, sight)) || is_late()
        };
        self.0.iter().filter(needed).map(|(id, _)| id).collect()
    }

    /// The earliest and the latest time of facts about transactions of the device `id`.
    pub(crate) fn transactions(&self, id: &str) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let id = ChargePointId::parse(id).ok()?;
        self.0.get(&id)?.transactions
    }

    /// The transaction ids of the device `id` in meter readings, updates and stops.
    pub(crate) fn named(&self, id: &str) -> BTreeSet<&TransactionId> {
        let parts = ChargePointId::parse(id).ok().and_then(|id| self.0.get(&id));
        let Some(parts) = parts else { return BTreeSet::new() };
        parts.named.iter().chain(parts.sights.iter().map(|sight| &sight.transaction)).collect()
    }

    /// Whether a transaction of the device `id` began.
    pub(crate) fn begins(&self, id: &str) -> bool {
        ChargePointId::parse(id).is_ok_and(|id| self.0.get(&id).is_some_and(|parts| parts.begins))
    }

    /// The commands that are needed: answered ones by id, and all open ones of devices that booted,
    /// began to charge, or whose `ledgers` are needed, because the events may be the effects of
    /// these commands.
    pub(crate) fn commands<'a>(
        &'a self,
        ledgers: &[&'a ChargePointId],
    ) -> Vec<(&'a ChargePointId, Option<CommandId>)> {
        let charges = self.0.iter().filter(|(_, parts)| parts.charges).map(|(id, _)| id);
        let concerned = self.booted().chain(charges);
        let open: BTreeSet<&ChargePointId> = concerned.chain(ledgers.iter().copied()).collect();
        let answered = self
            .0
            .iter()
            .flat_map(|(id, parts)| parts.answered.iter().map(move |command| (id, Some(*command))));
        open.into_iter().map(|id| (id, None)).chain(answered).collect()
    }
}
