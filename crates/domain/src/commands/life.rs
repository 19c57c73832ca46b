//! The life of a command: a trail of recorded steps, from which its state, effect and failure
//! follow.

use crate::ids::{EventKey, GatewayId, SessionId};
use crate::status::ConnectorStatus;
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The state of a command. States only move forward, and never after a final state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename_all = "lowercase")]
pub enum CommandState {
    /// Checked, routed and recorded; not known to be on the topic yet.
    Accepted,
    /// On the topic, acknowledged by all replicas.
    Published,
    /// The publication was neither confirmed nor refused: the command may or may not be on the
    /// topic.
    Unknown,
    /// The device accepted the command or carried it out. Final.
    Confirmed,
    /// The device or its gateway refused the command. Final.
    Rejected,
    /// The command certainly never reached the topic. Final.
    Failed,
    /// The time of the command is over and no effect was observed. Final.
    Expired,
}

/// One step in the life of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "camelCase")]
pub enum Step {
    /// The command was recorded.
    Accepted,
    /// All replicas of the command's partition have its record.
    Published {
        /// The offset of the record.
        offset: i64,
    },
    /// The publication was neither confirmed nor refused.
    Unconfirmed {
        /// The error, suitable for the caller.
        detail: String,
    },
    /// The command was certainly not published.
    Unpublished {
        /// The error, suitable for the caller.
        detail: String,
    },
    /// The device was heard through another gateway, so the command is sent again to that one.
    /// Recorded before it is published there.
    Rerouted {
        /// The previous gateway.
        from: GatewayId,
        /// The new gateway.
        to: GatewayId,
        /// The partition that the new gateway reads.
        partition: i32,
    },
    /// All replicas of the partition to which the command was rerouted have its record.
    Republished {
        /// The offset of the record there.
        offset: i64,
    },
    /// The command is not known to be on the partition to which it was rerouted.
    NotRepublished {
        /// The error, suitable for the caller.
        detail: String,
    },
    /// The gateway reported the answer of the device.
    Answered(DeviceAnswer),
    /// The goal of the command was observed.
    TookEffect(Effect),
    /// The time of the command was over.
    #[serde(rename_all = "camelCase")]
    Expired {
        /// The gateway to which the device had moved; `None` if it had not.
        moved_to: Option<GatewayId>,
        /// The observations that would have shown success; absent from steps that earlier releases
        /// stored.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        looked_for: Option<String>,
    },
}

/// The answer of a device, as reported by its gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceAnswer {
    /// The event that reported the answer.
    pub event: EventKey,
    /// The OCPP status word as sent, such as `Accepted` or `Rejected`.
    pub status: String,
    /// `DEVICE_OFFLINE`, `INVALID_COMMAND_PAYLOAD`, `DEVICE_REJECTED`, …; `None` if none was
    /// reported.
    pub reason: Option<String>,
}

/// An observed effect of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Effect {
    /// The kind of effect.
    pub kind: EffectKind,
    /// The session that began or ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session_id: Option<SessionId>,
    /// For [`EffectKind::Status`], the status of the connector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<ConnectorStatus>,
}

/// The observable effects of commands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum EffectKind {
    /// A start: the transaction began.
    Charging,
    /// A stop: the transaction ended.
    Stopped,
    /// A reset: the device booted.
    Restarted,
    /// A start: the connector changed to Preparing or Charging after the command was sent. Weaker
    /// than a session, which replaces it when it appears.
    Status,
}

/// A step with its time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrailEntry {
    /// When the step happened, by the clock of its source: the dispatcher, the device or
    /// PostgreSQL.
    pub at: DateTime<Utc>,
    /// Whether the step was recorded after the command had ended; it then changed nothing.
    #[serde(default, skip_serializing_if = "is_false")]
    pub late: bool,
    /// The step.
    #[serde(flatten)]
    pub step: Step,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it by reference")]
const fn is_false(late: &bool) -> bool {
    !*late
}

