//! The report of a simulated day as Markdown tables.

use crate::costs::{CONNECTOR_BYTES, Cost, DEVICE_BYTES, EVENTS, LEDGER_BYTES, ROUTE_KEY_BYTES};
use crate::estimate::{Estimate, cores, ingestors};
use crate::faults::{Fault, default_faults};
use crate::fleet::{Fleet, MINUTES_PER_DAY, SECONDS_PER_DAY};
use crate::simulation::Minute;
use bench::numbers::{count, grouped};
use std::fmt::Write as _;

const GB: f64 = 1e9;

/// The report of a day of `fleet`.
pub fn markdown(fleet: &Fleet, day: &[Minute]) -> String {
    let mut text = format!(
        "A day of {} piles with {} connectors: a heartbeat every {} s, meter values every {} s, {} sessions per day of {} min; \
         PostgreSQL with {} cores; seed {}.\n\n",
        format_number(fleet.piles),
        fleet.connectors,
        fleet.heartbeat_s,
        fleet.meter_s,
        fleet.sessions_per_day,
        fleet.session_min,
        fleet.cores,
        fleet.seed
    );
    text += &hours(day);
    text += &comparison(fleet, day);
    text
}

fn hours(day: &[Minute]) -> String {
    let mut text = "| hour | events/s | maximum in a minute | charging | rows/s | Kafka MB/s | log MB/s | page images MB/s | \
                    Redis keys/s | longest lag, s |\n|---|---|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    for (hour, minutes) in day.chunks(60).enumerate() {
        let sum = |of: fn(&Minute) -> f64| minutes.iter().map(of).sum::<f64>();
        let per_s = |of: fn(&Minute) -> f64| sum(of) / 3_600.0;
        let maximum = |of: fn(&Minute) -> f64| minutes.iter().map(of).fold(0.0, f64::max);
        let _infallible = writeln!(
            text,
            "| {hour} | {} | {} | {} | {} | {:.1} | {:.1} | {:.1} | {} | {} |",
            format_number(per_s(|minute| minute.events.total())),
            format_number(maximum(|minute| minute.events.total()) / 60.0),
            format_number(sum(|minute| minute.charging) / 60.0),
            format_number(per_s(|minute| minute.rows)),
            per_s(|minute| minute.kafka_bytes) / 1e6,
            per_s(|minute| minute.log_bytes) / 1e6,
            per_s(|minute| minute.page_image_bytes) / 1e6,
            format_number(per_s(|minute| minute.route_key_writes)),
            format_number(maximum(|minute| minute.lag_s)),
        );
    }
    text
}

/// The estimate and the simulated day next to each other.
fn comparison(fleet: &Fleet, day: &[Minute]) -> String {
    let estimate = Estimate::of(fleet);
    let sum = |of: fn(&Minute) -> f64| day.iter().map(of).sum::<f64>();
    let maximum = |of: fn(&Minute) -> f64| day.iter().map(of).fold(0.0, f64::max);
    let estimated = |of: fn(Cost) -> f64| estimate.mean.total_cost(&EVENTS, of) * SECONDS_PER_DAY;
    // Storms are not part of the usual peak, which is the busiest minute of the evening.
    let evening = |of: fn(&Minute) -> f64| day.iter().skip(17 * 60).map(of).fold(0.0, f64::max) / 60.0;
    let events = evening(|minute| minute.events.total());
    let rows = evening(|minute| minute.rows);
    let lines = [
        ("mean events/s", estimate.mean.total(), sum(|minute| minute.events.total()) / SECONDS_PER_DAY),
        ("peak events/s, the evening", estimate.peak.total(), events),
        ("peak events/s, with storms", f64::NAN, maximum(|minute| minute.events.total()) / 60.0),
        ("peak rows/s, the evening", estimate.peak_rows(), rows),
        ("rows per day, million", estimated(|cost| cost.rows) / 1e6, sum(|minute| minute.rows) / 1e6),
        (
            "samples per day, million",
            estimate.mean.meter_values * SECONDS_PER_DAY / 1e6,
            sum(|minute| minute.events.meter_values) / 1e6,
        ),
        (
            "Kafka GB per day, one copy, not compressed",
            estimated(|cost| cost.record_bytes) / GB,
            sum(|minute| minute.kafka_bytes) / GB,
        ),
        (
            "log GB per day, without page images",
            estimated(|cost| cost.log_bytes) / GB,
            sum(|minute| minute.log_bytes) / GB,
        ),
        ("page images GB per day", f64::NAN, sum(|minute| minute.page_image_bytes) / GB),
        ("tables GB per day", estimated(|cost| cost.table_bytes) / GB, sum(|minute| minute.table_bytes) / GB),
        (
            "feed GB per day, kept for three",
            estimated(|cost| cost.feed_bytes) / GB,
            sum(|minute| minute.feed_bytes) / GB,
        ),
        ("tables GB, constant", constant_bytes(fleet) / GB, constant_bytes(fleet) / GB),
        ("ingestors", estimate.ingestors(), ingestors(events)),
        ("PostgreSQL cores at half load", estimate.cores(), cores(rows)),
        ("ingestor CPU, cores at the peak", f64::NAN, maximum(|minute| minute.ingestor_cpu_s) / 60.0),
        (
            "Redis keys written/s, maximum",
            fleet.piles / fleet.refresh_s,
            maximum(|minute| minute.route_key_writes) / 60.0,
        ),
        ("Redis keys, MB", fleet.piles * ROUTE_KEY_BYTES / 1e6, fleet.piles * ROUTE_KEY_BYTES / 1e6),
        ("longest lag, s", f64::NAN, maximum(|minute| minute.lag_s)),
        (
            "minutes to drain after ten without PostgreSQL",
            estimate.drain_min(fleet, 10.0).unwrap_or(f64::INFINITY),
            drain_min(day).unwrap_or(f64::INFINITY),
        ),
    ];
    let mut text = "\n|  | arithmetic | simulated |\n|---|---|---|\n".to_owned();
    for (name, estimated, simulated) in lines {
        let _infallible =
            writeln!(text, "| {name} | {} | {} |", format_number(estimated), format_number(simulated));
    }
    text
}

/// Bytes of the tables that do not grow with time.
fn constant_bytes(fleet: &Fleet) -> f64 {
    fleet.piles * (DEVICE_BYTES + fleet.connectors * CONNECTOR_BYTES + LEDGER_BYTES)
}

/// Minutes from the end of the write outage until its backlog is written; `None` if that takes
/// longer than the day.
fn drain_min(day: &[Minute]) -> Option<f64> {
    let end = default_faults().iter().find_map(|fault| match fault {
        Fault::WriteOutage { at, minutes } => Some(at + minutes),
        _ => None,
    })?;
    let after = (0..MINUTES_PER_DAY).zip(day).filter(|(minute, _)| *minute >= end);
    let with_backlog = after.filter(|(_, minute)| !minute.is_caught_up()).count();
    let is_caught_up = day.last().is_some_and(Minute::is_caught_up);
    is_caught_up.then(|| count(with_backlog))
}

/// A number for people: with separators of thousands, and without insignificant digits.
fn format_number(value: f64) -> String {
    if value.is_nan() {
        return String::new();
    }
    if !value.is_finite() {
        return "never".to_owned();
    }
    if value.abs() < 100.0 {
        let text = format!("{value:.1}");
        return text.strip_suffix(".0").map_or(text.clone(), str::to_owned);
    }
    grouped(value)
}
