//! The HTTP server: binding, serving and draining.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use actix_web::{
    App,
    body::MessageBody,
    dev::{ServerHandle, ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::from_fn,
    web,
};
use anyhow::Context as _;
use tokio::task::JoinHandle;

use super::{
    connections, cors::Cors, docs::Docs, draining::Draining, framework, guard, json::BodyLimit, observe,
    routes::Routes,
};
use crate::auth::{Auth, AuthSettings};
use crate::openapi::{self, About};
use crate::{Context, Shutdown, settings::HttpSettings};

/// Part of the grace period that is reserved for the service to clean up after its server has
/// stopped.
const MARGIN_S: u64 = 1;

/// A server that accepts requests already.
#[derive(Debug)]
pub struct HttpServerHandle {
    address: SocketAddr,
    stopped: JoinHandle<anyhow::Result<()>>,
}

impl HttpServerHandle {
    /// The address that the server listens on, with port 0 resolved.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the server has stopped, which it does by itself on shutdown.
    ///
    /// # Errors
    ///
    /// If the server failed.
    pub async fn stopped(self) -> anyhow::Result<()> {
        self.stopped.await.context("the HTTP server panicked")?
    }
}

/// Serves the routes that `set_up` defines, to callers that `auth` admits, until shutdown is
/// requested. Then it stops accepting connections, lets running requests finish within the grace
/// period and closes idle connections. From the signal on, each response closes its connection.
///
/// Once it listens, the health check `http` passes. A service adds a failing check of that name
/// before it starts, so that no client is routed to it too early.
///
/// Every request gets a span and a trace, an access log line, metrics, a deadline, and problems for
/// errors. No handler runs for a caller without the scope of its route. The server also publishes
/// the description of its routes and `about`, to everyone: as an OpenAPI document at
/// `/openapi.json` and as Swagger UI at `/docs/`.
///
/// # Errors
///
/// If the address cannot be bound, or the settings of `auth` are invalid.
pub fn serve<F>(
    settings: &HttpSettings,
    auth: &AuthSettings,
    context: &Context,
    about: About,
    set_up: F,
) -> anyhow::Result<HttpServerHandle>
where
    F: Fn(&mut Routes<'_>) + Clone + Send + 'static,
{
    let auth = Auth::new(auth, settings.listen)?;
    let docs = Docs::new(&openapi::document(&about, &set_up))?;
    let cors = Cors::new(&settings.cors_origins);
    let leaving = Draining(context.shutdown.clone());
    let configure = move |config: &mut web::ServiceConfig| {
        config.app_data(auth.clone()).app_data(cors.clone()).app_data(leaving.clone());
        docs.install(config);
        set_up(&mut Routes::new(config, &mut Vec::new()));
    };
    let shutdown = context.shutdown.clone();
    // The framework counts in whole seconds.
    let patience = Duration::from_secs(shutdown.grace().as_secs().saturating_sub(MARGIN_S).max(1));
    let deadline = Duration::from_millis(settings.request_deadline_ms);
    let client_timeout = Duration::from_millis(settings.client_timeout_ms);
    let limit = BodyLimit { bytes: settings.max_body_bytes, time: client_timeout };
    let listener = connections::listen(settings.listen)
        .with_context(|| format!("cannot bind {} (setting http.listen)", settings.listen))?;
    let address = listener.local_addr().context("the server has no address")?;
    let make = move || app(limit, deadline, configure.clone());
    let server = connections::serve(settings, patience, listener, make)
        .with_context(|| format!("cannot serve on {address} (setting http.listen)"))?;
    tracing::info!(%address, "listening for HTTP");
    context.health.add("http", || async { Ok(()) });
    context.listening_on(address);

    let stopping = tokio::spawn(stop_when_requested(shutdown, patience, server.handle()));
    let stopped = tokio::spawn(async move {
        server.await.context("the HTTP server failed").inspect_err(|_failed| stopping.abort())?;
        // Stopping may still have to log its outcome.
        stopping.await.context("stopping the HTTP server panicked")
    });
    Ok(HttpServerHandle { address, stopped })
}

/// The application with all middleware around the service's own routes; tests use it without a
/// socket.
pub(crate) fn app<F>(
    limit: BodyLimit,
    deadline: Duration,
    configure: F,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = actix_web::Error,
        InitError = (),
    >,
>
where
    F: Fn(&mut web::ServiceConfig),
{
    // The last middleware is the outermost: `observe` sees the responses that the guard creates for
    // late or panicking handlers.
    App::new()
        .app_data(limit)
        .app_data(guard::DefaultDeadline(deadline))
        .configure(framework::install)
        .configure(configure)
        .wrap(from_fn(guard::guard))
        .wrap(from_fn(observe::observe))
}

async fn stop_when_requested(shutdown: Shutdown, patience: Duration, server: ServerHandle) {
    shutdown.requested().await;
    let started = Instant::now();
    server.stop(true).await;
    if started.elapsed() >= patience {
        tracing::warn!("the grace period ended; the remaining requests were aborted");
    }
}
