//! Trials: the outcome of the commands that were sent to devices.

use super::rule::Rule;
use super::tally::Tallies;
use chrono::{DateTime, Utc};
use domain::event::{CommandAnswer, EventKind, GatewayEvent};
use domain::ids::{ChargePointId, CommandId, ConnectorId, GatewayId};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// The greatest number of answers that are kept per command.
const ANSWERS: usize = 8;
/// The least number of commands on foreign partitions that a pod of a consumer group executes. A
/// pod that uses another hash executes one.
const SHARED_GROUP_MIN: u32 = 2;

/// The commands of one device: one, a copy of it, one that has expired, a last one, and some on
/// other partitions.
///
/// Each requests a `StatusNotification`. If the gateway answers commands, the first four are
/// published to one partition in that order, the copy after the answer to the first: the answer to
/// the last one shows that the second and third were read. If it does not answer, each is published
/// after the effect of the previous one: a status event that repeats a known status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// The device.
    pub charge_point_id: ChargePointId,
    /// The connector whose status is requested; `None` for all.
    pub connector_id: Option<ConnectorId>,
    /// The pod that the key names.
    pub pod: GatewayId,
    /// The partition of that pod.
    pub partition: i32,
    /// The command that is sent twice.
    pub twice: CommandId,
    /// The command that has expired.
    pub expired: CommandId,
    /// The last command.
    pub last: CommandId,
    /// When the first one was published.
    pub began: DateTime<Utc>,
}

/// Which commands of a trial were published last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Phase {
    /// The first one.
    #[default]
    First,
    /// The copy of it.
    Copy,
    /// The expired one.
    Expired,
    /// The last one on the pod's own partition.
    Last,
    /// Those on other partitions.
    OtherPartitions,
}

/// An answer to a command.
#[derive(Debug, Clone)]
struct ReceivedAnswer {
    answer: CommandAnswer,
    at: DateTime<Utc>,
}

/// A trial in progress.
#[derive(Debug)]
struct Progress {
    trial: Trial,
    phase: Phase,
    /// How often the device has repeated its status, by phase.
    effects: BTreeMap<Phase, u32>,
    /// Whether it has sent other events, which show that it is connected.
    is_alive: bool,
}

/// A device that did not execute the first command.
#[derive(Debug)]
struct Unresponsive {
    pod: GatewayId,
    /// Whether it sent other events.
    is_alive: bool,
    /// Commands on other partitions that it did execute.
    on_other_partitions: u32,
    shown: String,
}

/// Trials in progress, and the answers to their commands.
#[derive(Debug, Default)]
pub(super) struct CommandTrials {
    in_progress: HashMap<ChargePointId, Progress>,
    answers: HashMap<CommandId, Vec<ReceivedAnswer>>,
    /// Pods that executed some command on their own partition.
    reachable_pods: BTreeSet<GatewayId>,
    unresponsive: Vec<Unresponsive>,
}

impl CommandTrials {
    pub(super) fn begin(&mut self, trial: Trial) {
        for id in [trial.twice, trial.expired, trial.last] {
            self.answers.insert(id, Vec::new());
        }
        let id = trial.charge_point_id.clone();
        let (phase, effects) = (Phase::First, BTreeMap::new());
        self.in_progress.insert(id, Progress { trial, phase, effects, is_alive: false });
    }

    pub(super) fn enter(&mut self, id: &ChargePointId, phase: Phase) {
        if let Some(progress) = self.in_progress.get_mut(id) {
            progress.phase = phase;
        }
    }

    pub(super) fn effects(&self, id: &ChargePointId, phase: Phase) -> u32 {
        self.in_progress.get(id).map_or(0, |progress| progress.effects(phase))
    }

    /// Records answers to the commands and their effects. The event is not a copy of an earlier
    /// one. `is_restated`: it repeats the known status of its connector, or is the first status of
    /// it.
    pub(super) fn observe_event(&mut self, event: &GatewayEvent, is_restated: bool, at: DateTime<Utc>) {
        if let EventKind::CommandAnswered(answer) = &event.kind {
            let answers = answer.command_id.and_then(|id| self.answers.get_mut(&id));
            if let Some(answers) = answers.filter(|answers| answers.len() < ANSWERS) {
                answers.push(ReceivedAnswer { answer: answer.clone(), at });
            }
            return;
        }
        let Some(progress) = self.in_progress.get_mut(&event.charge_point_id) else { return };
        match &event.kind {
            EventKind::StatusChanged(report)
                if is_restated && progress.trial.connector_id.is_none_or(|id| id == report.connector_id) =>
            {
                *progress.effects.entry(progress.phase).or_default() += 1;
            }
            EventKind::Disconnected { .. } => {}
            _ => progress.is_alive = true,
        }
    }

    pub(super) fn is_answered(&self, command: CommandId) -> bool {
        !self.answers_to(command).is_empty()
    }

