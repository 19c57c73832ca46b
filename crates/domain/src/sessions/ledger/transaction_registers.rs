//! Energy registers at the beginning and the end of transactions, as meters report them (contexts
//! `Transaction.Begin` and `Transaction.End`). They replace registers that starts and stops left
//! out.

use super::Ledger;
use super::derive::SAME_CHARGE;
use crate::event::MeterValues;
use crate::ids::{ConnectorId, TransactionId};
use crate::sessions::session::{ChargingSession, SessionState};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// The registers of a transaction that one event reported.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct TransactionRegisters {
    at: DateTime<Utc>,
    connector: ConnectorId,
    transaction: TransactionId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    begin_wh: Option<f64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    end_wh: Option<f64>,
}

/// The maximum number of entries in a ledger.
const MAX_REGISTERS: usize = 32;

impl Ledger {
    /// Enters the registers at the beginning and the end of `transaction` that an event of `at`
    /// reports; returns whether they are new. Of several values for one instant the greatest
    /// counts.
    pub fn enter_registers(
        &mut self,
        values: &MeterValues,
        transaction: &TransactionId,
        at: DateTime<Utc>,
    ) -> bool {
        if values.begin_wh.is_none() && values.end_wh.is_none() {
            return false;
        }
        let before = self.registers.clone();
        let same = |held: &&mut TransactionRegisters| {
            held.at == at && held.connector == values.connector_id && held.transaction == *transaction
        };
        if let Some(held) = self.registers.iter_mut().find(same) {
            held.begin_wh = greater(held.begin_wh, values.begin_wh);
            held.end_wh = greater(held.end_wh, values.end_wh);
        } else {
            self.registers.push(TransactionRegisters {
                at,
                connector: values.connector_id,
                transaction: transaction.clone(),
                begin_wh: values.begin_wh,
                end_wh: values.end_wh,
            });
            self.registers.sort_by(|one, other| {
                (one.at, one.connector, &one.transaction).cmp(&(
                    other.at,
                    other.connector,
                    &other.transaction,
                ))
            });
            let surplus = self.registers.len().saturating_sub(MAX_REGISTERS);
            self.registers.drain(..surplus);
        }
        self.registers != before
    }

    /// Fills in the registers that the starts and stops of `sessions` left out. Of several values
    /// the first counts for the beginning and the last for the end.
    pub(super) fn fill_registers(&self, sessions: &mut [ChargingSession]) {
        for held in &self.registers {
            if let Some(session) = held.session_in(sessions) {
                session.meter_start_wh = session.meter_start_wh.or(held.begin_wh);
            }
        }
        for held in self.registers.iter().rev() {
            if let Some(ChargingSession { state: SessionState::Ended { meter_stop_wh, .. }, .. }) =
                held.session_in(sessions)
            {
                *meter_stop_wh = meter_stop_wh.or(held.end_wh);
            }
        }
    }

    /// Forgets the registers of forgotten transactions.
    pub(super) fn forget_registers(&mut self) {
        let is_held = |held: &TransactionRegisters| {
            self.facts.iter().any(|fact| fact.kind.names() == Some(&held.transaction))
        };
        let settled_until = self.settled_until;
        let mut registers = std::mem::take(&mut self.registers);
        registers.retain(|held| settled_until.is_none_or(|horizon| held.at > horizon) || is_held(held));
        self.registers = registers;
    }
}

impl TransactionRegisters {
    /// The newest session of the transaction that had begun at the time of the registers.
    fn session_in<'a>(&self, sessions: &'a mut [ChargingSession]) -> Option<&'a mut ChargingSession> {
        let of = sessions.iter_mut().filter(|session| {
            session.connector_id == self.connector
                && session.transaction_id.as_ref() == Some(&self.transaction)
                && session.started_at <= self.at + SAME_CHARGE
        });
        of.max_by_key(|session| (session.started_at, session.id))
    }
}

fn greater(one: Option<f64>, other: Option<f64>) -> Option<f64> {
    one.into_iter().chain(other).reduce(f64::max)
}
