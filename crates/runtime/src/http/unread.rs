//! Protects the server from clients that do not receive what is sent to them and keep the
//! connection.

use std::time::Duration;

use actix_web::rt::net::TcpStream;

/// Closes the connection if data that was sent over it is not received for `time`.
///
/// The framework has no timeout for writing, and does not poll the body of a response that it
/// cannot send. Therefore the kernel watches for data that is not acknowledged, or for which the
/// client's window stays closed.
#[cfg(target_os = "linux")]
pub(super) fn limit(connection: &TcpStream, time: Duration) {
    if let Err(error) = socket2::SockRef::from(connection).set_tcp_user_timeout(Some(time)) {
        tracing::warn!(%error, "cannot set TCP_USER_TIMEOUT; the connection has no limit for unread data");
    }
}

/// Other systems use their own limit for unacknowledged data.
#[cfg(not(target_os = "linux"))]
pub(super) fn limit(_connection: &TcpStream, _time: Duration) {}
