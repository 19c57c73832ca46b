//! One sampled value: its measurand, its location, and its amount in the platform's unit.

use crate::error::FieldError;
use crate::value::{InvalidValue, number, same_name};

/// The stored measurands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measurand {
    /// In Wh.
    Energy,
    /// In W.
    Power,
    /// In V.
    Voltage,
    /// In A.
    Current,
    /// In percent.
    StateOfCharge,
    /// In °C.
    Temperature,
}

/// The phases of the supply that a sample measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    All,
    L1,
    L2,
    L3,
    /// The neutral conductor, or between two phases.
    Other,
}

/// The side of the charging cable on which a sample was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Outlet,
    /// The grid connection or the vehicle, which do not measure the delivered energy.
    Elsewhere,
}

/// The purpose of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Context {
    /// During a transaction or outside of one: every context of OCPP 1.6 except the two below.
    #[default]
    Live,
    /// The meter at the beginning of the transaction.
    Begin,
    /// The meter at the end of the transaction.
    End,
}

/// One sampled value of a stored measurand.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sample {
    pub(super) measurand: Measurand,
    pub(super) value: f64,
    pub(super) phase: Phase,
    pub(super) side: Side,
    pub(super) context: Context,
}

impl Context {
    /// The context with this OCPP 1.6 name; live for any other name.
    pub(crate) fn named(name: &str) -> Self {
        match name.trim().replace('.', "_") {
            begin if same_name(&begin, "TransactionBegin") => Self::Begin,
            end if same_name(&end, "TransactionEnd") => Self::End,
            _ => Self::Live,
        }
    }

    /// The OCPP 1.6 name; `None` for a live context, which is that of a sample without context.
    pub(crate) const fn name(self) -> Option<&'static str> {
        match self {
            Self::Live => None,
            Self::Begin => Some("Transaction.Begin"),
            Self::End => Some("Transaction.End"),
        }
    }
}

impl Measurand {
    /// The stored measurands with their OCPP 1.6 names.
    const NAMES: [(&str, Self); 6] = [
        ("Energy.Active.Import.Register", Self::Energy),
        ("Power.Active.Import", Self::Power),
        ("Voltage", Self::Voltage),
        ("Current.Import", Self::Current),
        ("SoC", Self::StateOfCharge),
        ("Temperature", Self::Temperature),
    ];

    /// The measurand with the given name; the energy register for an empty name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        if name.is_empty() {
            return Some(Self::Energy);
        }
        Self::NAMES.iter().find(|(known, _)| same_name(name, known)).map(|(_, measurand)| *measurand)
    }

    /// The OCPP 1.6 name.
    pub(crate) fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, measurand)| *measurand == self).map_or("", |(name, _)| name)
    }

    /// The platform's unit, in OCPP 1.6's spelling.
    pub(crate) const fn unit(self) -> &'static str {
        match self {
            Self::Energy => "Wh",
            Self::Power => "W",
            Self::Voltage => "V",
            Self::Current => "A",
            Self::StateOfCharge => "Percent",
            Self::Temperature => "Celsius",
        }
    }

    /// Whether the values of the phases add up to the value of all.
    pub(super) const fn adds_up(self) -> bool {
        matches!(self, Self::Energy | Self::Power)
    }

    /// `value` in the platform's unit; `None` if `unit` is not a unit of this measurand.
    fn convert(self, value: f64, unit: &str) -> Option<f64> {
        let is = |known: &str| unit.eq_ignore_ascii_case(known);
        if unit.is_empty() || is(self.unit()) {
            return Some(value);
        }
        match self {
            Self::Energy if is("kWh") => Some(value * 1_000.0),
            Self::Power if is("kW") => Some(value * 1_000.0),
            Self::StateOfCharge if is("%") => Some(value),
            // The first edition of OCPP 1.6 spells it "Celcius".
            Self::Temperature if is("Celcius") || is("C") || is("°C") => Some(value),
            Self::Temperature if is("Fahrenheit") => Some((value - 32.0) / 1.8),
            Self::Temperature if is("K") => Some(value - 273.15),
            _ => None,
        }
    }
}

impl Sample {
    /// A sample in the platform's unit. `None` for a state of charge outside 0 to 100 %, by which
    /// chargers express that the vehicle does not report it.
    pub(crate) fn new(
        measurand: Measurand,
        value: f64,
        unit: &str,
        phase: &str,
        location: &str,
    ) -> Result<Option<Self>, FieldError> {
        let unit = unit.trim();
        let value = measurand
            .convert(value, unit)
            .ok_or_else(|| FieldError::new("unit", InvalidValue::not(measurand.unit(), unit)))?;
        let possible =
            if measurand == Measurand::Energy { number::energy_wh(value) } else { number::plausible(value) };
        let value = possible.map_err(|error| FieldError::new("value", error))?;
        if measurand == Measurand::StateOfCharge && !(0.0..=100.0).contains(&value) {
            return Ok(None);
        }
        Ok(Some(Self {
            measurand,
            value,
            phase: Phase::named(phase.trim()),
            side: Side::of(location.trim()),
            context: Context::Live,
        }))
    }

    /// The same sample in the given context.
    pub(crate) const fn taken_in(self, context: Context) -> Self {
        Self { context, ..self }
    }
}

impl Phase {
    fn named(name: &str) -> Self {
        let is = |known: [&str; 2]| known.iter().any(|known| name.eq_ignore_ascii_case(known));
        match name {
            "" => Self::All,
            _ if is(["L1", "L1-N"]) => Self::L1,
            _ if is(["L2", "L2-N"]) => Self::L2,
            _ if is(["L3", "L3-N"]) => Self::L3,
            _ => Self::Other,
        }
    }
}

impl Side {
    fn of(location: &str) -> Self {
        let elsewhere = ["Inlet", "EV"].iter().any(|known| location.eq_ignore_ascii_case(known));
        if elsewhere { Self::Elsewhere } else { Self::Outlet }
    }
}
