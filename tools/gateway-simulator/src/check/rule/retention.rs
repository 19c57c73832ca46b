//! The rule about how long the command topic keeps commands.

use super::{Rule, RuleText, Severity};

/// Commands are deleted before a restarted pod can read them again.
pub(super) const RULE_TEXT: RuleText = RuleText {
    rule: Rule::CommandRetentionLong,
    code: "COMMAND_RETENTION_LONG",
    severity: Severity::Warn,
    counts: "topics",
    states: "the command topic keeps commands for at most check.command_retention_s",
    advice: "Set retention.ms=120000 and segment.ms=60000 on the topic: a restarted pod reads the commands that are still there, and may execute old ones.",
    needs: "the topic's settings could not be read from Kafka",
};
