//! The recent energy registers of a connector's meter: within a transaction they only grow.
//!
//! A gateway that writes every measurand as an energy without a unit also sends a power or a state
//! of charge that is the only value of its instant. Such a value is less than the register and does
//! not lower it.

use crate::ids::{TransactionId, TransactionKey};
use crate::measure::Dated;
use crate::sessions::session::ChargingSession;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// The greatest register of each recently read transaction, and the newest one that was read
/// without a transaction. Neither the order of arrival nor copies make a difference, as long as no
/// more than [`MAX_TRANSACTIONS`] alternate and no reading arrives more than three hours late.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Registers(Vec<Register>);

/// The register of one transaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Register {
    /// The digest of the transaction id; `None` for readings without a transaction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    transaction: Option<i64>,
    /// When the register was last read.
    at: DateTime<Utc>,
    /// The register, in Wh.
    wh: f64,
}

/// The maximum number of remembered transactions.
pub const MAX_TRANSACTIONS: usize = 8;
/// A transaction that was not read for this long while another one was is over.
const HORIZON: TimeDelta = TimeDelta::hours(3);

impl Registers {
    /// The registers where only the `newest` one was stored: it belongs to the transaction that is
    /// `sighted` if it was read since.
    #[must_use]
    pub fn of_newest(newest: Option<Dated<f64>>, sighted: Option<&Dated<TransactionId>>) -> Self {
        let mut registers = Self::default();
        if let Some(newest) = newest {
            let read = sighted.filter(|sighted| sighted.at <= newest.at);
            registers.offer(read.map(|sighted| &sighted.value), newest);
        }
        registers
    }

    /// The stored registers, together with the `newest` one, which an earlier release may have
    /// replaced.
    #[must_use]
    pub fn restore(
        stored: Option<Self>,
        newest: Option<Dated<f64>>,
        sighted: Option<&Dated<TransactionId>>,
    ) -> Self {
        stored.filter(|stored| stored.newest() == newest).unwrap_or_else(|| Self::of_newest(newest, sighted))
    }

    /// The newest register, with the time of its last reading.
    #[must_use]
    pub fn newest(&self) -> Option<Dated<f64>> {
        newest(self.0.iter())
    }

    /// The newest register that `session` may have shown: read since the session began, and not of
    /// another transaction.
    #[must_use]
    pub fn of_session(&self, session: &ChargingSession) -> Option<Dated<f64>> {
        let own = session.transaction_id.as_ref().map(|id| TransactionKey::of(id).0);
        let is_of = |held: &&Register| {
            let is_other = own.is_some() && held.transaction.is_some() && held.transaction != own;
            held.at >= session.started_at && !is_other
        };
        newest(self.0.iter().filter(is_of))
    }

    /// Adds a reading of `transaction`, or one without a transaction.
    pub fn offer(&mut self, transaction: Option<&TransactionId>, reading: Dated<f64>) {
        let Dated { at, value: wh } = reading;
        let transaction = transaction.map(|id| TransactionKey::of(id).0);
        match self.0.iter_mut().find(|held| held.transaction == transaction) {
            Some(held) if transaction.is_some() => {
                held.at = held.at.max(at);
                held.wh = held.wh.max(wh);
            }
            Some(held) if (held.at, held.wh) < (at, wh) => (held.at, held.wh) = (at, wh),
            Some(_) => {}
            None => self.0.push(Register { transaction, at, wh }),
        }
        self.forget_old();
    }

    fn forget_old(&mut self) {
        let Some(newest) = self.newest() else { return };
        self.0.retain(|held| held.at + HORIZON >= newest.at);
        self.0.sort_by_key(|held| (held.at, held.transaction));
        let surplus = self.0.len().saturating_sub(MAX_TRANSACTIONS);
        self.0.drain(..surplus);
    }
}

fn newest<'a>(registers: impl Iterator<Item = &'a Register>) -> Option<Dated<f64>> {
    let newest =
        registers.max_by(|one, other| one.at.cmp(&other.at).then_with(|| one.wh.total_cmp(&other.wh)));
    newest.map(|register| Dated { at: register.at, value: register.wh })
}

#[cfg(test)]
mod tests;
