use super::*;
use chrono::DateTime;
use domain::devices::presence::Confidence;
use domain::feed::{ConnectivityChanged, FeedChange, FeedKind, FeedSubject};
use domain::ids::ChargePointId;

#[test]
fn splits_changes_into_requests_that_a_broker_accepts_and_omits_none() {
    let change = |device: usize| FeedChange {
        subject: FeedSubject::ChargePoint(ChargePointId::parse(&format!("CP-{}", device % 3)).unwrap()),
        at: DateTime::UNIX_EPOCH,
        kind: FeedKind::ConnectivityChanged(ConnectivityChanged {
            online: true,
            gateway_id: None,
            confidence: Confidence::Live,
        }),
    };
    let chunk = |position| Chunk {
        position,
        created_at: DateTime::UNIX_EPOCH,
        changes: (0..FeedChange::MAX_CHUNK_LEN).map(change).collect(),
        operators: Vec::new(),
    };
    let chunks: Vec<Chunk> = (1..=20).map(chunk).collect();
    let outgoing = Outgoing::of(&chunks, NonZeroU16::new(2).unwrap(), "/s").unwrap();
    assert_eq!((outgoing.next_position, outgoing.changes), (21, 10_000));
    let mut ids = Vec::new();
    for requests in outgoing.waiting.values() {
        assert!(requests.len() > 1, "the changes exceed one request");
        let mut last = FeedPosition::end_of(0);
        for request in requests {
            assert!(request.iter().map(size).sum::<usize>() <= MAX_BYTES);
            for record in request {
                let id = String::from_utf8(record.headers["ce_id"].clone()).unwrap();
                let position: FeedPosition = id.parse().unwrap();
                assert!(position > last, "in order");
                last = position;
                ids.push(position);
            }
        }
    }
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 10_000);
}
