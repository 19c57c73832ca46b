use super::*;
use futures_util::future::join_all;
use std::sync::Mutex;

const BOUNDS: Bounds = Bounds { waiting: 100, batch: 4, at_once: 1, linger: Duration::ZERO };

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
