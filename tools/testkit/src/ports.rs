//! Ports for servers that a test starts as processes and that cannot choose a free one themselves.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Below the system's ephemeral ports, and without the ports of the stacks.
const FIRST: u16 = 20_000;
const COUNT: u16 = 5_000;

/// A free port. Another process may take it first: be prepared to try another.
///
/// # Panics
/// When all are taken.
#[must_use]
pub fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Processes begin at different ports.
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
