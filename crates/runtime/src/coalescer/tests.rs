use super::*;
use futures_util::future::join_all;

const BOUNDS: Bounds =
    Bounds { waiting: 100, batch: 4, at_once: 1, linger: Duration::ZERO, patience: Duration::ZERO };

#[tokio::test]
async fn requests_that_arrive_during_a_batch_form_the_next_batch() {
    let batches = Arc::new(Mutex::new(Vec::new()));
    let (seen, gate) = (Arc::clone(&batches), Arc::new(Semaphore::new(0)));
    let opened = Arc::clone(&gate);
    let doubled = Coalescer::new(BOUNDS, move |requests: Vec<u32>| {
        seen.lock().unwrap().push(requests.clone());
        let opened = Arc::clone(&opened);
        async move {
            opened.acquire().await.unwrap().forget();
            requests.into_iter().map(|request| request * 2).collect()
        }
    });
    let first = doubled.enqueue(0).await.unwrap();
    while batches.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    let others = join_all((1..=6).map(|request| doubled.enqueue(request))).await;
    gate.add_permits(3);
    assert_eq!(first.await.unwrap(), 0);
    for (request, response) in (1..=6).zip(others) {
        assert_eq!(response.unwrap().await.unwrap(), request * 2);
    }
    assert_eq!(*batches.lock().unwrap(), [vec![0], vec![1, 2, 3, 4], vec![5, 6]]);
}

#[tokio::test]
async fn after_a_batch_that_panics_the_next_is_served() {
    let coalescer = Coalescer::new(BOUNDS, |requests: Vec<u32>| async move {
        assert_ne!(requests, [13]);
        requests
    });
    assert_eq!(coalescer.request(13).await, Err(Lost));
    assert_eq!(coalescer.request(14).await, Ok(14));
}

/// A coalescer that returns whether it served a request in a task, once the gate is open.
fn gated() -> (Coalescer<(), bool>, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let opened = Arc::clone(&gate);
    let coalescer = Coalescer::new(BOUNDS, move |requests: Vec<()>| {
        let opened = Arc::clone(&opened);
        async move {
            opened.acquire().await.unwrap().forget();
            vec![tokio::task::try_id().is_some(); requests.len()]
        }
    });
    (coalescer, gate)
}

#[tokio::test]
async fn a_request_without_a_batch_in_flight_is_served_by_its_caller() {
    let (coalescer, gate) = gated();
    gate.add_permits(2);
    assert_eq!(coalescer.request(()).await, Ok(false));
    assert_eq!(coalescer.request(()).await, Ok(false), "the slot must be released");
}

#[tokio::test]
async fn queued_requests_are_served_even_if_the_caller_before_them_goes_away() {
    let (coalescer, gate) = gated();
    let mut first = Box::pin(coalescer.request(()));
    assert!(futures_util::poll!(&mut first).is_pending());
    let second = coalescer.enqueue(()).await.unwrap();
    drop(first);
    gate.add_permits(1);
    assert!(second.await.unwrap(), "a task must serve it");
    coalescer.finish().await;
    gate.add_permits(1);
    assert_eq!(coalescer.request(()).await, Ok(false), "the slot must be released");
}

#[tokio::test]
async fn requests_that_linger_are_served_together_before_it_finishes() {
    let sizes = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&sizes);
    let bounds = Bounds { linger: Duration::from_millis(20), ..BOUNDS };
    let coalescer = Coalescer::new(bounds, move |requests: Vec<u32>| {
        seen.lock().unwrap().push(requests.len());
        async move { requests }
    });
    let receivers = join_all((0..3).map(|request| coalescer.enqueue(request))).await;
    coalescer.finish().await;
    assert_eq!(*sizes.lock().unwrap(), [3]);
    for (request, receiver) in (0..3).zip(receivers) {
        assert_eq!(receiver.unwrap().await, Ok(request));
    }
}

#[tokio::test]
async fn another_batch_begins_when_the_first_takes_long() {
    let gates = Arc::new([Semaphore::new(0), Semaphore::new(0)]);
    let batches = Arc::new(Mutex::new(Vec::new()));
    let (opened, seen) = (Arc::clone(&gates), Arc::clone(&batches));
    let bounds = Bounds { at_once: 2, patience: Duration::from_millis(20), ..BOUNDS };
    let coalescer = Coalescer::new(bounds, move |requests: Vec<usize>| {
        let turn = seen.lock().unwrap().len();
        seen.lock().unwrap().push(requests.clone());
        let opened = Arc::clone(&opened);
        async move {
            opened[turn].acquire().await.unwrap().forget();
            requests
        }
    });
    let mut slow = Box::pin(coalescer.request(0));
    assert!(futures_util::poll!(&mut slow).is_pending());
    gates[1].add_permits(1);
    // The first batch is not ended meanwhile.
    let others = join_all((1..=3).map(|request| coalescer.request(request))).await;
    assert_eq!(others, [Ok(1), Ok(2), Ok(3)]);
    assert_eq!(*batches.lock().unwrap(), [vec![0], vec![1, 2, 3]]);
    gates[0].add_permits(1);
    assert_eq!(slow.await, Ok(0));
}
