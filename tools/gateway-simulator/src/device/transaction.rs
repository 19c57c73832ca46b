//! A charging transaction of a device, and its id.

use super::battery::Battery;
use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::{IdTag, TransactionId};
use domain::measure::MeterReading;
use std::sync::atomic::{AtomicI64, Ordering};

/// Assigns transaction ids, which are positive integers.
#[derive(Debug)]
pub struct TransactionIds(Numbers);

/// The source of the integers.
#[derive(Debug)]
enum Numbers {
    /// A counter; each number is used once.
    Counter(AtomicI64),
    /// The Unix time in seconds; two transactions that start in one second have one id.
    UnixSeconds,
    /// One number for all transactions.
    Always(i64),
}

impl TransactionIds {
    /// Ascending ids, starting with `first`.
    #[must_use]
    pub const fn from(first: i64) -> Self {
        Self(Numbers::Counter(AtomicI64::new(first)))
    }

    /// Ascending ids that no earlier run has assigned: they start at the milliseconds of `now`.
    #[must_use]
    pub const fn beginning(now: DateTime<Utc>) -> Self {
        Self::from(now.timestamp_millis())
    }

    /// The Unix time of each start in seconds, as deployed gateways assign it. Starts in one second
    /// share an id.
    #[must_use]
    pub const fn unix_seconds() -> Self {
        Self(Numbers::UnixSeconds)
    }

    /// The same id for every transaction, as some gateways number them.
    #[must_use]
    pub const fn always(number: i64) -> Self {
        Self(Numbers::Always(number))
    }

    pub(super) fn next(&self, now: DateTime<Utc>) -> Option<TransactionId> {
        let number = match &self.0 {
            Numbers::Counter(counter) => counter.fetch_add(1, Ordering::Relaxed),
            Numbers::UnixSeconds => now.timestamp(),
            Numbers::Always(number) => *number,
        };
        TransactionId::parse(&number.to_string()).ok()
    }
}

/// A running transaction.
#[derive(Debug, Clone, PartialEq)]
pub struct Transaction {
    /// The id that the gateway assigned.
    pub id: TransactionId,
    /// The driver's card.
    pub id_tag: IdTag,
    /// When it started.
    pub started_at: DateTime<Utc>,
    battery: Battery,
    /// The time up to which energy has been counted.
    counted_to: DateTime<Utc>,
    /// When meter values are next due.
    pub(super) sample_due: Option<DateTime<Utc>>,
}

impl Transaction {
    pub(super) fn begin(id: TransactionId, id_tag: IdTag, now: DateTime<Utc>) -> Self {
        // Vehicles arrive between a fifth and three fifths full.
        let variety = id.as_integer().and_then(|number| i32::try_from(number % 40).ok()).unwrap_or(0);
        Self {
            id,
            id_tag,
            started_at: now,
            battery: Battery::charged_to(0.2 + f64::from(variety) / 100.0),
            counted_to: now,
            sample_due: None,
        }
    }

    /// Counts the energy drawn until `now`, in Wh; none while `paused`.
    pub(super) fn count(&mut self, now: DateTime<Utc>, max_power_w: f64, paused: bool) -> f64 {
        let elapsed = (now - self.counted_to).max(TimeDelta::zero());
        self.counted_to = self.counted_to.max(now);
        let hours = elapsed.as_seconds_f64() / 3_600.0;
        if paused { 0.0 } else { self.battery.charge(max_power_w, hours) }
    }

    pub(super) fn is_full(&self) -> bool {
        self.battery.is_full()
    }

    /// The meter's values of the transaction, in addition to the energy register.
    pub(super) fn reading(&self, energy_wh: f64, max_power_w: f64, paused: bool) -> MeterReading {
        let power_w = if paused { 0.0 } else { self.battery.power_w(max_power_w) };
        let voltage_v = if max_power_w > 22_000.0 { 400.0 } else { 230.0 };
        MeterReading {
            taken_at: Some(self.counted_to),
            energy_wh: Some(energy_wh),
            power_w: Some(power_w),
            voltage_v: Some(voltage_v),
            current_a: Some((power_w / voltage_v * 10.0).round() / 10.0),
            soc_percent: Some(self.battery.soc_percent()),
            temperature_c: None,
        }
    }
}
