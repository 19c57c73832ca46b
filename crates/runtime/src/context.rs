//! What a running service is given besides its settings.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use opentelemetry::metrics::Meter;
use tokio::sync::watch;

use crate::{Shutdown, health::Health, settings::ShutdownSettings, telemetry};

/// Handle on the process around a service; cheap to clone and to pass on.
#[derive(Clone, Debug)]
pub struct Context {
    /// The service's name, as in `asset-api`.
    pub name: &'static str,
    /// When to stop.
    pub shutdown: Shutdown,
    /// Whom to tell which dependencies readiness hangs on.
    pub health: Health,
    http_address: Arc<watch::Sender<Option<SocketAddr>>>,
}

impl Context {
    /// A context of its own, as a test that starts a service in-process needs it; `Service::run` makes it otherwise.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime: health checks run on the runtime that made the context.
    #[must_use]
    pub fn new(name: &'static str) -> Self {
        Self::with_shutdown(name, &ShutdownSettings::default())
    }

    pub(crate) fn with_shutdown(name: &'static str, settings: &ShutdownSettings) -> Self {
        telemetry::install_metrics();
        let shutdown = Shutdown::new(Duration::from_millis(settings.grace_ms));
        let health = Health::new(shutdown.clone());
        Self { name, shutdown, health, http_address: Arc::new(watch::Sender::new(None)) }
    }

    /// The service's meter. Its instruments appear on `/metrics`.
    #[must_use]
    pub fn meter(&self) -> Meter {
        opentelemetry::global::meter(self.name)
    }

    /// Waits until the service's HTTP server listens and returns its actual address, port 0 resolved.
    pub async fn http_address(&self) -> SocketAddr {
        let mut address = self.http_address.subscribe();
        loop {
            let known = *address.borrow_and_update();
            match known {
                Some(address) => return address,
                // The sender lives as long as this context, so waiting cannot fail; if it did, waiting on is right.
                None => drop(address.changed().await),
            }
        }
    }

    pub(crate) fn listening_on(&self, address: SocketAddr) {
        self.http_address.send_replace(Some(address));
    }
}
