//! An issuer's keys (RFC 7517), and the choice of the key that checks a token.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use std::sync::Arc;

/// Upper bound on the keys that are read from a document; real issuers have a handful.
const MAX_KEYS: usize = 100;

/// Keys for checking signatures.
pub(super) struct KeySet {
    keys: Vec<Key>,
}

struct Key {
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    key: Arc<DecodingKey>,
}

impl KeySet {
    /// Parses a JWK Set. Keys for encryption, shared secrets and keys of unknown kinds are ignored.
    ///
    /// # Errors
    /// If the document is not a JWK Set, or no key in it can check a signature.
    pub(super) fn parse(document: &[u8]) -> Result<Self, String> {
        // Each key is parsed on its own: a key of an unknown kind must not hide the others.
        #[derive(serde::Deserialize)]
        struct Document {
            keys: Vec<serde_json::Value>,
        }
        let Document { keys } = serde_json::from_slice(document)
            .map_err(|error| format!("the document is not a JWK Set: {error}"))?;
        let known = keys.into_iter().take(MAX_KEYS).filter_map(|key| serde_json::from_value(key).ok());
        let keys: Vec<Key> = known.filter_map(|key: Jwk| Key::read(&key)).collect();
        if keys.is_empty() {
            return Err("no key in the JWK Set can check a signature".to_owned());
        }
        Ok(Self { keys })
    }

    /// The key with id `id` that signs by `algorithm`. For a token without a key id: the only such
    /// key, or `None` if there are several.
    pub(super) fn find(&self, id: Option<&str>, algorithm: Algorithm) -> Option<Arc<DecodingKey>> {
        let mut fit = self.keys.iter().filter(|key| {
            key.algorithms.contains(&algorithm) && id.is_none_or(|id| key.id.as_deref() == Some(id))
        });
        let found = fit.next()?;
        (id.is_some() || fit.next().is_none()).then(|| Arc::clone(&found.key))
    }
}

impl Key {
    fn read(jwk: &Jwk) -> Option<Self> {
        let common = &jwk.common;
        if common.public_key_use.as_ref().is_some_and(|what| *what != PublicKeyUse::Signature) {
            return None;
        }
        let by_kind = algorithms(&jwk.algorithm);
        // A key may name a single algorithm; the name must fit the key's kind.
        let algorithms = match &common.key_algorithm {
            Some(named) => {
                by_kind.iter().copied().filter(|known| format!("{known:?}") == named.to_string()).collect()
            }
            None => by_kind.to_vec(),
        };
        let key = Arc::new(DecodingKey::from_jwk(jwk).ok()?);
        (!algorithms.is_empty()).then(|| Self { id: common.key_id.clone(), algorithms, key })
    }
}

/// The algorithms that keys of a kind can sign by. Shared secrets are excluded: a program that can
/// check tokens could also issue them.
const fn algorithms(kind: &AlgorithmParameters) -> &'static [Algorithm] {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    match kind {
        AlgorithmParameters::RSA(_) => &[RS256, RS384, RS512, PS256, PS384, PS512],
        AlgorithmParameters::EllipticCurve(key) => match key.curve {
            EllipticCurve::P256 => &[ES256],
            EllipticCurve::P384 => &[ES384],
            _ => &[],
        },
        AlgorithmParameters::OctetKeyPair(_) => &[EdDSA],
        _ => &[],
    }
}
