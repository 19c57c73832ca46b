//! One sampled value: what it measures, where, and how much in the platform's unit.

use crate::error::FieldError;
use crate::value::{Unusable, number, same_name};

/// The measurands that are kept.
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

/// Which phases of the supply a sample is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    All,
    L1,
    L2,
    L3,
    /// The neutral, or between two phases.
    Other,
}

/// Which side of the charging cable a sample was taken on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Outlet,
    /// The grid connection, or the vehicle: not what was delivered.
    Elsewhere,
}

/// What a sample was taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Context {
    /// While the transaction goes on, or outside of one: every context of OCPP 1.6 but the two below.
    #[default]
    Live,
    /// The meter when the transaction began.
    Begin,
    /// The meter when the transaction ended.
    End,
}

/// One sampled value that is kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Sample {
    pub(super) measurand: Measurand,
    pub(super) value: f64,
    pub(super) phase: Phase,
    pub(super) side: Side,
    pub(super) context: Context,
}

impl Context {
    /// The context of this OCPP 1.6 name; live for any other one.
    pub(crate) fn named(name: &str) -> Self {
        match name.trim().replace('.', "_") {
            begin if same_name(&begin, "TransactionBegin") => Self::Begin,
            end if same_name(&end, "TransactionEnd") => Self::End,
            _ => Self::Live,
        }
    }

    /// Its OCPP 1.6 name; none for a live one, which is what a sample without context is.
    pub(crate) const fn name(self) -> Option<&'static str> {
        match self {
            Self::Live => None,
            Self::Begin => Some("Transaction.Begin"),
            Self::End => Some("Transaction.End"),
        }
    }
}

impl Measurand {
    /// Every measurand that is kept, with its OCPP 1.6 name.
    const NAMES: [(&str, Self); 6] = [
        ("Energy.Active.Import.Register", Self::Energy),
        ("Power.Active.Import", Self::Power),
        ("Voltage", Self::Voltage),
        ("Current.Import", Self::Current),
        ("SoC", Self::StateOfCharge),
        ("Temperature", Self::Temperature),
    ];

    /// The measurand called `name`; the energy register when there is no name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        if name.is_empty() {
            return Some(Self::Energy);
        }
        Self::NAMES.iter().find(|(known, _)| same_name(name, known)).map(|(_, measurand)| *measurand)
    }

    /// Its OCPP 1.6 name.
    pub(crate) fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, measurand)| *measurand == self).map_or("", |(name, _)| name)
    }

    /// The platform's unit for it, in OCPP 1.6's word.
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

    /// `value` in the platform's unit; `None` when the unit cannot be one of this measurand.
    fn convert(self, value: f64, unit: &str) -> Option<f64> {
        let is = |known: &str| unit.eq_ignore_ascii_case(known);
        if unit.is_empty() || is(self.unit()) {
            return Some(value);
        }
        match self {
            Self::Energy if is("kWh") => Some(value * 1_000.0),
            Self::Power if is("kW") => Some(value * 1_000.0),
            Self::StateOfCharge if is("%") => Some(value),
            // "Celcius" is how the first edition of OCPP 1.6 spells it.
            Self::Temperature if is("Celcius") || is("C") || is("°C") => Some(value),
            Self::Temperature if is("Fahrenheit") => Some((value - 32.0) / 1.8),
            Self::Temperature if is("K") => Some(value - 273.15),
            _ => None,
        }
    }
}

impl Sample {
    /// A sample in the platform's unit. `None` for a state of charge outside 0 to 100 %: so chargers say that the
    /// vehicle does not tell it.
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
            .ok_or_else(|| FieldError::new("unit", Unusable::not(measurand.unit(), unit)))?;
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

    /// The same sample, taken in this context.
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
