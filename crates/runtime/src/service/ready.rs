//! `--check-ready`: asks the service that runs in the same container, which has neither a shell nor
//! another HTTP client.

use anyhow::Context as _;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// Timeout of connecting, sending, and each read of the response.
const PATIENCE: Duration = Duration::from_secs(3);
/// Largest part of the response that is read, in bytes.
const LONGEST: u64 = 16 * 1024;

/// Requests `/readyz` from the admin port.
///
/// # Errors
///
/// If the service does not answer or is not ready; the error contains its report.
pub(super) fn ask(listen: SocketAddr) -> anyhow::Result<()> {
    let address = reachable(listen);
    let answer = get(address).with_context(|| format!("no answer from {address} (setting admin.listen)"))?;
    anyhow::ensure!(answer.starts_with("HTTP/1.1 200 "), "not ready: {}", answer.trim_end());
    Ok(())
}

/// The loopback address instead of an unspecified one.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

fn get(address: SocketAddr) -> anyhow::Result<String> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET /readyz HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(LONGEST).read_to_string(&mut answer)?;
    Ok(answer)
}