/// Why a command did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The kind of failure.
    pub code: FailureCode,
    /// The known details, suitable for the caller.
    pub detail: String,
}

/// Kinds of failure; the names are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum FailureCode {
    /// The command never reached the topic.
    NotPublished,
    /// The command may or may not be on the topic.
    Unconfirmed,
    /// The device or its gateway refused the command.
    Rejected,
    /// Neither an answer nor an effect was observed in time.
    NoAnswer,
    /// Neither an answer nor an effect was observed in time, and the device has moved to another
    /// gateway since the command was sent.
    RouteStale,
}

/// The result of recording a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Taken {
    /// The state of the command has changed.
    Moved,
    /// The state is unchanged; the step was added to the trail.
    Noted,
    /// The step was known already.
    Known,
}

/// The life of a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "StoredLife", into = "StoredLife")]
pub struct CommandLife {
    trail: Vec<TrailEntry>,
    /// The number of answers that were only counted because the trail is full.
    omitted: u32,
}

/// The stored form of a life. Steps that the previous release cannot read are stored separately,
/// where that release ignores them: during an upgrade both releases work on the same commands.
#[derive(Serialize, Deserialize)]
struct StoredLife {
    trail: Vec<TrailEntry>,
    #[serde(default, skip_serializing_if = "is_zero")]
    omitted: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    since: Vec<PlacedEntry>,
}

/// An entry with its index in the trail.
#[derive(Serialize, Deserialize)]
struct PlacedEntry {
    place: usize,
    #[serde(flatten)]
    entry: TrailEntry,
}

impl From<CommandLife> for StoredLife {
    fn from(life: CommandLife) -> Self {
        let mut stored = Self { trail: Vec::new(), omitted: life.omitted, since: Vec::new() };
        for (place, entry) in life.trail.into_iter().enumerate() {
            if entry.step.is_known_to_previous_release() {
                stored.trail.push(entry);
            } else {
                stored.since.push(PlacedEntry { place, entry });
            }
        }
        stored
    }
}

impl From<StoredLife> for CommandLife {
    fn from(stored: StoredLife) -> Self {
        let mut trail = stored.trail;
        for PlacedEntry { place, entry } in stored.since {
            trail.insert(place.min(trail.len()), entry);
        }
        Self { trail, omitted: stored.omitted }
    }
}

impl Step {
    const fn is_known_to_previous_release(&self) -> bool {
        match self {
            Self::Rerouted { .. } | Self::Republished { .. } | Self::NotRepublished { .. } => false,
            Self::TookEffect(effect) => !matches!(effect.kind, EffectKind::Status),
            _ => true,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes it by reference")]
const fn is_zero(count: &u32) -> bool {
    *count == 0
}

impl CommandState {
    /// All states.
    pub const ALL: [Self; 7] = [
        Self::Accepted,
        Self::Published,
        Self::Unknown,
        Self::Confirmed,
        Self::Rejected,
        Self::Failed,
        Self::Expired,
    ];

    /// The name in the API and in storage.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Published => "published",
            Self::Unknown => "unknown",
            Self::Confirmed => "confirmed",
            Self::Rejected => "rejected",
            Self::Failed => "failed",
            Self::Expired => "expired",
        }
    }

    /// Whether the state is final.
    #[must_use]
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Confirmed | Self::Rejected | Self::Failed | Self::Expired)
    }

    /// The state after `step`.
    #[must_use]
    fn after(self, step: &Step) -> Self {
        if self.is_end() {
            return self;
        }
        match step {
            Step::Accepted
            | Step::Rerouted { .. }
            | Step::Republished { .. }
            | Step::NotRepublished { .. } => self,
            Step::Published { .. } => Self::Published,
            // A confirmed publication is not put in doubt again.
            Step::Unconfirmed { .. } if self == Self::Published => self,
            Step::Unconfirmed { .. } => Self::Unknown,
            Step::Unpublished { .. } => Self::Failed,
            Step::Answered(answer) if answer.is_yes() => Self::Confirmed,
            Step::Answered(_) => Self::Rejected,
            Step::TookEffect(_) => Self::Confirmed,
            Step::Expired { .. } => Self::Expired,
        }
    }
}

