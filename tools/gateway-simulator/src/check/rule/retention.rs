//! The rule about how long the command topic keeps commands.

use super::{RuleText, Rule, Severity};

/// Old commands are gone before a pod that starts again could read them.
pub(super) const RULE_TEXT: RuleText = RuleText {
    rule: Rule::CommandRetentionLong,
    code: "COMMAND_RETENTION_LONG",
    severity: Severity::Warn,
    counts: "topics",
    states: "the command topic keeps commands for check.command_retention_s at most",
    advice: "Set retention.ms=120000 and segment.ms=60000 on the topic: a pod that starts again reads what is still there, and may carry out old commands.",
    needs: "the brokers did not report the topic's settings",
};
