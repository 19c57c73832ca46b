//! Converts sampled values, in the many forms of OCPP 1.6, to one reading per instant in the
//! platform's units.

mod sample;

pub(super) use sample::{Context, Measurand, Sample};

use crate::error::FieldError;
use chrono::{DateTime, Utc};
use domain::event::MeterValues;
use domain::ids::{ConnectorId, TransactionId};
use domain::measure::MeterReading;
use sample::{Phase, Side};

/// A sample with the instant at which it was taken.
pub(super) type TimedSample = (Option<DateTime<Utc>>, Sample);

/// The samples of a message. An unusable value affects neither the other values nor the message:
/// some gateways forward every sampled value as an energy, even a negative temperature or a
/// signature.
#[derive(Default)]
pub(super) struct Samples {
    /// The usable samples of stored measurands.
    pub usable: Vec<TimedSample>,
    /// The reasons why other samples are unusable, with their paths in the payload.
    pub unusable: Vec<FieldError>,
}

impl Samples {
    /// Adds the result of reading a sampled value.
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

/// Builds the meter values from the `samples` of a connector. Samples from the beginning and the
/// end of the transaction become registers, not readings: chargers repeat them in every message.
pub(super) fn meter_values(
    connector_id: ConnectorId,
    transaction_id: Option<TransactionId>,
    samples: Vec<TimedSample>,
) -> MeterValues {
    let (begin_wh, end_wh) = (register(&samples, Context::Begin), register(&samples, Context::End));
    let live = samples.into_iter().filter(|(_, sample)| sample.context == Context::Live).collect();
    MeterValues { connector_id, transaction_id, readings: readings(live), begin_wh, end_wh }
}

/// The readings in `samples`, oldest first: one per instant, because some gateways send every
/// sampled value in a meter value of its own. An instant without a stored value has no reading.
fn readings(mut samples: Vec<TimedSample>) -> Vec<MeterReading> {
    samples.sort_by_key(|(taken_at, _)| *taken_at);
    samples.chunk_by(|(one, _), (next, _)| one == next).filter_map(reading).collect()
}

/// The energy register in `context`; the greatest of several.
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

/// The value of `measurand`, from the first of these that exists:
///
/// 1. The sample of all phases. If there are several, the last one; of energies the greatest.
/// 2. For measurands that add up, the sum of the phases.
/// 3. L1.
/// 4. The first sample.
fn value<'s>(measurand: Measurand, samples: impl Iterator<Item = &'s Sample> + Clone) -> Option<f64> {
    let of_measurand = samples.filter(move |sample| sample.measurand == measurand);
    // Measurements on the vehicle's side of the cable count only if there are none from the
    // outlet's side.
    let outlet_speaks = of_measurand.clone().any(|sample| sample.side == Side::Outlet);
    let candidates =
        of_measurand.filter(|sample| !(measurand.adds_up() && outlet_speaks) || sample.side == Side::Outlet);
    let of_phase = |phase| candidates.clone().filter(move |sample| sample.phase == phase).last();

    let whole = || candidates.clone().filter(|sample| sample.phase == Phase::All).map(|sample| sample.value);
    // The published gateway sends every measurand as energy: of one instant, the greatest is the
    // register.
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
