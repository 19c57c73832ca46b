//! The ports on which services listen.

use anyhow::Context as _;
use std::net::TcpListener;

/// Which ports the services use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ports {
    /// The ports of the documentation.
    Documented,
    /// Any free ports, so that programs that run already do not conflict.
    Free,
}

impl Ports {
    /// An address for a service whose documented port is `documented`.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn pick(self, documented: u16) -> anyhow::Result<String> {
        let port = if self == Self::Documented { documented } else { 0 };
        let listener = TcpListener::bind(("127.0.0.1", port)).with_context(|| {
            format!("port {documented} is taken: stop the program that listens there and try again")
        })?;
        Ok(listener.local_addr()?.to_string())
    }
}
