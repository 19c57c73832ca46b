//! Ports for servers that a test starts as processes, which cannot be told to take any.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below those that the system gives out to clients by itself, and none of those that stacks have.
const FIRST: u16 = 20_000;
const COUNT: u16 = 5_000;

/// A port that nobody listens on. Somebody else may be quicker to take it: be prepared to try another.
///
/// # Panics
/// When all are taken.
#[must_use]
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Processes begin in different places.
    let place = std::process::id().wrapping_mul(211) % u32::from(COUNT);
    for _ in 0..COUNT {
        let step = u32::from(NEXT.fetch_add(1, Ordering::Relaxed));
        let port = FIRST + u16::try_from((place + step) % u32::from(COUNT)).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no port from {FIRST} on is free")
}
