//! The operators whose stations and piles a caller may reach, and how a route applies them.

use super::AuthSettings;
use anyhow::ensure;
use serde_json::{Map, Value};
use std::sync::Arc;

/// The longest accepted operator id, in characters.
const MAX_OPERATOR_ID: usize = 200;

/// Claims with a meaning of their own, which cannot list operators.
const RESERVED: [&str; 9] = ["iss", "aud", "sub", "exp", "nbf", "iat", "jti", "scope", "scp"];

/// The operators whose things a caller may reach.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operators {
    /// The things of every operator, and those without an operator.
    All,
    /// The things of the operators with these ids, in ascending order without duplicates. An empty
    /// list reaches nothing. Things without an operator are never included.
    Only(Arc<[String]>),
}

/// How the operators of a caller bound a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The handler applies [`Caller::operators`](super::Caller::operators) to everything that it
    /// reads, counts and changes. What another operator has does not exist for the caller.
    Operator,
    /// The route concerns the platform as a whole. Callers that are bound to operators get 403.
    Platform,
    /// The route neither reads nor changes anything that belongs to an operator.
    Everyone,
}

impl Operators {
    /// The ids; `None` if every operator can be reached.
    #[must_use]
    pub fn ids(&self) -> Option<&[String]> {
        match self {
            Self::All => None,
            Self::Only(ids) => Some(ids),
        }
    }
}

impl Reach {
    /// The word for this reach in the OpenAPI document.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Platform => "platform",
            Self::Everyone => "everyone",
        }
    }

    /// Whether callers with `operators` may use the route.
    pub(crate) fn admits(self, operators: &Operators) -> bool {
        match self {
            Self::Operator | Self::Everyone => true,
            Self::Platform => *operators == Operators::All,
        }
    }
}

/// Reads the operators from the claims of a token.
pub(super) struct OperatorsClaim {
    /// The name of the claim; empty if tokens are never bound to operators.
    name: String,
    required: bool,
}

impl OperatorsClaim {
    /// Reads the claim that `settings` name.
    ///
    /// # Errors
    /// If the claim is required and has no name, or the name has another meaning.
    pub(super) fn new(settings: &AuthSettings) -> anyhow::Result<Self> {
        let (name, required) = (settings.operators_claim.clone(), settings.require_operators);
        ensure!(
            !(required && name.is_empty()),
            "auth.require_operators = true needs the name of the claim in auth.operators_claim"
        );
        ensure!(
            !RESERVED.contains(&name.as_str()),
            "auth.operators_claim cannot be {name:?}, which has another meaning: choose the claim that lists operators"
        );
        Ok(Self { name, required })
    }

    /// The operators in `claims`: a list of ids, or one id as a text.
    ///
    /// # Errors
    /// The reason if the claim is required and absent, or not a list of operator ids.
    pub(super) fn read(&self, claims: &mut Map<String, Value>) -> Result<Operators, String> {
        let name = &self.name;
        let malformed = || format!("the token's claim {name} must be a list of operator ids");
        let ids = match claims.remove(name).filter(|_| !name.is_empty()) {
            None if self.required => return Err(format!("the token lacks the claim {name}")),
            None => return Ok(Operators::All),
            Some(Value::String(id)) => vec![id],
            Some(Value::Array(ids)) => {
                ids.into_iter().map(text).collect::<Option<_>>().ok_or_else(malformed)?
            }
            // Null included: a token whose issuer found no operator must not reach all of them.
            Some(_) => return Err(malformed()),
        };
        if ids.iter().any(|id| {
            id.is_empty() || id.chars().count() > MAX_OPERATOR_ID || id.chars().any(char::is_control)
        }) {
            return Err(format!(
                "{}, each of 1 to {MAX_OPERATOR_ID} characters without control characters",
                malformed()
            ));
        }
        let ids: std::collections::BTreeSet<_> = ids.into_iter().collect();
        Ok(Operators::Only(ids.into_iter().collect()))
    }
}

fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
