use super::*;

fn of_caller(subject: &str, key: &str) -> IdempotencyKey {
    IdempotencyKey::OfCaller { subject: subject.to_owned(), key: key.to_owned() }
}

#[test]
fn a_key_belongs_to_its_caller() {
    let keys =
        [of_caller("order", "1"), of_caller("order", "11"), of_caller("order1", "1"), of_caller("desk", "1")];
    for (n, key) in keys.iter().enumerate() {
        assert_eq!(key.of_caller(), key.clone().of_caller());
        assert!(keys.iter().skip(n + 1).all(|other| other.of_caller() != key.of_caller()), "{key:?}");
    }
}

#[test]
fn no_caller_can_send_the_key_of_a_batch() {
    let key = IdempotencyKey::OfBatch { batch_id: CommandBatchId(Uuid::nil()), pile_id: PileId(Uuid::nil()) };
    assert_eq!(key.of_caller(), None);
    assert!(key.text().bytes().any(|byte| !byte.is_ascii_graphic()), "{}", key.text());
    assert!(of_caller("order", &key.text()).of_caller().is_some());
}

#[test]
fn a_recorded_digest_is_that_of_the_same_request_only() {
    let (request, other) = (RequestDigest::of(b"reset"), RequestDigest::of(b"unlock"));
    let recorded = RecordedDigest { sha256: Some(request.sha256()), earlier: request.earlier() };
    assert!(recorded.is_of(&request) && !recorded.is_of(&other));
    let same_in_64_bits = RecordedDigest { sha256: Some(other.sha256()), earlier: request.earlier() };
    assert!(!same_in_64_bits.is_of(&request), "only the stronger digest counts");
    let earlier = RecordedDigest { sha256: None, earlier: request.earlier() };
    assert!(earlier.is_of(&request) && !earlier.is_of(&other));
}
