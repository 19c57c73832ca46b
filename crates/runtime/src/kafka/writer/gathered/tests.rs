use super::*;

fn batch(partition: i32) -> Arc<Encoded> {
    Arc::new(Encoded { partition, batch: Vec::new() })
}

fn taken(gathered: &Gathered, leader: &str) -> Option<Vec<i32>> {
    Some(gathered.take(leader)?.iter().map(|one| one.encoded.partition).collect())
}

#[test]
fn those_that_arrive_during_a_request_share_the_next_one() {
    let (gathered, end) = (Gathered::default(), Instant::now());
    assert!(gathered.join("a", &batch(0), end).is_none(), "the first is sent at once");
    let receivers = [1, 2, 1, 1].map(|partition| gathered.join("a", &batch(partition), end));
    assert!(receivers.iter().all(Option::is_some));
    assert!(gathered.join("b", &batch(3), end).is_none(), "another broker");
    assert_eq!(taken(&gathered, "a"), Some(vec![1, 2]));
    // A partition has one batch in a request; its order is kept.
    assert_eq!(taken(&gathered, "a"), Some(vec![1]));
    assert_eq!(taken(&gathered, "a"), Some(vec![1]));
    assert_eq!(taken(&gathered, "a"), None);
    assert!(gathered.join("a", &batch(0), end).is_none(), "no request is in flight any more");
    assert_eq!(taken(&gathered, "b"), None);
}

#[test]
fn a_request_has_a_bounded_number_of_partitions() {
    let (gathered, end) = (Gathered::default(), Instant::now());
    let most = i32::try_from(MOST).unwrap();
    assert!(gathered.join("a", &batch(-1), end).is_none());
    let _receivers: Vec<_> = (0..=most).map(|partition| gathered.join("a", &batch(partition), end)).collect();
    assert_eq!(taken(&gathered, "a").unwrap().len(), MOST);
    assert_eq!(taken(&gathered, "a"), Some(vec![most]));
}

#[test]
fn only_what_was_not_sent_can_be_withdrawn() {
    let (gathered, end) = (Gathered::default(), Instant::now());
    assert!(gathered.join("a", &batch(0), end).is_none());
    let (first, second) = (batch(1), batch(1));
    let _receivers = [&first, &second].map(|one| gathered.join("a", one, end));
    assert!(gathered.withdraw("a", &first));
    assert!(!gathered.withdraw("a", &first));
    assert_eq!(taken(&gathered, "a"), Some(vec![1]));
    assert!(!gathered.withdraw("a", &second), "it is sent");
}
