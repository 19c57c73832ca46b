//! What statuses and connectivity show.

use super::{Fact, Rule, Seen, Signal, Verdict, WrittenChange};
use crate::feed::{ConnectivityChanged, ConnectorStatusChanged};
use crate::ids::ChargePointId;
use crate::status::ConnectorStatus;

impl Rule {
    pub(super) fn judge_status(
        &self,
        device: &ChargePointId,
        body: &ConnectorStatusChanged,
        written: WrittenChange<'_>,
    ) -> Option<Signal> {
        let at = written.change.at;
        match self {
            Self::Fault { ignored_codes } => {
                let has_code = body.error_code.as_ref().is_some_and(|code| !ignored_codes.contains(code));
                let is_fault = has_code || body.status == ConnectorStatus::Faulted;
                let verdict = if is_fault { Verdict::Present } else { Verdict::Absent };
                let seen = Seen::Status {
                    status: body.status,
                    error_code: body.error_code.clone(),
                    vendor_error_code: body.vendor_error_code.clone(),
                };
                Some(self.signal(device, Some(body.connector_id), verdict, Fact { at, seen }))
            }
            Self::ClockSkew { max_lag, count } => {
                // A clock that is implausible is known from the record; how late the platform is does not
                // matter then.
                let lag = body.claimed_at.map_or(written.written_at - at, |claimed| at - claimed);
                // One that is in time although events are late shows the clock, too.
                if lag > *max_lag && body.claimed_at.is_none() && !written.is_punctual {
                    return None;
                }
                let is_wrong = lag.abs() > *max_lag;
                let verdict = if is_wrong { Verdict::Occurred { count: *count } } else { Verdict::Absent };
                let fact = Fact { at: written.written_at, seen: Seen::Lag { seconds: lag.num_seconds() } };
                Some(self.signal(device, None, verdict, fact))
            }
            _ => None,
        }
    }

    pub(super) fn judge_connectivity(
        &self,
        device: &ChargePointId,
        body: &ConnectivityChanged,
        written: WrittenChange<'_>,
    ) -> Option<Signal> {
        let verdict = match self {
            Self::Offline { .. } if body.online => Verdict::Absent,
            Self::Offline { after } => Verdict::PresentAt(written.written_at + *after),
            Self::Flapping { changes, window } => {
                Verdict::Toggled { value: body.online, count: *changes, window: *window }
            }
            _ => return None,
        };
        let seen = Seen::Connectivity { online: body.online, gateway_id: body.gateway_id.clone() };
        Some(self.signal(device, None, verdict, Fact { at: written.change.at, seen }))
    }
}