impl EffectKind {
    /// All kinds.
    pub const ALL: [Self; 4] = [Self::Charging, Self::Stopped, Self::Restarted, Self::Status];
}

impl Effect {
    /// The effect that a session began or ended, or that the device booted.
    #[must_use]
    pub const fn new(kind: EffectKind, session_id: Option<SessionId>) -> Self {
        Self { kind, session_id, status: None }
    }

    /// The effect that the connector changed to `status`.
    #[must_use]
    pub const fn of_status(status: ConnectorStatus) -> Self {
        Self { kind: EffectKind::Status, session_id: None, status: Some(status) }
    }

    /// The strength of the evidence: a session, then a connector that charges, then one that
    /// prepares.
    fn strength(self) -> u8 {
        match (self.kind, self.status) {
            (EffectKind::Status, Some(ConnectorStatus::Preparing)) => 0,
            (EffectKind::Status, _) => 1,
            (EffectKind::Charging | EffectKind::Stopped | EffectKind::Restarted, _) => 2,
        }
    }

    /// Whether `self` is stronger evidence than `other`.
    #[must_use]
    pub fn is_stronger_than(self, other: Self) -> bool {
        self.strength() > other.strength()
    }
}

impl DeviceAnswer {
    /// The status words by which a device confirms that it carries out the command (OCPP 1.6; the
    /// last three are those of UnlockConnector, ChangeAvailability and ChangeConfiguration).
    const YES: [&'static str; 4] = ["Accepted", "Unlocked", "Scheduled", "RebootRequired"];

    /// Whether the device carries out the command.
    #[must_use]
    pub fn is_yes(&self) -> bool {
        Self::YES.iter().any(|word| word.eq_ignore_ascii_case(&self.status))
    }
}

impl CommandLife {
    /// The maximum number of answers in the trail, except those that change the state: a gateway
    /// may repeat itself without end. Effects are always kept, because each kind of evidence is
    /// recorded once.
    pub const MAX_TRAIL: usize = 32;

    /// The life of a command that was recorded at `at`.
    #[must_use]
    pub fn accepted(at: DateTime<Utc>) -> Self {
        Self { trail: vec![TrailEntry { at, late: false, step: Step::Accepted }], omitted: 0 }
    }

    /// The steps, in the order in which they were recorded.
    #[must_use]
    pub fn trail(&self) -> &[TrailEntry] {
        &self.trail
    }

    /// The number of answers that arrived after the trail was full.
    #[must_use]
    pub const fn omitted(&self) -> u32 {
        self.omitted
    }

    /// The current state.
    #[must_use]
    pub fn state(&self) -> CommandState {
        self.trail.iter().fold(CommandState::Accepted, |state, entry| state.after(&entry.step))
    }

    /// Records a step that happened at `at`.
    pub fn take(&mut self, at: DateTime<Utc>, step: Step) -> Taken {
        if self.knows(&step) {
            return Taken::Known;
        }
        let before = self.state();
        let moved = before.after(&step) != before;
        let is_effect = matches!(step, Step::TookEffect(_));
        if !moved && !is_effect && self.trail.len() >= Self::MAX_TRAIL {
            self.omitted = self.omitted.saturating_add(1);
            return Taken::Noted;
        }
        self.trail.push(TrailEntry { at, late: before.is_end(), step });
        if moved { Taken::Moved } else { Taken::Noted }
    }

