//! The rules for gateways: the code, severity and texts of each.

mod commands;
mod devices;
mod records;
mod routes;

use serde::Serialize;

/// What it means that a rule is broken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// The contract is broken.
    Fail,
    /// The platform copes, but the gateway should be changed.
    Warn,
    /// Good to know.
    Info,
}

/// A rule of the contract, or a recommendation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    Undecodable,
    UnreadableBatch,
    KeyMissing,
    KeyMismatch,
    SeveralPartitions,
    EventIdReused,
    EventIdMissing,
    EventRepeated,
    GatewayIdMissing,
    TimestampMissing,
    TimestampAbsurd,
    EventTypeOutdated,
    TimeSpelling,
    FieldSpelling,
    OcppNames,
    TraceMissing,
    ClockSkew,
    HeartbeatsNeverSent,
    StartedMissing,
    TransactionIdReused,
    MeasurandsFlattened,
    ValueUnusable,
    Silent,
    RouteMissing,
    RouteRanOut,
    RouteInvalid,
    RouteQuoted,
    RouteElsewhere,
    RouteUnconfirmed,
    RouteWithoutTtl,
    RouteTtlLong,
    RouteRefreshedLate,
    RouteNotRefreshed,
    RouteLeftBehind,
    DisconnectionMissing,
    DisconnectionsNeverSent,
    CommandPartitions,
    CommandRetentionLong,
    CommandLost,
    CommandGroupShared,
    CommandAnyPartition,
    SilentWithKey,
    CommandAnswerMissing,
    AnswersNeverSent,
    CommandRefused,
    CommandRepeated,
    CommandExpired,
}

/// The code, severity and texts of a rule, as a verdict shows them.
#[derive(Debug)]
pub(super) struct RuleText {
    pub(super) rule: Rule,
    /// Never changes; `docs/gateway-contract.md` explains it.
    pub(super) code: &'static str,
    pub(super) severity: Severity,
    /// What is counted: records, devices, …
    pub(super) counts: &'static str,
    /// The rule, stated as it is when it is kept.
    pub(super) states: &'static str,
    /// What to do if the rule is broken.
    pub(super) advice: &'static str,
    /// What must be observed so that the rule can be judged.
    pub(super) needs: &'static str,
}

/// All rules, in the order in which a verdict lists them.
pub(super) fn rule_texts() -> impl Iterator<Item = &'static RuleText> {
    records::RULES.iter().chain(&devices::RULES).chain(&routes::RULES).chain(&commands::RULES)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_rule_has_one_text_with_a_unique_code() {
        let codes: BTreeSet<_> = rule_texts().map(|text| text.code).collect();
        let rules: BTreeSet<_> = rule_texts().map(|text| text.rule).collect();
        assert_eq!((codes.len(), rules.len()), (rule_texts().count(), rule_texts().count()));
    }

    #[test]
    fn the_contract_document_explains_every_code() {
        let contract = include_str!("../../../../docs/gateway-contract.md");
        for text in rule_texts() {
            assert!(contract.contains(&format!("| `{}` |", text.code)), "{} is not explained", text.code);
        }
    }
}
