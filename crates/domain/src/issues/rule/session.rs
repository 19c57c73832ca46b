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
        if let Self::SessionWithoutEnergy { .. } = self {
            return self.judge_course(device, session, written);
        }
        let is_open = session.phase == SessionPhase::Open;
        let fact = Fact { at: written.change.at, seen: course_of(session) };
        match self {
            Self::StuckSession { after } => {
                let due = (session.started_at + *after).max(written.written_at);
                let verdict = if is_open { Verdict::PresentAt(due) } else { Verdict::Absent };
                Some(self.signal_about(device, session, verdict, fact))
            }
            // A session of any start, or of a card, shows that the device charges.
            Self::StartWithoutCharge { .. } if is_open => {
                Some(self.signal(device, None, Verdict::Absent, fact))
            }
            _ => None,
        }
    }

    /// A session that no meter is known of is without energy. One that has ended is judged by its receipt,
    /// unless the registers at its ends show the energy.
    fn judge_course(
        &self,
        device: &ChargePointId,
        session: &SessionChanged,
        written: WrittenChange<'_>,
    ) -> Option<Signal> {
        let Self::SessionWithoutEnergy { min_duration, while_open, .. } = self else { return None };
        let at = written.change.at;
        let verdict = match session.phase {
            // The readings of a session that is reported late follow.
            SessionPhase::Open if *while_open => {
                Verdict::PresentAt(session.started_at.max(written.written_at) + *min_duration)
            }
            SessionPhase::Open => return None,
            SessionPhase::Ended => {
                let registers = session.meter_stop_wh.zip(session.meter_start_wh);
                let energy_wh = registers.map(|(stop, start)| stop - start);
                if let Some(energy_wh) = energy_wh.filter(|energy_wh| self.has_enough_energy(*energy_wh)) {
                    return self.judge_energy(device, session, energy_wh, written.written_at, at);
                }
                Verdict::Cancelled
            }
            SessionPhase::Withdrawn => Verdict::Absent,
        };
        Some(self.signal_about(device, session, verdict, Fact { at, seen: course_of(session) }))
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
                self.judge_energy(device, session, meter.energy_wh?, meter.read_at, at)
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
            let is_about_sessions = matches!(self, Self::SessionWithoutEnergy { .. } | Self::PriceGap);
            let fact = Fact { at, seen: course_of(session) };
            return is_about_sessions.then(|| self.signal_about(device, session, Verdict::Absent, fact));
        }
        match self {
            Self::SessionWithoutEnergy { .. } => {
                let ended_at = session.ended_at?;
                match receipt.energy_wh {
                    Some(energy_wh) => self.judge_energy(device, session, energy_wh, ended_at, at),
                    None => {
                        let fact = Fact { at, seen: course_of(session) };
                        self.judge_missing_energy(device, session, ended_at, fact)
                    }
                }
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
        energy_wh: f64,
        until: DateTime<Utc>,
        at: DateTime<Utc>,
    ) -> Option<Signal> {
        let fact = Fact { at, seen: Seen::Energy { session_id: session.session_id, energy_wh } };
        if self.has_enough_energy(energy_wh) {
            return Some(self.signal(device, Some(session.connector_id), Verdict::Absent, fact));
        }
        self.judge_missing_energy(device, session, until, fact)
    }

    /// A session up to `until` without the energy, as `fact` shows: a short one may take none.
    fn judge_missing_energy(
        &self,
        device: &ChargePointId,
        session: &SessionChanged,
        until: DateTime<Utc>,
        fact: Fact,
    ) -> Option<Signal> {
        let Self::SessionWithoutEnergy { min_duration, .. } = self else { return None };
        let is_long = until - session.started_at >= *min_duration;
        is_long.then(|| self.signal_about(device, session, Verdict::Present, fact))
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
        let fact = Fact { at, seen: Seen::Price { session_id: session.session_id, unpriced } };
        match unpriced {
            None if is_priced => Some(self.signal(device, Some(session.connector_id), Verdict::Absent, fact)),
            Some(UnpricedCode::NoTariffApplies | UnpricedCode::CurrenciesMixed) => {
                Some(self.signal_about(device, session, Verdict::Present, fact))
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

    /// A signal about this session: it ends only what is about the same one.
    fn signal_about(
        &self,
        device: &ChargePointId,
        session: &SessionChanged,
        verdict: Verdict,
        fact: Fact,
    ) -> Signal {
        self.signal(device, Some(session.connector_id), verdict, fact).about(session.session_id.0)
    }
}

/// That the session began, ended or was withdrawn.
fn course_of(session: &SessionChanged) -> Seen {
    Seen::Session { session_id: session.session_id, phase: session.phase }
}