    /// Replaces the session of the observed effect, and its time: later facts show that it is
    /// another session.
    pub fn point_to(&mut self, session: Option<(DateTime<Utc>, SessionId)>) -> Taken {
        let is_of_session = |kind| matches!(kind, EffectKind::Charging | EffectKind::Stopped);
        let held = self.trail.iter_mut().rev().find_map(|entry| match &mut entry.step {
            Step::TookEffect(effect) if is_of_session(effect.kind) => Some((&mut entry.at, effect)),
            _ => None,
        });
        let Some((at, effect)) = held else { return Taken::Known };
        let before = (*at, effect.session_id);
        *at = session.map_or(*at, |(at, _)| at);
        effect.session_id = session.map(|(_, id)| id);
        if before == (*at, effect.session_id) { Taken::Known } else { Taken::Noted }
    }

    /// Whether `step` was recorded before: answers are identified by their event, every other step
    /// occurs once.
    fn knows(&self, step: &Step) -> bool {
        self.trail.iter().any(|entry| match (&entry.step, step) {
            (Step::Answered(held), Step::Answered(new)) => held.event == new.event,
            (Step::TookEffect(held), Step::TookEffect(new)) => !new.is_stronger_than(*held),
            (held, new) => std::mem::discriminant(held) == std::mem::discriminant(new),
        })
    }

    /// When all replicas had the record, and its offset; `None` if not confirmed.
    #[must_use]
    pub fn published(&self) -> Option<(DateTime<Utc>, i64)> {
        self.find(|step| if let Step::Published { offset } = step { Some(*offset) } else { None })
    }

    /// The first answer of the device.
    #[must_use]
    pub fn answer(&self) -> Option<(DateTime<Utc>, &DeviceAnswer)> {
        self.find(|step| if let Step::Answered(answer) = step { Some(answer) } else { None })
    }

    /// The strongest observed effect.
    #[must_use]
    pub fn effect(&self) -> Option<(DateTime<Utc>, Effect)> {
        let effects = self.trail.iter().filter_map(|entry| match &entry.step {
            Step::TookEffect(effect) => Some((entry.at, *effect)),
            _ => None,
        });
        effects.max_by_key(|(_, effect)| effect.strength())
    }

    /// Whether a start may still begin a charge although no effect was observed yet: no other start
    /// may be sent to its connector until its time is over.
    #[must_use]
    pub fn is_start_pending(&self) -> bool {
        let charges = self.effect().is_some_and(|(_, effect)| effect.strength() > 0);
        let is_refused =
            matches!(self.state(), CommandState::Rejected | CommandState::Failed | CommandState::Expired);
        !charges && !is_refused
    }

    /// Why the command did not succeed, according to its current state.
    #[must_use]
    pub fn failure(&self) -> Option<Failure> {
        let is_failure = |entry: &&TrailEntry| !entry.late && failure_of(&entry.step).is_some();
        let wanted = self.state();
        if matches!(wanted, CommandState::Confirmed | CommandState::Published) {
            return None;
        }
        self.trail.iter().rev().find(is_failure).and_then(|entry| failure_of(&entry.step))
    }

    fn find<'a, T>(&'a self, pick: impl Fn(&'a Step) -> Option<T>) -> Option<(DateTime<Utc>, T)> {
        self.trail.iter().find_map(|entry| Some((entry.at, pick(&entry.step)?)))
    }
}

fn failure_of(step: &Step) -> Option<Failure> {
    let failure = |code, detail: &str| Some(Failure { code, detail: detail.to_owned() });
    match step {
        Step::Unpublished { detail } => failure(FailureCode::NotPublished, detail),
        Step::Unconfirmed { detail } => failure(FailureCode::Unconfirmed, detail),
        Step::Answered(answer) if !answer.is_yes() => {
            let reason = answer.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            failure(FailureCode::Rejected, &format!("the device answered {}{reason}", answer.status))
        }
        Step::Expired { moved_to, looked_for } => Some(expiry(moved_to.as_ref(), looked_for.as_deref())),
        Step::Accepted
        | Step::Published { .. }
        | Step::Rerouted { .. }
        | Step::Republished { .. }
        | Step::NotRepublished { .. }
        | Step::Answered(_)
        | Step::TookEffect(_) => None,
    }
}

/// The failure of a command without an observed effect.
fn expiry(moved_to: Option<&GatewayId>, looked_for: Option<&str>) -> Failure {
    let mut detail = "no effect was observed in time".to_owned();
    if let Some(looked_for) = looked_for {
        detail.push_str("; expected: ");
        detail.push_str(looked_for);
    }
    match moved_to {
        Some(gateway) => {
            detail.push_str(&format!("; the device is now connected to {gateway}"));
            Failure { code: FailureCode::RouteStale, detail }
        }
        None => Failure { code: FailureCode::NoAnswer, detail },
    }
}

impl FailureCode {
    /// The stable name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotPublished => "NOT_PUBLISHED",
            Self::Unconfirmed => "UNCONFIRMED",
            Self::Rejected => "REJECTED",
            Self::NoAnswer => "NO_ANSWER",
            Self::RouteStale => "ROUTE_STALE",
        }
    }
}

