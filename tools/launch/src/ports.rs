//! The ports on which services listen.

use anyhow::Context as _;
use std::net::TcpListener;

/// Which ports the services use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ports {
    /// The ports of the documentation.
    Usual,
    /// Any free ports, so that programs that run already do not conflict.
    Free,
}

impl Ports {
    /// An address for a service whose usual port is `usual`.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn pick(self, usual: u16) -> anyhow::Result<String> {
        let port = if self == Self::Usual { usual } else { 0 };
        let listener = TcpListener::bind(("127.0.0.1", port)).with_context(|| {
            format!("port {usual} is taken: stop the program that listens there and try again")
        })?;
        Ok(listener.local_addr()?.to_string())
    }
}
