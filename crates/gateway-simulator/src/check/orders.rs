//! What came of the commands that devices were sent.

use super::rule::Rule;
use super::tally::Tallies;
use chrono::{DateTime, Utc};
use domain::event::{CommandAnswer, EventKind, GatewayEvent};
use domain::ids::{ChargePointId, CommandId, GatewayId};
use std::collections::HashMap;

/// Answers to one command that are kept.
const ANSWERS: usize = 8;

/// The commands of one device: one, a copy of it, one that has expired, and a last one.
///
/// They are published to one partition in that order, the copy only once the first is answered. So what is to be said of
/// the second and third is said when the last is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// The device.
    pub charge_point_id: ChargePointId,
    /// The pod that its key names.
    pub pod: GatewayId,
    /// The partition of that pod.
    pub partition: i32,
    /// The command that is sent twice.
    pub twice: CommandId,
    /// The command that has expired.
    pub expired: CommandId,
    /// The last command.
    pub last: CommandId,
    /// When the first was published.
    pub began: DateTime<Utc>,
}

/// An answer to a command.
#[derive(Debug, Clone)]
struct Answered {
    answer: CommandAnswer,
    at: DateTime<Utc>,
}

/// Trials under way, and the answers to their commands.
#[derive(Debug, Default)]
pub(super) struct Orders {
    trials: HashMap<ChargePointId, Trial>,
    answers: HashMap<CommandId, Vec<Answered>>,
    heartbeats: HashMap<ChargePointId, DateTime<Utc>>,
}

impl Orders {
    pub(super) fn begin(&mut self, trial: Trial) {
        for id in [trial.twice, trial.expired, trial.last] {
            self.answers.insert(id, Vec::new());
        }
        self.trials.insert(trial.charge_point_id.clone(), trial);
    }

    /// Notes what has to do with the commands; the event is no copy of one that came before.
    pub(super) fn hear(&mut self, event: &GatewayEvent, at: DateTime<Utc>) {
        match &event.kind {
            EventKind::CommandAnswered(answer) => {
                let answers = answer.command_id.and_then(|id| self.answers.get_mut(&id));
                if let Some(answers) = answers.filter(|answers| answers.len() < ANSWERS) {
                    answers.push(Answered { answer: answer.clone(), at });
                }
            }
            EventKind::Heartbeat if self.trials.contains_key(&event.charge_point_id) => {
                self.heartbeats.entry(event.charge_point_id.clone()).or_insert(at);
            }
            _ => {}
        }
    }

    pub(super) fn is_answered(&self, command: CommandId) -> bool {
        !self.to(command).is_empty()
    }

    /// Judges the trial of that device, which `holder` holds now, as key and events agree.
    pub(super) fn conclude(&mut self, id: &ChargePointId, holder: Option<&GatewayId>, tallies: &mut Tallies) {
        let Some(trial) = self.trials.remove(id) else { return };
        let is_still_there = holder == Some(&trial.pod);
        match self.to(trial.twice).first() {
            Some(first) => {
                judge_answer(&trial, first, is_still_there, tallies);
                self.judge_copy(&trial, tallies);
                self.judge_expired(&trial, tallies);
                if self.to(trial.last).is_empty() && is_still_there {
                    tallies.broken(Rule::CommandLost, || format!("{} {}", trial.shown(), trial.last));
                }
            }
            None if self.heartbeats.contains_key(id) => {
                tallies.kept(Rule::CommandLost);
                tallies.broken(Rule::CommandAnswerMissing, || {
                    format!("{} sent a heartbeat, and no answer", trial.shown())
                });
            }
            None if is_still_there => {
                tallies.broken(Rule::CommandLost, || {
                    format!("{} {}: neither an answer nor a heartbeat", trial.shown(), trial.twice)
                });
            }
            None => {} // the device has gone or moved meanwhile
        }
        self.heartbeats.remove(id);
    }

    /// Two answers that are no refusals and have ids of their own: it was done twice.
    fn judge_copy(&self, trial: &Trial, tallies: &mut Tallies) {
        let done = self.to(trial.twice).iter().filter(|answered| !answered.is_refusal()).count();
        if done > 1 {
            let example = || format!("{} {} was answered {done} times", trial.shown(), trial.twice);
            tallies.broken(Rule::CommandRepeated, example);
        } else if self.is_answered(trial.last) {
            tallies.kept(Rule::CommandRepeated);
        }
    }

    fn judge_expired(&self, trial: &Trial, tallies: &mut Tallies) {
        let done = self.to(trial.expired).iter().find(|answered| !answered.is_refusal());
        if let Some(done) = done {
            let example = || format!("{} {}: {}", trial.shown(), trial.expired, done.answer.status);
            tallies.broken(Rule::CommandExpired, example);
        } else if self.is_answered(trial.last) {
            tallies.kept(Rule::CommandExpired);
        }
    }

    fn to(&self, command: CommandId) -> &[Answered] {
        self.answers.get(&command).map_or(&[], Vec::as_slice)
    }
}

impl Answered {
    fn is_refusal(&self) -> bool {
        self.answer.status == "Rejected"
    }
}

impl Trial {
    fn shown(&self) -> String {
        format!("{} through {} (partition {})", self.charge_point_id, self.pod, self.partition)
    }
}

fn judge_answer(trial: &Trial, first: &Answered, is_still_there: bool, tallies: &mut Tallies) {
    let took_ms = (first.at - trial.began).num_milliseconds();
    tallies.kept(Rule::CommandLost);
    let status = &first.answer.status;
    tallies.proved(Rule::CommandAnswerMissing, format!("{}: {status} after {took_ms} ms", trial.shown()));
    let is_refused = match first.answer.reason.as_deref() {
        Some("INVALID_COMMAND_PAYLOAD") => true,
        Some("DEVICE_OFFLINE") => is_still_there,
        _ => false,
    };
    tallies.judge(Rule::CommandRefused, !is_refused, || {
        format!("{}: {status}, {}", trial.shown(), first.answer.reason.as_deref().unwrap_or_default())
    });
}
