//! From sampled values, in the many ways of OCPP 1.6, to one reading an instant in the platform's units.

mod sample;

pub(super) use sample::{Context, Measurand, Sample};

use crate::error::FieldError;
use chrono::{DateTime, Utc};
use domain::event::MeterValues;
use domain::ids::{ConnectorId, TransactionId};
use domain::measure::MeterReading;
use sample::{Phase, Side};

/// A sample with the instant that it was taken at.
pub(super) type TimedSample = (Option<DateTime<Utc>>, Sample);

/// What is sampled in a message. One value that cannot be used costs neither the others nor the message: some gateways pass
/// whatever a device samples on as an energy, also a temperature below zero or a signature.
#[derive(Default)]
pub(super) struct Samples {
    /// Those that can be used and are kept.
    pub usable: Vec<TimedSample>,
    /// Why others cannot be used, with where they are in the payload.
    pub unusable: Vec<FieldError>,
}

impl Samples {
    /// Adds what was read of a sampled value.
    pub(super) fn add(
        &mut self,
        taken_at: Option<DateTime<Utc>>,
        sample: Result<Option<Sample>, FieldError>,
    ) {
        match sample {
            Ok(sample) => self.usable.extend(sample.map(|sample| (taken_at, sample))),
            Err(error) => self.unusable.push(error),
        }
    }
}

/// What `samples` of a connector say. Those at the begin and the end of the transaction are the meter's registers then,
/// and no readings: chargers repeat them in every message.
pub(super) fn meter_values(
    connector_id: ConnectorId,
    transaction_id: Option<TransactionId>,
    samples: Vec<TimedSample>,
) -> MeterValues {
    let (begin_wh, end_wh) = (register(&samples, Context::Begin), register(&samples, Context::End));
    let live = samples.into_iter().filter(|(_, sample)| sample.context == Context::Live).collect();
    MeterValues { connector_id, transaction_id, readings: readings(live), begin_wh, end_wh }
}

/// The readings in `samples`, oldest first: one for each instant, since some gateways send every sampled value in a
/// meter value of its own. An instant of which nothing is kept gives no reading.
fn readings(mut samples: Vec<TimedSample>) -> Vec<MeterReading> {
    samples.sort_by_key(|(taken_at, _)| *taken_at);
    samples.chunk_by(|(one, _), (next, _)| one == next).filter_map(reading).collect()
}

/// The energy register in `context`; of several the greatest.
fn register(samples: &[TimedSample], context: Context) -> Option<f64> {
    let of_context = samples.iter().filter(|(_, sample)| sample.context == context);
    let mut of_context: Vec<_> = of_context.copied().collect();
    of_context.sort_by_key(|(taken_at, _)| *taken_at);
    let instants = of_context.chunk_by(|(one, _), (next, _)| one == next);
    let registers =
        instants.filter_map(|samples| value(Measurand::Energy, samples.iter().map(|(_, sample)| sample)));
    registers.reduce(f64::max)
}

fn reading(samples: &[TimedSample]) -> Option<MeterReading> {
    let (taken_at, _) = samples.first()?;
    let value = |measurand| value(measurand, samples.iter().map(|(_, sample)| sample));
    Some(MeterReading {
        taken_at: *taken_at,
        energy_wh: value(Measurand::Energy),
        power_w: value(Measurand::Power),
        voltage_v: value(Measurand::Voltage),
        current_a: value(Measurand::Current),
        soc_percent: value(Measurand::StateOfCharge),
        temperature_c: value(Measurand::Temperature),
    })
    .filter(|reading| *reading != MeterReading { taken_at: *taken_at, ..MeterReading::default() })
}

/// The one value of `measurand`: the sample of all phases (if it was given twice, the last, of energies the greatest); else, for what adds up,
/// the sum of the phases; else L1; else whichever came first.
fn value<'s>(measurand: Measurand, samples: impl Iterator<Item = &'s Sample> + Clone) -> Option<f64> {
    let of_measurand = samples.filter(move |sample| sample.measurand == measurand);
    // What the vehicle's side of the cable measures stands in only where the outlet's side says nothing.
    let outlet_speaks = of_measurand.clone().any(|sample| sample.side == Side::Outlet);
    let candidates =
        of_measurand.filter(|sample| !(measurand.adds_up() && outlet_speaks) || sample.side == Side::Outlet);
    let of_phase = |phase| candidates.clone().filter(move |sample| sample.phase == phase).last();

    let whole = || candidates.clone().filter(|sample| sample.phase == Phase::All).map(|sample| sample.value);
    // The published gateway calls every measurand energy: of one instant, the greatest is the register.
    let whole = if measurand == Measurand::Energy { whole().reduce(f64::max) } else { whole().last() };
    whole.or_else(|| {
        if measurand.adds_up() {
            let phases = [Phase::L1, Phase::L2, Phase::L3].into_iter().filter_map(of_phase);
            phases.map(|sample| sample.value).reduce(|sum, value| sum + value)
        } else {
            of_phase(Phase::L1).or_else(|| candidates.clone().next()).map(|sample| sample.value)
        }
    })
}
