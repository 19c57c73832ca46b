//! The context that a running service receives in addition to its settings.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use opentelemetry::metrics::Meter;
use tokio::sync::watch;

use crate::{Shutdown, health::Health, settings::ShutdownSettings, telemetry};

/// A handle on the process around a service; cheap to clone.
#[derive(Clone, Debug)]
pub struct Context {
    /// The service's name, as in `asset-api`.
    pub name: &'static str,
    /// Reports when the service must stop.
    pub shutdown: Shutdown,
    /// Where the service registers the checks that readiness depends on.
    pub health: Health,
    http_address: Arc<watch::Sender<Option<SocketAddr>>>,
}

impl Context {
    /// Creates a context for a test that starts a service in-process; otherwise `Service::run`
    /// creates it.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime: health checks run on the runtime that created the context.
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

    /// Waits until the service's HTTP server listens and returns its actual address, with port 0
    /// resolved.
    pub async fn http_address(&self) -> SocketAddr {
        let mut address = self.http_address.subscribe();
        loop {
            let known = *address.borrow_and_update();
            match known {
                Some(address) => return address,
                // The sender lives as long as this context, so waiting cannot fail; if it did, the
                // loop would wait again.
                None => drop(address.changed().await),
            }
        }
    }

    pub(crate) fn listening_on(&self, address: SocketAddr) {
        self.http_address.send_replace(Some(address));
    }
}
