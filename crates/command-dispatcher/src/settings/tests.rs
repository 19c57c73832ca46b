use super::{DEFAULTS, Settings};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

fn settings(overrides: &[(&str, &str)]) -> Settings {
    runtime::settings::parse(DEFAULTS, overrides).unwrap()
}

#[test]
fn a_command_is_kept_as_long_as_what_refers_to_it() {
    let kept = |commands, batches, limits| {
        let settings = settings(&[
            ("retention.commands_days", commands),
            ("retention.batches_days", batches),
            ("stops.limit_retention_days", limits),
        ]);
        settings.retention.commands(settings.stops)
    };
    assert_eq!(kept("30", "10", "20"), DAY * 30);
    assert_eq!(kept("10", "30", "20"), DAY * 30);
    assert_eq!(kept("10", "20", "30"), DAY * 30);
}

#[test]
fn a_device_is_probed_again_only_after_its_time_to_answer() {
    let check = |interval, answer| {
        settings(&[("presence.probe_interval_s", interval), ("presence.probe_answer_s", answer)]).check()
    };
    check("11", "10").unwrap();
    for interval in ["10", "9"] {
        let refused = check(interval, "10").unwrap_err().to_string();
        assert!(
            refused.starts_with(&format!("presence.probe_interval_s ({interval}) must be more")),
            "{refused}"
        );
    }
    settings(&[]).check().unwrap();
}

#[test]
fn the_recovery_of_issues_is_off_by_default() {
    assert!(!settings(&[]).recovery.enabled);
    let terms = settings(&[("recovery.last_step", "hardReset")]).recovery.terms();
    assert_eq!(terms.ladder.last, domain::issues::RecoveryStep::HardReset);
}

#[test]
fn keys_outlive_their_batches() {
    let kept = |hours, ttl| {
        settings(&[("dispatch.idempotency_retention_h", hours), ("dispatch.batch_ttl_s", ttl)])
            .dispatch
            .idempotency_retention()
    };
    assert_eq!(kept("24", "1800"), DAY);
    assert_eq!(kept("1", "7200"), Duration::from_secs(3 * 3_600));
}
