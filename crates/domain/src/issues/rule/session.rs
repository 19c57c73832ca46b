//! What sessions show.

use super::{Fact, Rule, Seen, Signal, Verdict, WrittenChange};
use crate::feed::{SessionChanged, SessionMetered, SessionPhase, SessionSettled};
use crate::ids::ChargePointId;
use crate::tariffs::UnpricedCode;
use chrono::{DateTime, Utc};

impl Rule {
    pub(super) fn judge_session(
        &self,
        device: &ChargePointId,
        session: &SessionChanged,
        written: WrittenChange<'_>,
    ) -> Option<Signal> {
        let is_open = session.phase == SessionPhase::Open;
        let seen = Seen::Session { session_id: session.session_id, phase: session.phase };
        let fact = Fact { at: written.change.at, seen };
        match self {
            Self::StuckSession { after } => {
                let due = (session.started_at + *after).max(written.written_at);
                let verdict = if is_open { Verdict::PresentAt(due) } else { Verdict::Absent };
                let signal = self.signal(device, Some(session.connector_id), verdict, fact);
                Some(signal.about(session.session_id.0))
            }
            // A session of any start, or of a card, shows that the device charges.
            Self::StartWithoutCharge { .. } if is_open => {
                Some(self.signal(device, None, Verdict::Absent, fact))
            }
            _ => None,
        }
    }

    pub(super) fn judge_metered(
        &self,
        device: &ChargePointId,
        metered: &SessionMetered,
        at: DateTime<Utc>,
    ) -> Option<Signal> {
        let (session, meter) = (&metered.session, &metered.meter);
        match self {
            Self::SessionWithoutEnergy { .. } => {
                self.judge_energy(device, session, meter.energy_wh, meter.read_at, at)
            }
            Self::PriceGap => self.judge_price(device, session, meter.unpriced, meter.total.is_some(), at),
            _ => None,
        }
    }

    pub(super) fn judge_settled(
        &self,
        device: &ChargePointId,
        settled: &SessionSettled,
        at: DateTime<Utc>,
    ) -> Option<Signal> {
        let (session, receipt) = (&settled.session, &settled.receipt);
        if session.phase == SessionPhase::Withdrawn {
            let seen = Seen::Session { session_id: session.session_id, phase: session.phase };
            let is_about_sessions = matches!(self, Self::SessionWithoutEnergy { .. } | Self::PriceGap);
            let signal =
                || self.signal(device, Some(session.connector_id), Verdict::Absent, Fact { at, seen });
            return is_about_sessions.then(|| signal().about(session.session_id.0));
        }
        match self {
            Self::SessionWithoutEnergy { .. } => {
                self.judge_energy(device, session, receipt.energy_wh, session.ended_at?, at)
            }
            Self::PriceGap => {
                self.judge_price(device, session, receipt.unpriced, receipt.total.is_some(), at)
            }
            _ => None,
        }
    }

    /// Whether the energy of a session, in Wh, shows that it charges; false for other rules.
    #[must_use]
    pub fn has_enough_energy(&self, energy_wh: f64) -> bool {
        matches!(self, Self::SessionWithoutEnergy { min_energy_wh, .. } if energy_wh >= *min_energy_wh)
    }

    /// The energy of a session up to `until`. A later session with energy ends the issue as well.
    fn judge_energy(
        &self,
        device: &ChargePointId,
        session: &SessionChanged,
        energy_wh: Option<f64>,
        until: DateTime<Utc>,
        at: DateTime<Utc>,
    ) -> Option<Signal> {
        let Self::SessionWithoutEnergy { min_duration, .. } = self else { return None };
        let energy_wh = energy_wh?;
        let fact = Fact { at, seen: Seen::Energy { session_id: session.session_id, energy_wh } };
        let connector = Some(session.connector_id);
        if self.has_enough_energy(energy_wh) {
            return Some(self.signal(device, connector, Verdict::Absent, fact));
        }
        let is_long = until - session.started_at >= *min_duration;
        is_long.then(|| self.signal(device, connector, Verdict::Present, fact).about(session.session_id.0))
    }

    /// The price of a session. A later session with a price ends the issue as well.
    fn judge_price(
        &self,
        device: &ChargePointId,
        session: &SessionChanged,
        unpriced: Option<UnpricedCode>,
        is_priced: bool,
        at: DateTime<Utc>,
    ) -> Option<Signal> {
        let connector = Some(session.connector_id);
        let fact = Fact { at, seen: Seen::Price { session_id: session.session_id, unpriced } };
        match unpriced {
            None if is_priced => Some(self.signal(device, connector, Verdict::Absent, fact)),
            Some(UnpricedCode::NoTariffApplies | UnpricedCode::CurrenciesMixed) => {
                Some(self.signal(device, connector, Verdict::Present, fact).about(session.session_id.0))
            }
            // Without readings, without a pile or out of reach: no tariff would give a price.
            None
            | Some(
                UnpricedCode::SessionWithoutPile
                | UnpricedCode::SessionNotMetered
                | UnpricedCode::TimeOutOfReach,
            ) => None,
        }
    }
}
