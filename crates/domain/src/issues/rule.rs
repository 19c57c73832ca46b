//! The rules: which changes of the feed show that something is wrong, or that it is not.

mod command;
mod device;
mod session;

use super::{Cause, Fact, IssueKey, IssuePlace, Seen, Signal, Verdict, WrittenChange};
use crate::feed::{AssetAction, FeedKind, FeedSubject};
use crate::ids::{ChargePointId, ConnectorId};
use chrono::TimeDelta;
use std::collections::BTreeSet;
use uuid::Uuid;

/// A rule with its settings.
#[derive(Debug, Clone, PartialEq)]
pub enum Rule {
    /// A connector is `Faulted`, or reports an error code other than these.
    Fault {
        /// OCPP 1.6 error codes that are no fault unless the connector is `Faulted`.
        ignored_codes: BTreeSet<String>,
    },
    /// A device is offline.
    Offline {
        /// For longer than this.
        after: TimeDelta,
    },
    /// A device connects and disconnects.
    Flapping {
        /// This many times, counting both.
        changes: u16,
        /// Within this time.
        window: TimeDelta,
    },
    /// A device accepted a start, and no session began.
    StartWithoutCharge {
        /// This long after the start expired.
        grace: TimeDelta,
    },
    /// A session takes less energy than this.
    SessionWithoutEnergy {
        /// The energy, in Wh.
        min_energy_wh: f64,
        /// Although it is, or was, longer than this.
        min_duration: TimeDelta,
        /// Whether this counts for a session that is still open: only if the feed has its energy.
        while_open: bool,
    },
    /// Statuses of a device arrive longer than this after, or before, the time that they claim.
    ClockSkew {
        /// The time in between, in either direction.
        max_lag: TimeDelta,
        /// This many in a row.
        count: u16,
    },
    /// A session is open for longer than this.
    StuckSession {
        /// The time since its beginning.
        after: TimeDelta,
    },
    /// A session has no price.
    PriceGap,
}

impl Rule {
    /// The cause of the issues that the rule opens.
    #[must_use]
    pub const fn cause(&self) -> Cause {
        match self {
            Self::Fault { .. } => Cause::Fault,
            Self::Offline { .. } => Cause::Offline,
            Self::Flapping { .. } => Cause::Flapping,
            Self::StartWithoutCharge { .. } => Cause::StartWithoutCharge,
            Self::SessionWithoutEnergy { .. } => Cause::SessionWithoutEnergy,
            Self::ClockSkew { .. } => Cause::ClockSkew,
            Self::StuckSession { .. } => Cause::StuckSession,
            Self::PriceGap => Cause::PriceGap,
        }
    }

    /// The causes that none of `rules` is about: nothing is watched for them.
    pub fn causes_without(rules: &[Self]) -> impl Iterator<Item = Cause> {
        Cause::ALL.into_iter().filter(move |cause| rules.iter().all(|rule| rule.cause() != *cause))
    }

    /// What a change says about the cause of this rule; `None` if it says nothing.
    #[must_use]
    pub fn judge(&self, written: WrittenChange<'_>) -> Option<Signal> {
        let FeedSubject::ChargePoint(device) = &written.change.subject else { return None };
        let at = written.change.at;
        match &written.change.kind {
            FeedKind::PileChanged(pile) => {
                let is_removed = pile.action == AssetAction::Retired || pile.charge_point_id != *device;
                let fact = Fact { at, seen: Seen::Removed { action: pile.action } };
                is_removed.then(|| self.signal(device, None, Verdict::Gone, fact))
            }
            FeedKind::ConnectorStatusChanged(status) => self.judge_status(device, status, written),
            FeedKind::ConnectivityChanged(connectivity) => {
                self.judge_connectivity(device, connectivity, written)
            }
            FeedKind::SessionChanged(session) => self.judge_session(device, session, written),
            FeedKind::SessionMetered(metered) => self.judge_metered(device, metered, at),
            FeedKind::SessionSettled(settled) => self.judge_settled(device, settled, at),
            FeedKind::CommandChanged(command) => self.judge_command(device, command, written),
            FeedKind::StationChanged(_)
            | FeedKind::TariffChanged(_)
            | FeedKind::TariffBindingChanged(_)
            | FeedKind::IssueOpened(_)
            | FeedKind::IssueChanged(_)
            | FeedKind::IssueClosed(_) => None,
        }
    }

    /// A signal about a connector, or without one about the device.
    fn signal(
        &self,
        device: &ChargePointId,
        connector: Option<ConnectorId>,
        verdict: Verdict,
        fact: Fact,
    ) -> Signal {
        let place = match connector {
            Some(connector) => IssuePlace::Connector(device.clone(), connector),
            None => IssuePlace::ChargePoint(device.clone()),
        };
        Signal { key: IssueKey { cause: self.cause(), place }, verdict, about: None, fact }
    }
}

impl Signal {
    fn about(self, about: Uuid) -> Self {
        Self { about: Some(about), ..self }
    }
}
