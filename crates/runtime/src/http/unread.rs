//! What a client must not do to its server: take nothing of what is sent to it, and keep the connection.

use std::time::Duration;

use actix_web::rt::net::TcpStream;

/// Closes the connection once what was sent over it is not taken for so long.
///
/// The framework has no time-out for writing, and a response that does not get away is not even asked for its next part.
/// So the system watches: of data that is not acknowledged, or for which the client's window stays shut.
#[cfg(target_os = "linux")]
pub(super) fn limit(connection: &TcpStream, time: Duration) {
    if let Err(error) = socket2::SockRef::from(connection).set_tcp_user_timeout(Some(time)) {
        tracing::warn!(%error, "a connection has no limit for unread data");
    }
}

/// Elsewhere the system's own limit for unacknowledged data has to do.
#[cfg(not(target_os = "linux"))]
pub(super) fn limit(_connection: &TcpStream, _time: Duration) {}
