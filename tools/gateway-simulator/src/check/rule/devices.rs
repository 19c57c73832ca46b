//! The rules for clocks, transactions, values and the silence of devices.

use super::{Rule, RuleText, Severity};

pub(super) static RULES: [RuleText; 7] = [
    RuleText {
        rule: Rule::ClockSkew,
        code: "CLOCK_SKEW",
        severity: Severity::Warn,
        counts: "pods",
        states: "a pod's events are dated when their records were sent",
        advice: "Synchronise the clocks of that pod and of its devices (NTP); of two events the one with the later time counts, so a wrong clock hides newer events.",
        needs: "no pod sent five events with a timestamp",
    },
    RuleText {
        rule: Rule::HeartbeatsNeverSent,
        code: "HEARTBEATS_NEVER_SENT",
        severity: Severity::Warn,
        counts: "gateway",
        states: "heartbeats are forwarded",
        advice: "Send charge_point.heartbeat for every Heartbeat of a device; without heartbeats an idle device looks disconnected, and the platform has to probe it.",
        needs: "no device was observed for longer than check.heartbeat_interval_s",
    },
    RuleText {
        rule: Rule::StartedMissing,
        code: "STARTED_MISSING",
        severity: Severity::Warn,
        counts: "transactions",
        states: "transaction.started comes before a transaction's meter values and stop",
        advice: "Send transaction.started with idTag, meterStartWh and transactionId; without it the platform infers the start, and does not know the driver or the register at the start.",
        needs: "no transaction began during the check",
    },
    RuleText {
        rule: Rule::TransactionIdReused,
        code: "TRANSACTION_ID_REUSED",
        severity: Severity::Warn,
        counts: "devices",
        states: "a transactionId identifies one transaction of its device",
        advice: "Use a unique id for every transaction, across restarts and connectors; two transactions with one id become one session, or neither of them ends.",
        needs: "no event had a transactionId",
    },
    RuleText {
        rule: Rule::MeasurandsFlattened,
        code: "MEASURANDS_FLATTENED",
        severity: Severity::Warn,
        counts: "messages",
        states: "an instant has one energy; other values have their own measurands and units",
        advice: "Pass on measurand and unit of every sampled value; a power or a voltage that is sent as an energy is lost, and can be taken for the register.",
        needs: "no meter values had several values of one instant",
    },
    RuleText {
        rule: Rule::ValueUnusable,
        code: "VALUE_UNUSABLE",
        severity: Severity::Warn,
        counts: "messages",
        states: "every sampled value is valid",
        advice: "Send values that section 1 accepts, each with its measurand and unit, or leave them out; an invalid value is ignored, and the rest of the message counts.",
        needs: "no meter values were received",
    },
    RuleText {
        rule: Rule::Silent,
        code: "SILENT",
        severity: Severity::Warn,
        counts: "devices",
        states: "connected devices send an event within the heartbeat time-out",
        advice: "Configure a shorter HeartbeatInterval on the device, and forward its heartbeats; until then it shows as offline.",
        needs: "no device was observed for longer than check.heartbeat_timeout_s",
    },
];