    /// Judges the trial of that device; `holder` is the pod on which key and events agree now.
    pub(super) fn conclude(&mut self, id: &ChargePointId, holder: Option<&GatewayId>, tallies: &mut Tallies) {
        let Some(progress) = self.in_progress.remove(id) else { return };
        let trial = &progress.trial;
        let is_still_held = holder == Some(&trial.pod);
        if let Some(first) = self.answers_to(trial.twice).first() {
            judge_answer(trial, first, is_still_held, tallies);
            self.judge_copy(trial, tallies);
            self.judge_expired(trial, tallies);
            if self.answers_to(trial.last).is_empty() && is_still_held {
                tallies.broken(Rule::CommandLost, || format!("{} {}", trial.shown(), trial.last));
            }
        } else if progress.effects(Phase::First) > 0 {
            progress.judge_effects(tallies);
        } else if is_still_held {
            self.unresponsive.push(Unresponsive {
                pod: trial.pod.clone(),
                is_alive: progress.is_alive,
                on_other_partitions: progress.effects(Phase::OtherPartitions),
                shown: format!("{} {}", trial.shown(), trial.twice),
            });
            return;
        } else {
            return; // the device has left or moved meanwhile
        }
        let on_other_partitions = progress.effects(Phase::OtherPartitions);
        tallies.judge(Rule::CommandAnyPartition, on_other_partitions == 0, || {
            format!(
                "{}: {on_other_partitions} commands on other partitions were executed, too",
                trial.shown()
            )
        });
        tallies.kept(Rule::CommandGroupShared);
        tallies.kept(Rule::SilentWithKey);
        self.reachable_pods.insert(progress.trial.pod);
    }

    /// Judges the devices that executed no command on their pod's partition, by what other devices
    /// of the pod did.
    pub(super) fn judge_silent(&self, tallies: &mut Tallies) {
        for device in &self.unresponsive {
            let (shown, on_other_partitions) = (&device.shown, device.on_other_partitions);
            if on_other_partitions >= SHARED_GROUP_MIN {
                tallies.broken(Rule::CommandGroupShared, || {
                    format!(
                        "{shown}: no effect, while {on_other_partitions} commands on other partitions were executed"
                    )
                });
            } else if on_other_partitions > 0 {
                tallies.broken(Rule::CommandLost, || {
                    format!("{shown}: no effect, while a command on another partition was executed")
                });
            } else if device.is_alive {
                // The device may not support TriggerMessage: this shows nothing about the route.
            } else if self.reachable_pods.contains(&device.pod) {
                tallies.broken(Rule::SilentWithKey, || {
                    format!("{shown}: no effect, while other devices of that pod execute commands")
                });
            } else {
                tallies.broken(Rule::CommandLost, || format!("{shown}: neither an answer nor an event"));
            }
        }
    }

    /// Two answers that accept the command and have different event ids: it was executed twice.
    fn judge_copy(&self, trial: &Trial, tallies: &mut Tallies) {
        let done = self.answers_to(trial.twice).iter().filter(|answer| !answer.is_refusal()).count();
        if done > 1 {
            let example = || format!("{} {} was answered {done} times", trial.shown(), trial.twice);
            tallies.broken(Rule::CommandRepeated, example);
        } else if self.is_answered(trial.last) {
            tallies.kept(Rule::CommandRepeated);
        }
    }

    fn judge_expired(&self, trial: &Trial, tallies: &mut Tallies) {
        let done = self.answers_to(trial.expired).iter().find(|answer| !answer.is_refusal());
        if let Some(done) = done {
            let example = || format!("{} {}: {}", trial.shown(), trial.expired, done.answer.status);
            tallies.broken(Rule::CommandExpired, example);
        } else if self.is_answered(trial.last) {
            tallies.kept(Rule::CommandExpired);
        }
    }

    fn answers_to(&self, command: CommandId) -> &[ReceivedAnswer] {
        self.answers.get(&command).map_or(&[], Vec::as_slice)
    }
}

impl Progress {
    fn effects(&self, phase: Phase) -> u32 {
        self.effects.get(&phase).copied().unwrap_or_default()
    }

    /// The device executed the first command without an answer: its further events show which other
    /// commands it executed.
    fn judge_effects(&self, tallies: &mut Tallies) {
        let shown = self.trial.shown();
        tallies.kept(Rule::CommandLost);
        tallies.broken(Rule::CommandAnswerMissing, || format!("{shown} sent its status but no answer"));
        let is_last_done = self.effects(Phase::Last) > 0;
        for (phase, rule, command, what) in [
            (Phase::Copy, Rule::CommandRepeated, self.trial.twice, "was sent again"),
            (Phase::Expired, Rule::CommandExpired, self.trial.expired, "had expired an hour ago"),
        ] {
            if self.effects(phase) > 0 {
                tallies.broken(rule, || {
                    format!("{shown}: command {command} {what}, and the device sent its status")
                });
            } else if is_last_done {
                tallies.kept(rule);
            }
        }
    }
}

impl ReceivedAnswer {
    fn is_refusal(&self) -> bool {
        self.answer.status == "Rejected"
    }
}

impl Trial {
    fn shown(&self) -> String {
        format!("{} through {} (partition {})", self.charge_point_id, self.pod, self.partition)
    }
}

fn judge_answer(trial: &Trial, first: &ReceivedAnswer, is_still_held: bool, tallies: &mut Tallies) {
    let took_ms = (first.at - trial.began).num_milliseconds();
    tallies.kept(Rule::CommandLost);
    let status = &first.answer.status;
    tallies.kept_with_proof(
        Rule::CommandAnswerMissing,
        format!("{}: {status} after {took_ms} ms", trial.shown()),
    );
    let is_refused = match first.answer.reason.as_deref() {
        Some("INVALID_COMMAND_PAYLOAD") => true,
        Some("DEVICE_OFFLINE") => is_still_held,
        _ => false,
    };
    tallies.judge(Rule::CommandRefused, !is_refused, || {
        format!("{}: {status}, {}", trial.shown(), first.answer.reason.as_deref().unwrap_or_default())
    });
}
