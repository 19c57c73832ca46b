//! Authorization requests: their checks, and the page on which a developer chooses a user.

use super::users::USERS;
use std::collections::HashMap;
use std::fmt::Write as _;

/// The client id of the console.
pub const CLIENT: &str = "console";
/// The paths of the console to which the provider may return.
const RETURNS: [&str; 2] = ["/console/signed-in", "/console/"];

/// Parameters of a request, by name.
pub type Parameters = HashMap<String, String>;

/// A request for a code that may be answered at its redirect URI.
#[derive(Debug, PartialEq, Eq)]
pub struct AuthorizationRequest {
    pub redirect_uri: String,
    pub state: String,
    pub scopes: String,
    pub nonce: Option<String>,
    pub challenge: String,
    /// Whether the user must not be asked.
    pub silent: bool,
}

impl AuthorizationRequest {
    /// Reads a request of the console at one of `origins`.
    ///
    /// # Errors
    /// What is wrong. It is shown to the developer, not sent to the redirect URI.
    pub fn read(parameters: &Parameters, origins: &[String]) -> Result<Self, &'static str> {
        let text = |name: &str| parameters.get(name).cloned().unwrap_or_default();
        let redirect_uri = text("redirect_uri");
        if text("client_id") != CLIENT {
            return Err("client_id must be console");
        }
        if !may_return_to(&redirect_uri, origins) {
            return Err("redirect_uri must be a page of the console");
        }
        if text("response_type") != "code" {
            return Err("response_type must be code");
        }
        if text("code_challenge_method") != "S256" || text("code_challenge").is_empty() {
            return Err("code_challenge is required, with code_challenge_method S256");
        }
        Ok(Self {
            redirect_uri,
            state: text("state"),
            scopes: text("scope"),
            nonce: parameters.get("nonce").cloned(),
            challenge: text("code_challenge"),
            silent: text("prompt") == "none",
        })
    }
}

/// Whether an address is one of the console at one of `origins`.
pub fn may_return_to(uri: &str, origins: &[String]) -> bool {
    origins.iter().any(|origin| uri.strip_prefix(origin.as_str()).is_some_and(|path| RETURNS.contains(&path)))
}

/// The page with a link for each user; `query` is that of the request.
pub fn page(query: &str) -> String {
    let query = query.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    let mut page = String::from(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Development sign-in</title><h1>Development sign-in</h1><p>Not for production. Continue as:</p><ul>",
    );
    for user in &USERS {
        let _infallible =
            write!(page, "<li><a href=\"/choose?user={0}&amp;{query}\">{0}</a>: {1}", user.name, user.about);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    const ORIGIN: &str = "http://127.0.0.1:8080";

    fn parameters(changes: &[(&str, &str)]) -> Parameters {
        let uri = format!("{ORIGIN}/console/signed-in");
        let valid = [
            ("client_id", CLIENT),
            ("redirect_uri", uri.as_str()),
            ("response_type", "code"),
            ("code_challenge_method", "S256"),
            ("code_challenge", "c"),
            ("state", "s"),
            ("scope", "openid"),
        ];
        valid.iter().chain(changes).map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn accepts_a_request_with_a_challenge_from_the_console_only() {
        let origins = [ORIGIN.to_owned()];
        let read = AuthorizationRequest::read(&parameters(&[("prompt", "none")]), &origins).unwrap();
        assert!(read.silent);
        for change in [
            ("client_id", "another"),
            ("redirect_uri", "http://127.0.0.1:8080.evil.example/console/signed-in"),
            ("redirect_uri", "http://127.0.0.1:8080/console/signed-in/../x"),
            ("response_type", "token"),
            ("code_challenge", ""),
            ("code_challenge_method", "plain"),
        ] {
            assert!(AuthorizationRequest::read(&parameters(&[change]), &origins).is_err(), "{change:?}");
        }
    }

    #[test]
    fn the_page_has_no_markup_of_the_request() {
        let page = page("state=\"><script>&x=1");
        assert!(!page.contains("<script"), "{page}");
        assert!(page.contains("user=reader&amp;state="), "{page}");
    }
}