impl fmt::Display for CommandState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap()
    }

    fn answered(event: i64, status: &str) -> Step {
        Step::Answered(DeviceAnswer { event: EventKey(event), status: status.to_owned(), reason: None })
    }

    fn charging() -> Step {
        let session_id = Some(SessionId(Uuid::from_u128(7)));
        Step::TookEffect(Effect::new(EffectKind::Charging, session_id))
    }

    fn preparing() -> Step {
        Step::TookEffect(Effect::of_status(ConnectorStatus::Preparing))
    }

    fn gateway(name: &str) -> GatewayId {
        GatewayId::parse(name).unwrap()
    }

    fn steps() -> impl Strategy<Value = Step> {
        prop_oneof![
            Just(Step::Published { offset: 3 }),
            Just(Step::Unconfirmed { detail: "broker".to_owned() }),
            Just(Step::Unpublished { detail: "broker".to_owned() }),
            (0..4_i64, "(Accepted|Rejected|unlocked)").prop_map(|(event, word)| answered(event, &word)),
            Just(charging()),
            Just(preparing()),
            Just(Step::Expired { moved_to: None, looked_for: None }),
            Just(Step::Rerouted { from: gateway("pod-a"), to: gateway("pod-b"), partition: 5 }),
            Just(Step::Republished { offset: 4 }),
            Just(Step::NotRepublished { detail: "broker".to_owned() }),
        ]
    }

    fn life_of(steps: &[Step]) -> CommandLife {
        let mut life = CommandLife::accepted(at(0));
        for (second, step) in (1..).zip(steps) {
            life.take(at(second), step.clone());
        }
        life
    }

    proptest! {
        #[test]
        fn states_only_move_forward_and_never_after_the_end(steps in prop::collection::vec(steps(), 0..12)) {
            let mut life = CommandLife::accepted(at(0));
            let mut before = life.state();
            for step in steps {
                let taken = life.take(at(1), step);
                let now = life.state();
                prop_assert_eq!(taken == Taken::Moved, now != before);
                prop_assert!(!before.is_end() || now == before);
                prop_assert!(now != CommandState::Accepted || before == CommandState::Accepted);
                before = now;
            }
        }

        #[test]
        fn a_repeated_step_changes_nothing(steps in prop::collection::vec(steps(), 0..12)) {
            let once = life_of(&steps);
            let mut twice = once.clone();
            for step in steps {
                prop_assert_eq!(twice.take(at(9), step), Taken::Known);
            }
            prop_assert_eq!(twice, once);
        }

        #[test]
        fn a_life_survives_serialization(steps in prop::collection::vec(steps(), 0..12)) {
            let life = life_of(&steps);
            let written = serde_json::to_string(&life).unwrap();
            prop_assert_eq!(serde_json::from_str::<CommandLife>(&written).unwrap(), life);
        }
    }

    #[test]
    fn an_answer_and_an_effect_are_separate_steps() {
        let mut life = life_of(&[Step::Published { offset: 1 }, answered(1, "Accepted")]);
        assert_eq!((life.state(), life.effect()), (CommandState::Confirmed, None));
        assert_eq!(life.take(at(30), charging()), Taken::Noted);
        assert_eq!(
            life.effect().map(|(when, effect)| (when, effect.kind)),
            Some((at(30), EffectKind::Charging))
        );
    }

    #[test]
    fn a_session_replaces_the_status_that_confirmed_a_start() {
        let mut life = life_of(&[Step::Published { offset: 1 }, preparing()]);
        assert_eq!((life.state(), life.is_start_pending()), (CommandState::Confirmed, true));
        let charges = Step::TookEffect(Effect::of_status(ConnectorStatus::Charging));
        assert_eq!(life.take(at(3), charges), Taken::Noted);
        assert!(!life.is_start_pending());
        assert_eq!(life.take(at(4), charging()), Taken::Noted);
        assert_eq!(life.take(at(5), preparing()), Taken::Known);
        assert_eq!(
            life.effect().map(|(when, effect)| (when, effect.kind)),
            Some((at(4), EffectKind::Charging))
        );
    }

    #[test]
    fn steps_unknown_to_the_previous_release_are_stored_separately() {
        let life = life_of(&[Step::Published { offset: 1 }, preparing(), answered(1, "Accepted")]);
        let stored = serde_json::to_value(&life).unwrap();
        let steps: Vec<_> = stored["trail"].as_array().unwrap().iter().map(|entry| &entry["step"]).collect();
        assert_eq!(steps, ["accepted", "published", "answered"]);
        assert_eq!(
            (&stored["since"][0]["place"], &stored["since"][0]["kind"]),
            (&2.into(), &"status".into())
        );
        assert_eq!(serde_json::from_value::<CommandLife>(stored).unwrap(), life);
    }

    #[test]
    fn an_expiry_names_the_expected_effects() {
        let expired = Step::Expired { moved_to: None, looked_for: Some("the device's answer".to_owned()) };
        let failure = life_of(&[expired]).failure().unwrap();
        assert_eq!(failure.code, FailureCode::NoAnswer);
        assert_eq!(failure.detail, "no effect was observed in time; expected: the device's answer");
    }

    #[test]
    fn a_late_step_is_kept_and_changes_nothing() {
        let mut life =
            life_of(&[Step::Published { offset: 1 }, Step::Expired { moved_to: None, looked_for: None }]);
        assert_eq!(life.take(at(99), answered(1, "Accepted")), Taken::Noted);
        assert_eq!(life.state(), CommandState::Expired);
        assert_eq!(life.failure().map(|failure| failure.code), Some(FailureCode::NoAnswer));
        assert!(life.trail().last().is_some_and(|entry| entry.late));
    }

    #[test]
    fn an_answer_resolves_an_unconfirmed_publication() {
        let unknown = Step::Unconfirmed { detail: "Kafka did not confirm the command".to_owned() };
        let life = life_of(std::slice::from_ref(&unknown));
        assert_eq!(life.failure().map(|failure| failure.code), Some(FailureCode::Unconfirmed));
        let life = life_of(&[unknown, answered(1, "accepted")]);
        assert_eq!((life.state(), life.failure()), (CommandState::Confirmed, None));
        let life = life_of(&[answered(1, "NotSupported"), Step::Published { offset: 4 }]);
        assert_eq!((life.state(), life.published()), (CommandState::Rejected, Some((at(2), 4))));
        assert_eq!(life.failure().unwrap().detail, "the device answered NotSupported");
    }

    #[test]
    fn answers_beyond_the_limit_are_only_counted() {
        let answers: Vec<_> = (0..100).map(|event| answered(event, "Accepted")).collect();
        let mut life = life_of(&answers);
        assert_eq!(life.trail().len(), CommandLife::MAX_TRAIL);
        assert_eq!(life.omitted(), 101 - 32);
        assert_eq!((life.take(at(200), charging()), life.omitted()), (Taken::Noted, 101 - 32));
        assert!(life.effect().is_some(), "effects are always kept");
    }
}
