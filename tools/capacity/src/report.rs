//! The day as tables.

use crate::costs::{CONNECTOR_ROW, DEVICE_ROW, EVENTS, LEDGER_ROW, ROUTE};
use crate::fleet::{DAY, Fleet, Trouble, seconds, usual_troubles};
use crate::minutes::Minute;
use crate::paper::{self, Paper};
use std::fmt::Write as _;

const GB: f64 = 1e9;

/// The report of a day of `fleet`.
pub fn markdown(fleet: &Fleet, day: &[Minute]) -> String {
    let mut text = format!(
        "A day of {} piles with {} connectors: a heartbeat every {} s, meter values every {} s, {} sessions a day of {} min; \
         PostgreSQL with {} cores; seed {}.\n\n",
        number(fleet.piles),
        fleet.connectors,
        fleet.heartbeat_s,
        fleet.meter_s,
        fleet.sessions_per_day,
        fleet.session_min,
        fleet.cores,
        fleet.seed
    );
    text += &hours(day);
    text += &compared(fleet, day);
    text
}

fn hours(day: &[Minute]) -> String {
    let mut text = "| hour | events/s | most in a minute | charging | rows/s | Kafka MB/s | log MB/s | page images MB/s | Redis keys/s | \
                    longest lag, s |\n|---|---|---|---|---|---|---|---|---|---|\n"
        .to_owned();
    for (hour, minutes) in day.chunks(60).enumerate() {
        let sum = |of: fn(&Minute) -> f64| minutes.iter().map(of).sum::<f64>();
        let per_s = |of: fn(&Minute) -> f64| sum(of) / 3_600.0;
        let most = |of: fn(&Minute) -> f64| minutes.iter().map(of).fold(0.0, f64::max);
        let _infallible = writeln!(
            text,
            "| {hour} | {} | {} | {} | {} | {:.1} | {:.1} | {:.1} | {} | {} |",
            number(per_s(|minute| minute.events.total())),
            number(most(|minute| minute.events.total()) / 60.0),
            number(sum(|minute| minute.charging) / 60.0),
            number(per_s(|minute| minute.rows)),
            per_s(|minute| minute.kafka) / 1e6,
            per_s(|minute| minute.log) / 1e6,
            per_s(|minute| minute.images) / 1e6,
            number(per_s(|minute| minute.keys)),
            number(most(|minute| minute.lag_s)),
        );
    }
    text
}

/// What arithmetic says and what the day was, side by side.
fn compared(fleet: &Fleet, day: &[Minute]) -> String {
    let paper = Paper::of(fleet);
    let sum = |of: fn(&Minute) -> f64| day.iter().map(of).sum::<f64>();
    let most = |of: fn(&Minute) -> f64| day.iter().map(of).fold(0.0, f64::max);
    let whole = |of: fn(crate::costs::Cost) -> f64| paper.mean.at(&EVENTS, of) * seconds();
    // Storms are no part of a usual peak: the busiest minute of the evening stands for it.
    let evening = day.iter().skip(17 * 60).map(|minute| minute.events.total()).fold(0.0, f64::max) / 60.0;
    let rows = day.iter().skip(17 * 60).map(|minute| minute.rows).fold(0.0, f64::max) / 60.0;
    let rows_of = [
        ("mean events/s", paper.mean.total(), sum(|minute| minute.events.total()) / seconds()),
        ("peak events/s, the evening", paper.peak.total(), evening),
        ("peak events/s, with storms", f64::NAN, most(|minute| minute.events.total()) / 60.0),
        ("peak rows/s, the evening", paper.peak_rows(), rows),
        ("rows a day, million", whole(|cost| cost.rows) / 1e6, sum(|minute| minute.rows) / 1e6),
        (
            "samples a day, million",
            paper.mean.reading * seconds() / 1e6,
            sum(|minute| minute.events.reading) / 1e6,
        ),
        (
            "Kafka GB a day, one copy, not compressed",
            whole(|cost| cost.record) / GB,
            sum(|minute| minute.kafka) / GB,
        ),
        ("log GB a day, without page images", whole(|cost| cost.log) / GB, sum(|minute| minute.log) / GB),
        ("page images GB a day", f64::NAN, sum(|minute| minute.images) / GB),
        ("tables GB a day", whole(|cost| cost.lasting) / GB, sum(|minute| minute.lasting) / GB),
        ("feed GB a day, kept for three", whole(|cost| cost.feed) / GB, sum(|minute| minute.feed) / GB),
        ("tables GB, whatever the day", standing(fleet) / GB, standing(fleet) / GB),
        ("ingestors", paper.replicas(), paper::replicas(evening)),
        ("PostgreSQL cores at half load", paper.cores(), paper::cores(rows)),
        ("ingestor CPU, cores at the peak", f64::NAN, most(|minute| minute.ingestor_s) / 60.0),
        ("Redis keys written/s, most", fleet.piles / fleet.refresh_s, most(|minute| minute.keys) / 60.0),
        ("Redis keys, MB", fleet.piles * ROUTE / 1e6, fleet.piles * ROUTE / 1e6),
        ("longest lag, s", f64::NAN, most(|minute| minute.lag_s)),
        (
            "minutes to drain after ten without PostgreSQL",
            paper.drained_min(fleet, 10.0).unwrap_or(f64::INFINITY),
            drained(day).unwrap_or(f64::INFINITY),
        ),
    ];
    let mut text = "\n|  | arithmetic | simulated |\n|---|---|---|\n".to_owned();
    for (what, on_paper, simulated) in rows_of {
        let _infallible = writeln!(text, "| {what} | {} | {} |", number(on_paper), number(simulated));
    }
    text
}

/// Bytes of the tables that do not grow with time.
fn standing(fleet: &Fleet) -> f64 {
    fleet.piles * (DEVICE_ROW + fleet.connectors * CONNECTOR_ROW + LEDGER_ROW)
}

/// Minutes from the end of the standstill until all was written; `None`: not within the day.
fn drained(day: &[Minute]) -> Option<f64> {
    let end = usual_troubles().iter().find_map(|trouble| match trouble {
        Trouble::Standstill { at, minutes } => Some(at + minutes),
        _ => None,
    })?;
    let behind = (0..DAY).zip(day).filter(|(minute, held)| *minute >= end && !held.is_caught_up()).count();
    let caught_up = day.last().is_some_and(Minute::is_caught_up);
    caught_up.then(|| bench::numbers::count(behind))
}

/// A number as people write it: thousands apart, no more digits than mean something.
fn number(value: f64) -> String {
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
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
