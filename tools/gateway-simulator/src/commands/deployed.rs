//! How a pod of the deployed gateway handles a record of the command topic.
//!
//! It reads three fields: the charge point, the command's name and its payload. So it executes
//! copies, expired commands and commands that name other pods. It reports no outcome.

use super::{Outcome, ReceivedCommand, Rejection};
use crate::device::{Answer, Input};
use crate::error::SimulatorError;
use crate::simulator::{Core, Origin, Slot};
use domain::commands::Command;
use domain::ids::{CommandId, GatewayId};
use runtime::kafka::ReceivedRecord;
use runtime::trace::TraceHeaders;
use serde_json::{Map, Value};
use uuid::Uuid;
use wire::{RawRecord, decode_command};

/// Passes the record to the pod, which executes commands for its devices and drops the rest.
pub(super) async fn handle_record(core: &Core, pod: usize, partition: i32, record: &ReceivedRecord) {
    let Some(gateway) = core.pod(pod) else { return };
    let Some(command) = read(record.value.as_deref().unwrap_or_default(), &gateway.id) else {
        core.counters().commands_unreadable.increment();
        tracing::warn!(partition, offset = record.offset, "a command is unreadable; it is skipped");
        return;
    };
    let received = (partition, record.offset);
    if let Err(error) = execute(core, pod, received, command, TraceHeaders::of(&record.headers)).await {
        tracing::error!(partition, offset = record.offset, %error, "the events of a command cannot be sent");
    }
}

async fn execute(
    core: &Core,
    pod: usize,
    (partition, offset): (i32, i64),
    command: Command,
    trace: TraceHeaders,
) -> Result<(), SimulatorError> {
    let (Some(gateway), slot) = (core.pod(pod), core.slot(&command.charge_point_id)) else { return Ok(()) };
    let mut held = match &slot {
        Some(slot) => Some(slot.lock().await).filter(|slot| slot.is_on(pod)),
        None => None,
    };
    let Some(slot) = held.as_mut() else {
        core.counters().commands_dropped.increment();
        return Ok(());
    };
    core.counters().commands_received.increment();
    // The events of the deployed gateway have no trace.
    let origin = Origin::now(pod);
    let reaction = Slot::apply(slot, Input::Command(command.kind.clone()), &origin, core);
    let outcome = core.count(match reaction.answer {
        Some(Answer::Accepted | Answer::Scheduled | Answer::Unlocked) => Outcome::Accepted,
        Some(Answer::Rejected | Answer::NotSupported) | None => Outcome::Rejected(Rejection::DeviceRejected),
    });
    core.commands.push(ReceivedCommand {
        partition,
        offset,
        pod: gateway.id.clone(),
        command,
        traceparent: trace.traceparent,
        outcome,
        received_at: origin.at,
    });
    core.react(slot, reaction, &origin).await.map(drop)
}

/// The command. A missing or invalid id, pod or time is replaced by a valid one, so that tests can
/// read the command.
fn read(value: &[u8], pod: &GatewayId) -> Option<Command> {
    if let Ok(command) = decode_command(&RawRecord::json(value)) {
        return Some(command);
    }
    let mut message: Map<String, Value> = serde_json::from_slice(value).ok()?;
    let id = message.get("commandId").and_then(Value::as_str).and_then(|id| Uuid::parse_str(id).ok());
    let now = runtime::clock::now().to_rfc3339();
    for (name, value) in [
        ("commandId", CommandId(id.unwrap_or_else(Uuid::now_v7)).to_string()),
        ("gatewayId", pod.to_string()),
        ("issuedAt", now.clone()),
        ("expiresAt", now),
    ] {
        message.insert(name.to_owned(), value.into());
    }
    let value = Value::Object(message).to_string();
    decode_command(&RawRecord::json(value.as_bytes())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::commands::CommandKind;
    use serde_json::json;

    #[test]
    fn three_fields_suffice_for_a_command() {
        let pod = GatewayId::parse("pod-0").unwrap();
        let bare = json!({ "chargePointId": "CP-1", "commandName": "Reset", "payload": { "type": "Soft" } });
        let command = read(bare.to_string().as_bytes(), &pod).unwrap();
        assert!(matches!(command.kind, CommandKind::Reset { .. }), "{command:?}");
        let id = Uuid::now_v7();
        let odd = json!({ "chargePointId": "CP-1", "commandName": "Reset", "payload": { "type": "Soft" },
                          "commandId": id, "gatewayId": 7, "expiresAt": "soon" });
        assert_eq!(read(odd.to_string().as_bytes(), &pod).unwrap().id, CommandId(id));
        assert_eq!(read(b"{}", &pod), None);
    }
}
