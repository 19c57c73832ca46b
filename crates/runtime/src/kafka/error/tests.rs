use super::*;

const REQUEST_TIMED_OUT: ErrorCode = ErrorCode(7);
const NOT_LEADER_OR_FOLLOWER: ErrorCode = ErrorCode(6);
const NOT_ENOUGH_REPLICAS_AFTER_APPEND: ErrorCode = ErrorCode(20);
const STORAGE_ERROR: ErrorCode = ErrorCode(56);
const UNKNOWN_SERVER_ERROR: ErrorCode = ErrorCode(-1);

#[test]
fn only_checks_before_the_append_prove_that_nothing_was_published() {
    for code in [
        ErrorCode::MESSAGE_TOO_LARGE,
        ErrorCode::NOT_ENOUGH_REPLICAS,
        ErrorCode::UNKNOWN_TOPIC_OR_PARTITION,
        ErrorCode::TOPIC_AUTHORIZATION_FAILED,
    ] {
        assert_eq!(Failure::Answered(code).reached(), Reached::Never, "{code:?}");
    }
    for code in [
        REQUEST_TIMED_OUT,
        NOT_ENOUGH_REPLICAS_AFTER_APPEND,
        NOT_LEADER_OR_FOLLOWER,
        STORAGE_ERROR,
        UNKNOWN_SERVER_ERROR,
    ] {
        assert_eq!(Failure::Answered(code).reached(), Reached::Perhaps, "{code:?}");
    }
    assert_eq!(Failure::TimedOut(Duration::ZERO).reached(), Reached::Perhaps);
    assert_eq!(Failure::Lost.reached(), Reached::Perhaps);
    assert_eq!(Failure::Throttled(Duration::ZERO).reached(), Reached::Never);
}

#[test]
fn only_final_errors_end_the_attempts() {
    assert!(Failure::Answered(ErrorCode::MESSAGE_TOO_LARGE).is_final());
    assert!(Failure::Answered(ErrorCode::TOPIC_AUTHORIZATION_FAILED).is_final());
    assert!(!Failure::Answered(ErrorCode::NOT_ENOUGH_REPLICAS).is_final());
    assert!(!Failure::Answered(NOT_LEADER_OR_FOLLOWER).is_final());
    assert!(!Failure::TimedOut(Duration::ZERO).is_final());
}

#[test]
fn a_moved_leader_discards_the_connection_and_a_wrong_offset_does_not() {
    assert!(Failure::Answered(NOT_LEADER_OR_FOLLOWER).is_suspicious());
    assert!(Failure::Answered(STORAGE_ERROR).is_suspicious());
    assert!(Failure::TimedOut(Duration::ZERO).is_suspicious());
    assert!(!Failure::Answered(ErrorCode::OFFSET_OUT_OF_RANGE).is_suspicious());
}

#[test]
fn every_failure_has_a_known_reason() {
    let failures = [
        (Failure::TimedOut(Duration::ZERO), "timeout"),
        (Failure::Throttled(Duration::ZERO), "throttled"),
        (Failure::Answered(NOT_LEADER_OR_FOLLOWER), "refused"),
        (Failure::malformed(Malformed), "response"),
        (Failure::Exchange(ExchangeError::Address("a".to_owned())), "connection"),
        (Failure::Cluster(KafkaError::TopicUnknown("a".to_owned())), "connection"),
    ];
    for (failure, reason) in failures {
        assert_eq!(failure.reason(), reason, "{failure:?}");
        assert!(REASONS.contains(&reason));
    }
}
