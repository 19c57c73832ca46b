//! Sign-in at an OpenID provider.

use runtime::http::WebOrigin;
use serde::Serialize;

/// How the pages sign their users in: by the authorization code flow with PKCE, as a public client
/// without a secret.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SignIn {
    /// The provider: the `iss` of its tokens, below which its configuration is discovered.
    pub issuer: String,
    /// The console's client id at the provider.
    pub client_id: String,
    /// The scopes to request, separated by spaces.
    pub scopes: String,
    /// Further parameters of all requests to the provider, in the form of a query; empty if there
    /// are none.
    pub parameters: String,
    /// Whether users may also paste a token.
    pub accepts_tokens: bool,
    /// The origins that the pages may call and show in a hidden frame.
    #[serde(skip)]
    origins: Vec<WebOrigin>,
}

/// Pages cannot sign in at the issuer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the console cannot sign in at {0:?}: auth.issuer must be an https URL with its host in lower case, or http on loopback"
)]
pub struct InvalidIssuer(String);

impl SignIn {
    /// Sign-in at `issuer` alone, whose endpoints are at its own origin or at one of `others`.
    ///
    /// # Errors
    /// If `issuer` is not a URL with `https`, or with `http` on loopback.
    pub fn new(
        issuer: &str,
        client_id: &str,
        scopes: &str,
        parameters: &str,
        others: &[WebOrigin],
    ) -> Result<Self, InvalidIssuer> {
        let own = origin_of(issuer).filter(is_protected).ok_or_else(|| InvalidIssuer(issuer.to_owned()))?;
        Ok(Self {
            issuer: issuer.to_owned(),
            client_id: client_id.to_owned(),
            scopes: scopes.to_owned(),
            parameters: parameters.to_owned(),
            accepts_tokens: false,
            origins: std::iter::once(own).chain(others.iter().cloned()).collect(),
        })
    }

    /// This sign-in, beside which users may paste a token if `accepts_tokens`.
    #[must_use]
    pub fn with_tokens(self, accepts_tokens: bool) -> Self {
        Self { accepts_tokens, ..self }
    }

    /// The provider's origins, separated by spaces.
    pub(crate) fn origins(&self) -> String {
        self.origins.iter().map(WebOrigin::as_str).collect::<Vec<_>>().join(" ")
    }
}

/// The origin of a URL.
pub(crate) fn origin_of(url: &str) -> Option<WebOrigin> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split('/').next()?;
    format!("{scheme}://{authority}").parse().ok()
}

/// Whether what is sent to the origin cannot be read or changed on the way.
fn is_protected(origin: &WebOrigin) -> bool {
    let Some(authority) = origin.as_str().strip_prefix("http://") else { return true };
    ["127.0.0.1", "localhost", "[::1]"]
        .iter()
        .any(|host| authority.strip_prefix(host).is_some_and(|port| port.is_empty() || port.starts_with(':')))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn origins(issuer: &str) -> Result<String, InvalidIssuer> {
        let other = "https://tokens.example".parse().unwrap();
        SignIn::new(issuer, "console", "openid", "", &[other]).map(|sign_in| sign_in.origins())
    }

    #[test]
    fn pages_may_call_the_origin_of_the_issuer() {
        for (issuer, origin) in [
            ("https://id.example/realms/charging", "https://id.example"),
            ("https://id.example:8443", "https://id.example:8443"),
            ("http://127.0.0.1:8090", "http://127.0.0.1:8090"),
            ("http://[::1]:8090/", "http://[::1]:8090"),
        ] {
            assert_eq!(origins(issuer), Ok(format!("{origin} https://tokens.example")));
        }
    }

    #[test]
    fn rejects_an_issuer_to_which_pages_must_not_send_codes() {
        for issuer in [
            "",
            "charging",
            "http://id.example",
            "http://localhost.evil.example",
            "https://",
            "https://a b",
            "https://x; script-src *",
        ] {
            assert_eq!(origins(issuer), Err(InvalidIssuer(issuer.to_owned())));
        }
    }
}
