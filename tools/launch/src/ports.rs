//! Where services listen.

use anyhow::Context as _;
use std::net::TcpListener;

/// Which ports the services listen on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ports {
    /// Those of the documentation.
    Usual,
    /// Any that are free, so that nothing that runs already is in the way.
    Free,
}

impl Ports {
    /// An address for what usually listens on port `usual`.
    ///
    /// # Errors
    /// When the port is taken.
    pub fn pick(self, usual: u16) -> anyhow::Result<String> {
        let port = if self == Self::Usual { usual } else { 0 };
        let listener = TcpListener::bind(("127.0.0.1", port))
            .with_context(|| format!("port {usual} is taken: stop what listens there and try again"))?;
        Ok(listener.local_addr()?.to_string())
    }
}
