//! Binding, serving and draining.

use std::{
    net::SocketAddr,
    time::{Duration, Instant},
};

use actix_web::{
    App, HttpServer,
    body::MessageBody,
    dev::{ServerHandle, ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::from_fn,
    web,
};
use anyhow::Context as _;
use tokio::task::JoinHandle;

use super::{docs::Docs, framework, guard, json::BodyLimit, observe, routes::Routes, unread};
use crate::auth::{Auth, AuthSettings};
use crate::openapi::{self, About};
use crate::{Context, Shutdown, settings::HttpSettings};

/// Threads a worker may start for blocking work; none are started without it.
const BLOCKING_THREADS: usize = 4;
/// Kept back from the grace period, so that a service can clean up after its server before it is stopped hard.
const MARGIN_S: u64 = 1;

/// A server that accepts requests already.
#[derive(Debug)]
pub struct HttpServerHandle {
    address: SocketAddr,
    stopped: JoinHandle<anyhow::Result<()>>,
}

impl HttpServerHandle {
    /// Where it listens, port 0 resolved.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Waits until the server has stopped, which it does by itself on shutdown.
    ///
    /// # Errors
    ///
    /// When it failed.
    pub async fn stopped(self) -> anyhow::Result<()> {
        self.stopped.await.context("the HTTP server panicked")?
    }
}

/// Serves what `set_up` sets up, to whom `auth` admits, until shutdown is requested: then it stops accepting, lets requests under way
/// finish within the grace period and closes idle connections.
///
/// From then on the health check `http` passes: a service adds one that does not before it begins, so that nobody is sent to
/// it too early.
///
/// Every request gets a span and a trace, an access log line, metrics, a deadline, and problems for errors. No handler is
/// reached by callers without the scope that its route was made with. Beside its routes it shows what they are, `about` and all,
/// to everyone: as an OpenAPI document at `/openapi.json`, and for people at `/docs/`.
///
/// # Errors
///
/// When the address cannot be bound, or the settings of `auth` cannot be used.
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
    let configure = move |config: &mut web::ServiceConfig| {
        config.app_data(auth.clone());
        docs.install(config);
        set_up(&mut Routes::new(config, &mut Vec::new()));
    };
    let shutdown = context.shutdown.clone();
    // The framework counts in whole seconds.
    let patience = Duration::from_secs(shutdown.grace().as_secs().saturating_sub(MARGIN_S).max(1));
    let deadline = Duration::from_millis(settings.request_deadline_ms);
    let client_timeout = Duration::from_millis(settings.client_timeout_ms);
    let send_timeout = Duration::from_millis(settings.send_timeout_ms);
    let limit = BodyLimit { bytes: settings.max_body_bytes, time: client_timeout };
    let server = HttpServer::new(move || app(limit, deadline, configure.clone()))
        .workers(settings.workers.get())
        .max_connections(settings.max_connections.get().div_ceil(settings.workers.get()))
        .keep_alive(Duration::from_millis(settings.keep_alive_ms))
        .client_request_timeout(client_timeout)
        .client_disconnect_timeout(client_timeout)
        .on_connect(move |connection, _data| unread::limit(connection, send_timeout))
        .worker_max_blocking_threads(BLOCKING_THREADS)
        .shutdown_timeout(patience.as_secs())
        .disable_signals()
        .bind(settings.listen)
        .with_context(|| format!("cannot listen on {} (http.listen)", settings.listen))?;
    let address = server.addrs().first().copied().context("the server has no address")?;
    tracing::info!(%address, "listening for HTTP");
    context.health.add("http", || async { Ok(()) });
    context.listening_on(address);

    let server = server.run();
    tokio::spawn(stop_when_requested(shutdown, patience, server.handle()));
    let stopped = tokio::spawn(async move { server.await.context("the HTTP server failed") });
    Ok(HttpServerHandle { address, stopped })
}

/// The application with everything around the service's own routes; tests use it without a socket.
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
    // The last wrapped is the outermost: observe sees what the guard made of late or panicking handlers.
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
        tracing::warn!("requests under way were cut off by the end of the grace period");
    }
}
