//! An issuer's keys (RFC 7517): which of them checks a token that says it was signed so.

use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use std::sync::Arc;

/// More keys than any issuer has.
const MAX_KEYS: usize = 100;

/// Keys that signatures are checked with.
pub(super) struct KeySet {
    keys: Vec<Key>,
}

struct Key {
    id: Option<String>,
    algorithms: Vec<Algorithm>,
    key: Arc<DecodingKey>,
}

impl KeySet {
    /// The keys in a document. Those that are for encryption, shared secrets, or of an unknown kind are left out.
    ///
    /// # Errors
    /// When it is no set of keys, or none of them can check a signature.
    pub(super) fn parse(document: &[u8]) -> Result<Self, String> {
        // One by one: a key of a kind that is not known must not hide the others.
        #[derive(serde::Deserialize)]
        struct Document {
            keys: Vec<serde_json::Value>,
        }
        let Document { keys } =
            serde_json::from_slice(document).map_err(|error| format!("it is no JWK Set: {error}"))?;
        let known = keys.into_iter().take(MAX_KEYS).filter_map(|key| serde_json::from_value(key).ok());
        let keys: Vec<Key> = known.filter_map(|key: Jwk| Key::read(&key)).collect();
        if keys.is_empty() {
            return Err("no key in it can check a signature".to_owned());
        }
        Ok(Self { keys })
    }

    /// The key called `id` that signs by `algorithm`; for a token that names none the only one that does.
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
        // A key may say that it is for one algorithm; a word of its own must fit its kind.
        let algorithms = match &common.key_algorithm {
            Some(said) => {
                by_kind.iter().copied().filter(|known| format!("{known:?}") == said.to_string()).collect()
            }
            None => by_kind.to_vec(),
        };
        let key = Arc::new(DecodingKey::from_jwk(jwk).ok()?);
        (!algorithms.is_empty()).then(|| Self { id: common.key_id.clone(), algorithms, key })
    }
}

/// What keys of a kind can sign by. Shared secrets are not among them: whoever checks tokens could make them.
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
