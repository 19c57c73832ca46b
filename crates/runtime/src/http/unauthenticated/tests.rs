use super::*;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

fn connections(limit: usize) -> Rc<IdleConnections> {
    IdleConnections::new(NonZeroUsize::new(limit).unwrap())
}

fn must_close(connection: &ConnectionTracker) -> bool {
    connection.must_close(&Context::from_waker(Waker::noop()))
}

#[test]
fn closes_the_connection_that_is_idle_for_longest() {
    let connections = connections(2);
    let first = connections.track();
    let woken = Arc::new(Woken::default());
    assert!(!first.must_close(&Context::from_waker(&Waker::from(Arc::clone(&woken)))));
    let second = connections.track();
    // A request renews the place of its connection.
    first.begin_work();
    first.finish_work();
    let third = connections.track();
    assert_eq!([&first, &second, &third].map(must_close), [false, true, false]);
    assert_eq!(woken.0.load(Ordering::Relaxed), 0);
    let fourth = connections.track();
    assert_eq!([&first, &second, &third, &fourth].map(must_close), [true, true, false, false]);
    assert_eq!(connections.len(), 2);
}

#[test]
fn wakes_the_task_of_a_connection_that_must_close() {
    let connections = connections(1);
    let idle = connections.track();
    let woken = Arc::new(Woken::default());
    assert!(!idle.must_close(&Context::from_waker(&Waker::from(Arc::clone(&woken)))));
    let _next = connections.track();
    assert_eq!(woken.0.load(Ordering::Relaxed), 1);
    assert!(must_close(&idle));
}

#[test]
fn counts_neither_authenticated_nor_busy_nor_closed_connections() {
    let connections = connections(1);
    let authenticated = connections.track();
    authenticated.begin_work();
    authenticated.authenticate();
    authenticated.finish_work();
    let busy = connections.track();
    busy.begin_work();
    let closed = connections.track();
    closed.begin_work();
    closed.close();
    // A handler may finish after its connection was closed.
    closed.finish_work();
    assert_eq!(connections.len(), 0);
    let idle = connections.track();
    assert_eq!([&authenticated, &busy, &idle].map(must_close), [false; 3]);
    assert_eq!(connections.len(), 1);
    busy.finish_work();
    assert!(must_close(&idle), "the request has ended without an authenticated caller");
}

#[test]
fn forgets_closed_connections() {
    let connections = connections(8);
    for _ in 0..100 {
        connections.track().close();
    }
    assert_eq!(connections.len(), 0);
}
