//! Credentials that follow the file of the URL.

use std::{fmt, future::ready, pin::Pin, sync::Arc};

use credentials::Reloaded;
use fred::{
    error::Error,
    types::config::{CredentialProvider, Server, ServerConfig},
};

use super::address::ParsedUrl;

/// User name and password; `None` for those that the URL does not have.
type Credentials = (Option<String>, Option<String>);

/// The servers that credentials are for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Role {
    /// Those that have the data.
    Server,
    /// Sentinels, whose credentials are separate parameters of the URL.
    Sentinel,
}

/// The credentials of a URL in a file, read again for each connection.
pub(super) struct RotatedCredentials {
    url: Arc<Reloaded<ParsedUrl>>,
    role: Role,
}

impl RotatedCredentials {
    pub(super) const fn new(url: Arc<Reloaded<ParsedUrl>>, role: Role) -> Self {
        Self { url, role }
    }

    fn current(&self) -> Credentials {
        let url = self.url.current();
        let config = &url.config;
        match (self.role, &config.server) {
            (Role::Sentinel, ServerConfig::Sentinel { username, password, .. }) => {
                (username.clone(), password.clone())
            }
            (Role::Sentinel, _) => (None, None),
            (Role::Server, _) => (config.username.clone(), config.password.clone()),
        }
    }
}

impl CredentialProvider for RotatedCredentials {
    fn fetch<'provider, 'server, 'fetch>(
        &'provider self,
        _server: Option<&'server Server>,
    ) -> Pin<Box<dyn Future<Output = Result<Credentials, Error>> + Send + 'fetch>>
    where
        'provider: 'fetch,
        'server: 'fetch,
        Self: 'fetch,
    {
        Box::pin(ready(Ok(self.current())))
    }
}

impl fmt::Debug for RotatedCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RotatedCredentials").field("role", &self.role).finish_non_exhaustive()
    }
}
