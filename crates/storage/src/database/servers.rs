//! The servers that a URL names, and whether they may be reached as the settings say.

use super::settings::{ChannelBinding, DatabaseSettings, SslMode};
use std::net::IpAddr;
use tokio_postgres::Config;
use tokio_postgres::config::{self, Host, TargetSessionAttrs};

/// A server of the URL.
#[derive(Debug, Clone)]
pub(super) struct Server {
    /// Host and port, for messages.
    pub(super) name: String,
    /// The configuration of a connection to this server alone.
    pub(super) config: Config,
}

/// The servers of `url` in its order.
///
/// # Errors
/// If the URL is invalid, or contradicts the settings. The text contains no credentials.
pub(super) fn servers(url: &str, settings: &DatabaseSettings) -> Result<Vec<Server>, String> {
    let url = without_sslmode(url, settings.sslmode)?;
    let base: Config = url.parse().map_err(|error: tokio_postgres::Error| {
        let reason = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
        format!("not a valid URL ({reason}); the settings sslmode, ca_file, certificate_file and key_file have the files and mode of TLS")
    })?;
    let count = base.get_hosts().len().max(base.get_hostaddrs().len());
    if count == 0 {
        return Err("names no host".to_owned());
    }
    let uneven = !base.get_hosts().is_empty() && ![0, count].contains(&base.get_hostaddrs().len());
    if uneven || base.get_ports().len() > 1 && base.get_ports().len() != count {
        return Err("has different numbers of hosts, hostaddrs and ports".to_owned());
    }
    let servers: Vec<_> = (0..count).map(|index| server(&base, index, count, settings)).collect();
    let reached = |server: &Server| is_encrypted(server) || is_local(&server.config);
    match servers.iter().find(|server| !settings.allow_plaintext && !reached(server)) {
        Some(Server { name, .. }) => Err(format!(
            "{name} is not on this machine, and database.sslmode is disable: set database.sslmode to verify-full \
             and database.ca_file to the authority of the server's certificate; if the network is trusted, \
             set database.allow_plaintext to true"
        )),
        None => Ok(servers),
    }
}

/// Removes `sslmode` from the query of a URL, if it is the configured one: tokio-postgres does not
/// know all modes.
fn without_sslmode(url: &str, configured: SslMode) -> Result<String, String> {
    let Some((address, query)) = url.split_once('?') else { return Ok(url.to_owned()) };
    let (modes, others): (Vec<_>, Vec<_>) =
        query.split('&').partition(|parameter| parameter.starts_with("sslmode="));
    let configured = configured.name();
    if modes.iter().any(|mode| mode.strip_prefix("sslmode=") != Some(configured)) {
        return Err(format!(
            "has an sslmode other than database.sslmode, which is {configured}: set database.sslmode, and \
             remove sslmode from the URL"
        ));
    }
    Ok(if others.is_empty() { address.to_owned() } else { format!("{address}?{}", others.join("&")) })
}

/// The configuration for one of `count` servers. tokio-postgres would try all of them itself, but
/// without a time limit for a server that accepts a connection and does not respond.
fn server(base: &Config, index: usize, count: usize, settings: &DatabaseSettings) -> Server {
    let mut config = without_hosts(base);
    let port = base.get_ports().get(index).or_else(|| base.get_ports().first()).copied().unwrap_or(5432);
    config.port(port);
    let mut name = String::new();
    if let Some(address) = base.get_hostaddrs().get(index) {
        config.hostaddr(*address);
        name = address.to_string();
    }
    let is_socket = matches!(base.get_hosts().get(index), Some(Host::Unix(_)));
    match base.get_hosts().get(index) {
        Some(Host::Tcp(host)) => {
            config.host(host);
            name.clone_from(host);
        }
        Some(Host::Unix(path)) => {
            config.host_path(path);
            name = path.display().to_string();
        }
        None => {}
    }
    let encrypted = settings.sslmode != SslMode::Disable && !is_socket;
    config.ssl_mode(if encrypted { config::SslMode::Require } else { config::SslMode::Disable });
    config.channel_binding(match settings.channel_binding {
        ChannelBinding::Require if encrypted => config::ChannelBinding::Require,
        ChannelBinding::Disable => config::ChannelBinding::Disable,
        ChannelBinding::Prefer | ChannelBinding::Require => config::ChannelBinding::Prefer,
    });
    if count > 1 && base.get_target_session_attrs() == TargetSessionAttrs::Any {
        // All services write, so a standby is of no use to them.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
    }
    Server { name: format!("{name}:{port}"), config }
}

/// A copy without hosts and ports, which cannot be removed from a configuration.
fn without_hosts(base: &Config) -> Config {
    let mut config = Config::new();
    if let Some(user) = base.get_user() {
        config.user(user);
    }
    if let Some(password) = base.get_password() {
        config.password(password);
    }
    if let Some(database) = base.get_dbname() {
        config.dbname(database);
    }
    if let Some(options) = base.get_options() {
        config.options(options);
    }
    if let Some(name) = base.get_application_name() {
        config.application_name(name);
    }
    if let Some(limit) = base.get_connect_timeout() {
        config.connect_timeout(*limit);
    }
    if let Some(limit) = base.get_tcp_user_timeout() {
        config.tcp_user_timeout(*limit);
    }
    if let Some(interval) = base.get_keepalives_interval() {
        config.keepalives_interval(interval);
    }
    if let Some(retries) = base.get_keepalives_retries() {
        config.keepalives_retries(retries);
    }
    config.keepalives(base.get_keepalives()).keepalives_idle(base.get_keepalives_idle());
    config.ssl_negotiation(base.get_ssl_negotiation());
    config.target_session_attrs(base.get_target_session_attrs());
    config
}

fn is_encrypted(server: &Server) -> bool {
    server.config.get_ssl_mode() == config::SslMode::Require
}

/// Whether the server is reached through a Unix socket or a loopback address.
fn is_local(config: &Config) -> bool {
    let of_this_machine = |host: &Host| match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name.eq_ignore_ascii_case("localhost")
                || name.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        }
    };
    match config.get_hostaddrs() {
        [] => config.get_hosts().iter().all(of_this_machine),
        // An address takes precedence over a name.
        addresses => addresses.iter().all(IpAddr::is_loopback),
    }
}

#[cfg(test)]
mod tests;
