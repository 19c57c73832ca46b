//! Codes and refresh tokens: each is redeemed at most once.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use std::collections::HashMap;

/// The number of codes or refresh tokens above which the older ones are forgotten.
const REMEMBERED: usize = 1_000;

/// What a user was granted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// The name of the user.
    pub user: String,
    /// The granted scopes, separated by spaces.
    pub scopes: String,
    /// The `nonce` of the request.
    pub nonce: Option<String>,
}

/// A grant that waits for its client.
#[derive(Debug, Clone)]
pub struct Requested {
    /// The grant.
    pub grant: Grant,
    /// The challenge of the request: the SHA-256 of the verifier, in base64url (RFC 7636).
    pub challenge: String,
    /// The redirect URI of the request.
    pub redirect_uri: String,
}

/// All grants that can be redeemed.
#[derive(Debug, Default)]
pub struct Grants {
    codes: HashMap<String, Requested>,
    refresh_tokens: HashMap<String, Grant>,
}

impl Grants {
    /// A code for a grant.
    pub fn issue_code(&mut self, requested: Requested) -> String {
        keep(&mut self.codes, requested)
    }

    /// A refresh token for a grant.
    pub fn issue_refresh_token(&mut self, grant: Grant) -> String {
        keep(&mut self.refresh_tokens, grant)
    }

    /// The grant of a code, for the client that has the verifier of its challenge. The code is used
    /// up, whatever the result.
    pub fn redeem_code(&mut self, code: &str, verifier: &str, redirect_uri: &str) -> Option<Grant> {
        let requested = self.codes.remove(code)?;
        let proof = BASE64_URL_SAFE_NO_PAD.encode(digest(&SHA256, verifier.as_bytes()));
        (proof == requested.challenge && redirect_uri == requested.redirect_uri).then_some(requested.grant)
    }

    /// The grant of a refresh token, which is used up.
    pub fn redeem_refresh_token(&mut self, token: &str) -> Option<Grant> {
        self.refresh_tokens.remove(token)
    }
}

fn keep<T>(all: &mut HashMap<String, T>, value: T) -> String {
    if all.len() >= REMEMBERED {
        all.clear();
    }
    // Unique and not guessed on one machine; real providers use more random bits.
    let key = format!("{}{}", uuid::Uuid::now_v7().simple(), uuid::Uuid::now_v7().simple());
    all.insert(key.clone(), value);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn requested() -> Requested {
        Requested {
            grant: Grant { user: "reader".to_owned(), scopes: "openid".to_owned(), nonce: None },
            // RFC 7636, appendix B.
            challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM".to_owned(),
            redirect_uri: "http://127.0.0.1:8080/console/signed-in".to_owned(),
        }
    }

    #[test]
    fn redeems_a_code_once_and_only_with_its_verifier() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let uri = requested().redirect_uri;
        let mut grants = Grants::default();
        let code = grants.issue_code(requested());
        assert_eq!(grants.redeem_code(&code, verifier, &uri), Some(requested().grant));
        assert_eq!(grants.redeem_code(&code, verifier, &uri), None);
        for (verifier, uri) in [("another", uri.as_str()), (verifier, "http://127.0.0.1:9/")] {
            let code = grants.issue_code(requested());
            assert_eq!(grants.redeem_code(&code, verifier, uri), None);
            assert_eq!(grants.redeem_code(&code, verifier, &requested().redirect_uri), None);
        }
    }

    #[test]
    fn redeems_a_refresh_token_once() {
        let mut grants = Grants::default();
        let token = grants.issue_refresh_token(requested().grant);
        assert_eq!(grants.redeem_refresh_token(&token), Some(requested().grant));
        assert_eq!(grants.redeem_refresh_token(&token), None);
    }
}
