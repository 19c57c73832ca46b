//! `--check-ready`: asks the service that runs in the same container, where there is neither a shell nor another client.

use anyhow::Context as _;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::Duration;

/// How long connecting, sending and each part of the answer may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// The most that is read of an answer, in bytes.
const LONGEST: u64 = 16 * 1024;

/// Asks the admin port for `/readyz`.
///
/// # Errors
///
/// When the service is not ready, with what it says of that, or does not answer.
pub(super) fn ask(listen: SocketAddr) -> anyhow::Result<()> {
    let address = beside(listen);
    let answer = get(address).with_context(|| format!("{address} (admin.listen) does not answer"))?;
    anyhow::ensure!(answer.starts_with("HTTP/1.1 200 "), "not ready: {}", answer.trim_end());
    Ok(())
}

/// Who listens everywhere is reached over loopback.
fn beside(listen: SocketAddr) -> SocketAddr {
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
