//! What a gateway is held to: every rule with its code, its weight, and what to do about it.

mod rules;
mod retention;

pub(super) use rules::RULE_TEXTS;

use serde::Serialize;

/// What it means for a rule not to be kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// The contract is broken.
    Fail,
    /// The platform copes; the gateway should be changed all the same.
    Warn,
    /// Worth knowing.
    Info,
}

/// A rule of the contract, or of good manners.
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
    GoodbyeMissing,
    GoodbyesNeverSent,
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

/// What there is to say of a rule.
#[derive(Debug)]
pub(super) struct RuleText {
    pub(super) rule: Rule,
    /// Never changes; `docs/gateway-contract.md` explains it.
    pub(super) code: &'static str,
    pub(super) severity: Severity,
    /// What is counted.
    pub(super) counts: &'static str,
    /// What holds where the rule is kept.
    pub(super) states: &'static str,
    /// What to do where it is not kept.
    pub(super) advice: &'static str,
    /// What has to be observed for the rule to be judged.
    pub(super) needs: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_rule_has_a_law_with_a_code_of_its_own() {
        let codes: BTreeSet<_> = RULE_TEXTS.iter().map(|text| text.code).collect();
        let rules: BTreeSet<_> = RULE_TEXTS.iter().map(|text| text.rule).collect();
        assert_eq!((codes.len(), rules.len()), (RULE_TEXTS.len(), RULE_TEXTS.len()));
    }

    #[test]
    fn the_contract_explains_every_code() {
        let contract = include_str!("../../../../docs/gateway-contract.md");
        for text in &RULE_TEXTS {
            assert!(contract.contains(&format!("| `{}` |", text.code)), "{} is not explained", text.code);
        }
    }
}
