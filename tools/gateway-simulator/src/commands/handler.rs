//! How a pod handles a record of the command topic.

use super::{Outcome, ReceivedCommand, Rejection, deployed};
use crate::device::{Answer, Input};
use crate::error::SimulatorError;
use crate::simulator::{Core, Origin, Slot};
use domain::commands::Command;
use domain::event::{CommandAnswer, EventKind};
use domain::ids::{ChargePointId, CommandId, GatewayId};
use runtime::kafka::ReceivedRecord;
use runtime::trace::{self, TraceHeaders};
use serde::Deserialize;
use tracing::Instrument as _;
use wire::{RawRecord, decode_command};

/// Passes the record to the pod, which executes commands that are for it and skips the rest.
pub(crate) async fn handle_record(core: &Core, pod: usize, partition: i32, record: &ReceivedRecord) {
    let Some(gateway) = core.pod(pod).filter(|pod| pod.is_up()) else { return };
    if core.behaviour.is_deployed() {
        return deployed::handle_record(core, pod, partition, record).await;
    }
    let headers = record.headers.iter().map(|(name, content)| (name.as_str(), content.as_slice()));
    let raw = RawRecord::new(record.value.as_deref(), headers);
    let outcome = match decode_command(&raw) {
        Ok(command) if command.gateway_id != gateway.id => {
            core.counters().commands_foreign.increment();
            Ok(())
        }
        Ok(command) => {
            let topic = &core.settings.topics.commands;
            let span = trace::process(topic, partition, record.offset, &record.headers);
            let trace = TraceHeaders::of(&record.headers);
            receive(core, pod, (partition, record.offset), command, trace).instrument(span).await
        }
        Err(error) => {
            let outcome = refuse_invalid(core, pod, raw.value.unwrap_or_default()).await;
            tracing::warn!(partition, offset = record.offset, %error, "a command cannot be decoded");
            outcome
        }
    };
    if let Err(error) = outcome {
        tracing::error!(partition, offset = record.offset, %error, "a command could not be handled");
    }
}

async fn receive(
    core: &Core,
    pod: usize,
    (partition, offset): (i32, i64),
    command: Command,
    trace: TraceHeaders,
) -> Result<(), SimulatorError> {
    let received_at = runtime::clock::now();
    let traceparent = trace.traceparent.clone();
    core.counters().commands_received.increment();
    let outcome = if !core.is_new_command(pod, command.id) {
        core.counters().commands_repeated.increment();
        Outcome::Repeated
    } else if command.expires_at < received_at {
        core.counters().commands_expired.increment();
        Outcome::Expired
    } else {
        execute(core, pod, &command, trace).await?
    };
    core.commands.push(ReceivedCommand {
        partition,
        offset,
        pod: command.gateway_id.clone(),
        command,
        traceparent,
        outcome,
        received_at,
    });
    Ok(())
}

/// Executes the command on the device, and sends its answer and then its events.
async fn execute(
    core: &Core,
    pod: usize,
    command: &Command,
    trace: TraceHeaders,
) -> Result<Outcome, SimulatorError> {
    // If this gateway's own spans are exported, the effects follow from them; otherwise from the
    // caller's.
    let trace = if trace::is_exported() { TraceHeaders::current() } else { trace };
    let origin = Origin { trace_id: command.trace_id.clone(), trace, ..Origin::now(pod) };
    let answer =
        |outcome: Outcome, status: &str| command_answered(command.id, command.kind.name(), outcome, status);
    let slot = core.slot(&command.charge_point_id);
    let mut held = match &slot {
        Some(slot) => Some(slot.lock().await).filter(|slot| slot.is_on(pod)),
        None => None,
    };
    let Some(slot) = held.as_mut() else {
        let outcome = core.count(Outcome::Rejected(Rejection::DeviceOffline));
        let event = answer(outcome, "Rejected");
        core.publish_event(&command.charge_point_id, event, &origin).await?;
        return Ok(outcome);
    };
    let reaction = Slot::apply(slot, Input::Command(command.kind.clone()), &origin, core);
    let status = reaction.answer.unwrap_or(Answer::Rejected);
    let outcome = core.count(match status {
        Answer::Accepted | Answer::Scheduled | Answer::Unlocked => Outcome::Accepted,
        Answer::Rejected | Answer::NotSupported => Outcome::Rejected(Rejection::DeviceRejected),
    });
    core.publish_event(&command.charge_point_id, answer(outcome, status.as_str()), &origin).await?;
    // Acknowledgements are counted; nothing waits for them here.
    core.react(slot, reaction, &origin).await.map(drop)?;
    Ok(outcome)
}

/// The fields that a command with an invalid payload may have.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    command_id: CommandId,
    command_name: String,
    charge_point_id: ChargePointId,
    gateway_id: GatewayId,
}

/// Answers a command for this pod with an invalid payload. No other unreadable record is known to
/// be for it.
async fn refuse_invalid(core: &Core, pod: usize, value: &[u8]) -> Result<(), SimulatorError> {
    core.counters().commands_unreadable.increment();
    let Ok(envelope) = serde_json::from_slice::<Envelope>(value) else {
        return Ok(());
    };
    let is_for_pod = core.pod(pod).is_some_and(|pod| pod.id == envelope.gateway_id);
    if !is_for_pod || !core.is_new_command(pod, envelope.command_id) {
        return Ok(());
    }
    let outcome = core.count(Outcome::Rejected(Rejection::InvalidCommandPayload));
    let event = command_answered(envelope.command_id, &envelope.command_name, outcome, "Rejected");
    core.publish_event(&envelope.charge_point_id, event, &Origin::now(pod)).await.map(drop)
}

fn command_answered(id: CommandId, name: &str, outcome: Outcome, status: &str) -> EventKind {
    let reason = match outcome {
        Outcome::Rejected(rejection) => Some(rejection.as_str().to_owned()),
        Outcome::Accepted | Outcome::Expired | Outcome::Repeated => None,
    };
    EventKind::CommandAnswered(CommandAnswer {
        command_id: Some(id),
        command_name: Some(name.to_owned()),
        status: status.to_owned(),
        reason,
    })
}
