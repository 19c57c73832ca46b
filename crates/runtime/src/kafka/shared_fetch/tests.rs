use super::*;

const HOUR: Duration = Duration::from_secs(3_600);

/// The response for a partition that is asked for from offset 10 on.
fn batches(end: i64, bytes: &[u8]) -> Batches {
    Batches { end, aborted: Vec::new(), bytes: bytes.to_vec() }
}

fn waiting(partition: i32, max_wait: Duration) -> (Waiting, oneshot::Receiver<Shared>) {
    let (answer, answered) = oneshot::channel();
    let part = FetchPart { partition, offset: 10, max_bytes: 1_000 };
    (Waiting { part, until: Instant::now() + max_wait, answer }, answered)
}

fn partitions(waiting: &[Waiting]) -> Vec<i32> {
    waiting.iter().map(|waiting| waiting.part.partition).collect()
}

#[test]
fn a_partition_without_records_continues_to_wait() {
    let (fetched, mut fetched_answer) = waiting(1, HOUR);
    let (empty, mut empty_answer) = waiting(2, HOUR);
    let (over, mut over_answer) = waiting(3, Duration::ZERO);
    let answer = vec![(1, Ok(batches(11, b"batch"))), (2, Ok(batches(10, b""))), (3, Ok(batches(10, b"")))];
    let rest = distribute(vec![fetched, empty, over], answer);
    assert_eq!(partitions(&rest), [2]);
    assert!(empty_answer.try_recv().is_err(), "it has no answer yet");
    assert!(matches!(fetched_answer.try_recv(), Ok(Shared::Fetched(found)) if found.bytes == b"batch"));
    assert!(matches!(over_answer.try_recv(), Ok(Shared::Fetched(found)) if found.bytes.is_empty()));
}

#[test]
fn a_partition_fails_or_fetches_alone_without_the_others() {
    let (refused, mut refused_answer) = waiting(1, HOUR);
    let (large, mut large_answer) = waiting(2, HOUR);
    let (missing, mut missing_answer) = waiting(3, HOUR);
    let (empty, _empty_answer) = waiting(4, HOUR);
    let refusal = Failure::TimedOut(HOUR);
    let answer = vec![(1, Err(refusal)), (2, Ok(batches(12, b""))), (4, Ok(batches(10, b"")))];
    assert_eq!(partitions(&distribute(vec![refused, large, missing, empty], answer)), [4]);
    assert!(matches!(refused_answer.try_recv(), Ok(Shared::Failed(_))));
    assert!(matches!(large_answer.try_recv(), Ok(Shared::Alone)), "the broker has omitted a batch");
    assert!(matches!(missing_answer.try_recv(), Ok(Shared::Failed(_))));
}

#[tokio::test(start_paused = true)]
async fn partitions_that_wait_at_the_same_time_share_the_next_request() {
    let mut queue = Queue::default();
    let (first, _first_answer) = waiting(1, HOUR);
    let (second, _second_answer) = waiting(2, HOUR);
    let due = queue.add(vec![first]).unwrap();
    assert!(due <= Instant::now(), "the first request begins at once");
    assert_eq!(queue.add(vec![second]), None, "one request for both");
    assert_eq!(partitions(&queue.take()), [1, 2]);
    assert_eq!(queue.add(Vec::new()), None);

    let (third, third_answer) = waiting(3, HOUR);
    let (fourth, _fourth_answer) = waiting(4, HOUR);
    let due = queue.add(vec![third, fourth]).unwrap();
    assert!(due > Instant::now(), "the next request gathers others");
    drop(third_answer);
    assert_eq!(partitions(&queue.take()), [4], "a cancelled fetch is not requested");
}

#[tokio::test(start_paused = true)]
async fn a_partition_is_in_a_request_once() {
    let mut queue = Queue::default();
    let (first, mut first_answer) = waiting(1, HOUR);
    let (second, mut second_answer) = waiting(1, HOUR);
    queue.add(vec![first, second]);
    assert!(first_answer.try_recv().is_err());
    assert!(matches!(second_answer.try_recv(), Ok(Shared::Alone)));
    assert_eq!(partitions(&queue.take()), [1]);
}
