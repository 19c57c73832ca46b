//! Connections: their number, also of idle ones, and their timeouts.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    num::NonZeroUsize,
    time::Duration,
};

use actix_http::{HttpService, Request, Response};
use actix_server::Server;
use actix_service::{IntoServiceFactory, ServiceFactory, ServiceFactoryExt as _, fn_service, map_config};
use actix_web::{
    Error,
    body::MessageBody,
    dev::{AppConfig, ServiceResponse},
    rt::net::TcpStream,
};
use socket2::{Domain, Socket, Type};

use super::{
    unauthenticated::IdleConnections,
    unfinished::{Serving, Timed},
    unread,
};
use crate::settings::HttpSettings;

/// Length of the kernel's accept queue.
const BACKLOG: i32 = 1024;
/// Threads that a worker may start for blocking work; none start without such work.
const BLOCKING_THREADS: usize = 4;

/// Timeouts of a connection.
#[derive(Clone, Copy)]
struct Limits {
    keep_alive: Duration,
    /// For the head of a request, for its body, and for closing.
    client: Duration,
    /// For the client to receive a part of what is sent.
    send: Duration,
}

/// Binds the listening socket.
///
/// # Errors
/// If the address cannot be bound.
pub(super) fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Serves the application that `make` creates, once per worker, on connections of `listener`. Once
/// stopped, the server drops the remaining connections after `patience`.
///
/// # Errors
/// If the listener cannot be used.
pub(super) fn serve<F, I, S, B>(
    settings: &HttpSettings,
    patience: Duration,
    listener: TcpListener,
    make: F,
) -> io::Result<Server>
where
    F: Fn() -> I + Clone + Send + 'static,
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<
            Request,
            Config = AppConfig,
            Response = ServiceResponse<B>,
            Error = Error,
            InitError = (),
        > + 'static,
    B: MessageBody + 'static,
{
    let limits = Limits {
        keep_alive: Duration::from_millis(settings.keep_alive_ms),
        client: Duration::from_millis(settings.client_timeout_ms),
        send: Duration::from_millis(settings.send_timeout_ms),
    };
    let of_worker = |total: NonZeroUsize| total.div_ceil(settings.workers);
    let max_unauthenticated = of_worker(settings.max_unauthenticated_connections);
    let builder = Server::build()
        .workers(settings.workers.get())
        .max_concurrent_connections(of_worker(settings.max_connections).get())
        .worker_max_blocking_threads(BLOCKING_THREADS)
        .shutdown_timeout(patience.as_secs())
        .disable_signals();
    let stopping = builder.graceful_shutdown_signal();
    let server = builder.listen("http", listener, move || {
        let stopping = stopping.clone();
        let handlers = make().into_factory().map_err(|error: Error| Response::from(error.error_response()));
        let connections = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(limits.keep_alive)
            .client_request_timeout(limits.client)
            .client_disconnect_timeout(limits.client)
            .on_connect_ext(|connection: &Timed<TcpStream>, data| {
                data.insert::<Serving>(connection.serving());
            })
            .h1(map_config(handlers, |()| AppConfig::default()));
        let idle = IdleConnections::new(max_unauthenticated);
        fn_service(move |stream: TcpStream| {
            let tracker = idle.track();
            async move {
                let peer = stream.peer_addr().ok();
                unread::limit(&stream, limits.send);
                Ok((Timed::new(stream, limits.client + limits.send, tracker), peer))
            }
        })
        .and_then(connections)
    })?;
    Ok(server.run())
}
