//! What the ledger keeps: the facts that events report about transactions.

use crate::event::{MeterValues, TransactionStart};
use crate::ids::{CommandId, ConnectorId, EventKey, IdTag, SessionId, TransactionId};
use crate::merged::Merged;
use crate::order::Stamp;
use crate::sessions::status_trail::ChargeBegin;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// One fact about a transaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    /// The position of the fact in the order of events.
    pub stamp: Stamp,
    /// The event that reported it.
    pub event: EventKey,
    /// The content of the fact.
    #[serde(rename = "told")]
    pub kind: FactKind,
}

/// The content of a fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactKind {
    /// A transaction began.
    Start {
        /// The session that the start opens.
        session: SessionId,
        /// The connector.
        connector: ConnectorId,
        /// The transaction id; `None` if the event did not report one.
        transaction: Option<TransactionId>,
        /// The driver.
        #[serde(flatten, with = "crate::id_tag_parts")]
        id_tag: Option<IdTag>,
        /// The energy register at the start, in Wh.
        meter_wh: Option<f64>,
        /// The reservation that the start fulfils.
        reservation: Option<i64>,
        /// The command that caused the start.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        command: Option<CommandId>,
        /// Whether the tag is that of the command because no event reported one.
        #[serde(default, skip_serializing_if = "is_false")]
        tag_of_command: bool,
        /// The start of the next session on the connector, if that session is recorded but not
        /// remembered.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<DateTime<Utc>>,
    },
    /// The transaction id was in use on the connector. Opens a session if no start reported the
    /// transaction.
    #[serde(rename = "sight")]
    Sighting {
        /// The connector.
        connector: ConnectorId,
        /// The transaction id.
        transaction: TransactionId,
        /// The session that the sighting opens; absent from sightings that earlier releases stored.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<SessionId>,
        /// The driver, if the event or the causing command names one.
        #[serde(flatten, with = "crate::id_tag_parts")]
        id_tag: Option<IdTag>,
        /// The energy register when the id was first seen, in Wh.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        meter_wh: Option<f64>,
        /// The command that caused the start.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        command: Option<CommandId>,
        /// The latest beginning of a charge on the connector before the sighting.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        began: Option<DateTime<Utc>>,
        /// When the connector was last ready for a charge before that beginning.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ready: Option<DateTime<Utc>>,
        /// The start of the charge that was under way, also if no status shows that the connector
        /// was free before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        charging: Option<DateTime<Utc>>,
        /// Whether the tag is that of the command because no event reported one.
        #[serde(default, skip_serializing_if = "is_false")]
        tag_of_command: bool,
        /// The start of the next session on the connector, as for [`FactKind::Start`].
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<DateTime<Utc>>,
    },
    /// A transaction ended.
    Stop {
        /// The transaction id; `None` if the event did not report one.
        transaction: Option<TransactionId>,
        /// The OCPP 1.6 stop reason.
        reason: Option<String>,
        /// The energy register at the stop, in Wh.
        meter_wh: Option<f64>,
        /// The session that the stop stands for if no earlier fact names the transaction; absent
        /// from stops that earlier releases stored.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<SessionId>,
        /// The connectors that were known at the time of the stop.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        places: Vec<CandidateConnector>,
        /// The command that caused the session, if the session rests on this stop alone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        command: Option<CommandId>,
        /// The driver that the command was for.
        #[serde(flatten, with = "crate::id_tag_parts")]
        id_tag: Option<IdTag>,
        /// The session that an operator ended with this; absent from stops that devices reported.
        /// For the previous release it is the stop of the session's transaction.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        closes: Option<SessionId>,
    },
}

impl Fact {
    /// Replaces a later copy of this fact; the known cause is kept.
    pub(super) fn replace(&mut self, mut earlier: Self) {
        earlier.keep_cause(self);
        *self = earlier;
    }

    /// Adds the session that it opens to a sighting that an earlier release stored.
    pub(super) fn complete(&mut self, id: SessionId) -> Merged {
        match &mut self.kind {
            FactKind::Sighting { session: session @ None, .. } => {
                *session = Some(id);
                Merged::Changed
            }
            _ => Merged::Known,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it by reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

/// A connector on which a transaction may have taken place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CandidateConnector {
    /// The connector; never connector 0.
    pub connector: ConnectorId,
    /// The latest beginning of a charge on the connector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began: Option<DateTime<Utc>>,
    /// When the connector was last ready for a charge before that beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ready: Option<DateTime<Utc>>,
    /// The start of the latest charge, also if no status shows that the connector was free before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charging: Option<DateTime<Utc>>,
}

impl CandidateConnector {
    /// The latest beginning of a charge on the connector.
    pub(crate) fn begin(&self) -> Option<ChargeBegin> {
        self.began.map(|at| ChargeBegin { at, ready_at: self.ready })
    }
}

/// The stored form of a beginning: when the charge began, and when the connector was ready before
/// it.
pub(super) fn parts(begin: Option<ChargeBegin>) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
    (begin.map(|begin| begin.at), begin.and_then(|begin| begin.ready_at))
}

/// A transaction id seen on a connector, with further values of the event.
#[derive(Debug, Clone, PartialEq)]
pub struct Sighting {
    /// The connector.
    pub connector: ConnectorId,
    /// The transaction id.
    pub transaction: TransactionId,
    /// The driver; `None` if the event did not report one.
    pub id_tag: Option<IdTag>,
    /// The energy register, in Wh; `None` if the event did not report one.
    pub meter_wh: Option<f64>,
}

impl Sighting {
    /// The sighting of `transaction` in meter readings. Of several registers the greatest counts.
    #[must_use]
    pub fn of_readings(values: &MeterValues, transaction: &TransactionId) -> Self {
        let registers = || values.readings.iter().filter_map(|reading| reading.energy_wh);
        Self {
            connector: values.connector_id,
            transaction: transaction.clone(),
            id_tag: None,
            meter_wh: values.begin_wh.or_else(|| registers().reduce(f64::max)),
        }
    }

    /// The sighting of `transaction` in an update, which carries the same values as a start.
    #[must_use]
    pub fn of_update(update: &TransactionStart, transaction: &TransactionId) -> Self {
        Self {
            connector: update.connector_id,
            transaction: transaction.clone(),
            id_tag: update.id_tag.clone(),
            meter_wh: update.meter_start_wh,
        }
    }
}
