//! What the platform concludes from silence: when a device is doubtful, and when it is offline
//! without a disconnection.
//!
//! Silence is measured from when the platform last heard the device, by PostgreSQL's clock where
//! that is known, and never from the time that an event claims. A slow clock never takes a
//! connected device offline, and a fast one never keeps a silent device online.

use crate::commands::TriggeredMessage;
use crate::devices::liveness::{Disconnection, DisconnectionCause, Doubt, DoubtReason, Liveness};
use crate::order::Stamp;
use chrono::{DateTime, TimeDelta, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How far "online" or "offline" can be trusted.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "DeviceConfidence")]
pub enum Confidence {
    /// An online device was heard and there is no sign that it is gone; an offline device was
    /// reported as disconnected by its gateway.
    #[default]
    Live,
    /// Online, but its gateway is silent; or offline because of silence alone, without a probe.
    Doubtful,
    /// Offline: the device was probed and sent no sign of life.
    Unanswered,
}

impl Confidence {
    /// All values.
    pub const ALL: [Self; 3] = [Self::Live, Self::Doubtful, Self::Unanswered];

    /// The name in the API, the feed and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Doubtful => "doubtful",
            Self::Unanswered => "unanswered",
        }
    }

    /// Parses the name in the API, the feed and in storage.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.as_str() == word)
    }
}

/// The message that a probe requests from a silent device; a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum ProbeMessage {
    /// The BootNotification: gateways that write their Redis key only at boot then write it again.
    BootNotification,
    /// The status of the connectors.
    StatusNotification,
    /// Devices are not probed.
    #[serde(rename = "off")]
    Off,
}

impl ProbeMessage {
    /// Whether devices are probed.
    #[must_use]
    pub const fn is_on(self) -> bool {
        !matches!(self, Self::Off)
    }

    /// The message to request from a device; `None` if it is not probed. A device that `is_busy`
    /// charging, or is about to charge, is never asked for a BootNotification.
    #[must_use]
    pub const fn for_device(self, is_busy: bool) -> Option<TriggeredMessage> {
        match (self, is_busy) {
            (Self::Off, _) => None,
            (Self::BootNotification, false) => Some(TriggeredMessage::BootNotification),
            (Self::BootNotification, true) | (Self::StatusNotification, _) => {
                Some(TriggeredMessage::StatusNotification)
            }
        }
    }
}

/// The times after which silence has consequences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SilenceTimeouts {
    /// After this long without a sign of life, a device that did not answer a probe is offline.
    pub timeout: TimeDelta,
    /// How long a device may take to answer.
    pub answer: TimeDelta,
    /// Whether devices are probed at all. If so, a device that was not probed is offline only after
    /// twice the timeout.
    pub probing: bool,
}

/// What is known about silence in addition to the device's own events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SilenceEvidence {
    /// When the device was last probed; `None` if never.
    pub asked_at: Option<DateTime<Utc>>,
    /// Whether the gateway through which the device was last heard has been suspected dead since
    /// then.
    pub gateway_suspected: bool,
}

/// The conclusion from silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// No conclusion yet.
    Waits,
    /// The device becomes doubtful.
    Doubtful(DoubtReason),
    /// The device is offline since `at`.
    Gone {
        /// When the timeout ended.
        at: DateTime<Utc>,
        /// The cause.
        cause: DisconnectionCause,
    },
}

impl Liveness {
    /// When the platform last heard a sign of life: by its own clock where known, never before the
    /// record was appended. `None` if only disconnections were received.
    #[must_use]
    pub fn heard_at(&self) -> Option<DateTime<Utc>> {
        let appended_at = self.seen.as_ref()?.stamp.appended_at;
        Some(self.written_at.map_or(appended_at, |written_at| written_at.max(appended_at)))
    }

    /// The current doubt about a device that is online, if any.
    #[must_use]
    pub fn current_doubt(&self) -> Option<&Doubt> {
        let heard = self.seen.as_ref()?.event;
        self.doubt.as_ref().filter(|doubt| doubt.heard == heard && self.online())
    }

    /// How far [`Liveness::online`] can be trusted.
    #[must_use]
    pub fn confidence(&self) -> Confidence {
        if self.online() {
            return self.current_doubt().map_or(Confidence::Live, |_| Confidence::Doubtful);
        }
        let Some(seen) = &self.seen else { return Confidence::Live };
        let causes = || {
            self.disconnections
                .iter()
                .filter(|disconnection| disconnection.ends(seen))
                .map(|disconnection| disconnection.cause)
        };
        match () {
            () if causes().any(|cause| cause == DisconnectionCause::Reported) => Confidence::Live,
            () if causes().any(|cause| cause == DisconnectionCause::Unanswered) => Confidence::Unanswered,
            () => Confidence::Doubtful,
        }
    }

    /// The conclusion at `now` from the silence of the device.
    #[must_use]
    pub fn judge(
        &self,
        now: DateTime<Utc>,
        patience: &SilenceTimeouts,
        evidence: &SilenceEvidence,
    ) -> Verdict {
        let Some(heard_at) = self.heard_at().filter(|_| self.online()) else { return Verdict::Waits };
        let asked_at = evidence.asked_at.filter(|asked| *asked > heard_at);
        let unanswered_at = asked_at.map(|asked| asked + patience.answer).filter(|end| now > *end);
        let doubted_since = self.current_doubt().map(|doubt| doubt.since);
        let silent_at = heard_at + patience.timeout;
        if let Some(end) = unanswered_at
            && (doubted_since.is_some() || now > silent_at)
        {
            let at = end.max(doubted_since.unwrap_or(silent_at));
            return Verdict::Gone { at, cause: DisconnectionCause::Unanswered };
        }
        let unasked_at = if patience.probing { silent_at + patience.timeout } else { silent_at };
        if now > unasked_at {
            return Verdict::Gone { at: unasked_at, cause: DisconnectionCause::Unprobed };
        }
        if evidence.gateway_suspected && doubted_since.is_none() {
            return Verdict::Doubtful(DoubtReason::GatewaySilent);
        }
        Verdict::Waits
    }

    /// Applies the conclusion of [`Liveness::judge`] and returns it.
    pub fn fall_silent(
        &mut self,
        now: DateTime<Utc>,
        patience: &SilenceTimeouts,
        evidence: &SilenceEvidence,
    ) -> Verdict {
        let verdict = self.judge(now, patience, evidence);
        let Some(seen) = self.seen.clone() else { return verdict };
        match verdict {
            Verdict::Waits => {}
            Verdict::Doubtful(reason) => {
                self.doubt = Some(Doubt { since: now, reason, heard: seen.event });
            }
            Verdict::Gone { at, cause } => {
                // Time and key follow from the sign of life and the probe, so every replica records
                // the same. The key is that of the sign of life: the next one ends the silence,
                // regardless of its clock.
                let stamp = Stamp { at: at.max(seen.stamp.at + TimeDelta::microseconds(1)), ..seen.stamp };
                self.disconnections.push(Disconnection {
                    stamp,
                    event: seen.event,
                    gateway: seen.value,
                    cause,
                });
            }
        }
        verdict
    }
}
