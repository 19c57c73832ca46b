use super::*;

const LIMIT: Duration = Duration::from_secs(120);

fn found(retention: Option<u64>, segment: Option<u64>) -> Finding {
    let [retention, segment] = [retention, segment].map(|seconds| seconds.map(Duration::from_secs));
    Finding::of("commands-down", LIMIT, &Ok(TopicRetention { retention, segment }))
}

#[test]
fn reports_a_retention_that_is_too_long_with_the_remedy() {
    let state = RetentionState(Arc::new(Mutex::new(Finding::NotRead)));
    assert_eq!(state.advisory().unwrap_err(), "not read yet");
    state.update(&found(Some(604_800), Some(60)));
    assert_eq!(
        state.advisory().unwrap_err(),
        "commands-down keeps records for 7 d: a gateway that restarts may execute old commands; \
             set retention.ms=120000 and segment.ms=60000"
    );
    state.update(&found(Some(120), Some(60)));
    assert_eq!(state.advisory(), Ok(()));
    state.update(&Finding::of("commands-down", LIMIT, &Err(KafkaError::SettingNotReported("retention.ms"))));
    assert_eq!(
        state.advisory().unwrap_err(),
        "the retention of commands-down is not known: \
             the brokers report no usable retention.ms of the topic"
    );
}

#[test]
fn only_a_changed_finding_is_reported_as_new() {
    let state = RetentionState(Arc::new(Mutex::new(Finding::NotRead)));
    assert!(state.update(&found(Some(604_800), None)));
    assert!(!state.update(&found(Some(604_800), None)));
    assert!(state.update(&found(Some(86_400), None)));
    assert!(state.update(&found(None, None)));
    assert!(state.update(&found(Some(120), Some(60))));
    assert!(!state.update(&found(Some(90), Some(60))));
}
