//! A JSON object that is read leniently by name: names are camelCase or snake_case, the last of
//! several members counts, and `null` counts as absent.

use super::node::Node;
use crate::error::{DecodeError, FieldError};
use crate::value::{InvalidValue, connector_id, number, same_name, text, time, transaction_id};
use chrono::{DateTime, Utc};
use domain::ids::{ConnectorId, TransactionId};
use std::borrow::Cow;

/// The members of a JSON object, in the order in which they were sent.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Object<'a>(Vec<(Cow<'a, str>, Node<'a>)>);

impl<'a> Object<'a> {
    /// An object of the given members.
    pub(super) fn new(members: Vec<(Cow<'a, str>, Node<'a>)>) -> Self {
        Self(members)
    }

    /// Parses `bytes` as one JSON object.
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let not_json = |message: String| DecodeError::NotJson { message };
        // Validated once here, so that serde_json does not validate every text again.
        let text = str::from_utf8(bytes).map_err(|error| not_json(error.to_string()))?;
        // A byte order mark, and the NUL that terminates a text in C, are not part of the JSON.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).trim_end_matches('\0');
        match serde_json::from_str(text) {
            Ok(Node::Object(object)) => Ok(object),
            Ok(_) => Err(not_json("the value is not an object".to_owned())),
            Err(error) => Err(not_json(error.to_string())),
        }
    }

    /// The member `name`, unless it is absent or null.
    pub(crate) fn get(&self, name: &str) -> Option<&Node<'a>> {
        let (_, node) = self.0.iter().rev().find(|(member, _)| same_name(member, name))?;
        (*node != Node::Null).then_some(node)
    }

    /// `name`, unless only `alias` is present.
    pub(crate) fn either<'n>(&self, name: &'n str, alias: &'n str) -> &'n str {
        if self.get(name).is_none() && self.get(alias).is_some() { alias } else { name }
    }

    /// All members as sent, including those that a later one replaces.
    pub(crate) fn members(&self) -> impl Iterator<Item = (&str, &Node<'a>)> {
        self.0.iter().map(|(name, node)| (name.as_ref(), node))
    }

    /// A name or code; an integer is accepted. Blank counts as absent.
    pub(crate) fn text(&self, name: &str) -> Result<Option<Cow<'_, str>>, FieldError> {
        match self.get(name) {
            None => Ok(None),
            Some(Node::Text(text)) => Ok((!text::trimmed(text).is_empty()).then_some(Cow::Borrowed(text))),
            Some(Node::Integer(integer)) => Ok(Some(Cow::Owned(integer.to_string()))),
            Some(_) => Err(FieldError::new(name, "must be a text")),
        }
    }

    /// Text for people: cleaned and truncated. A value other than text counts as absent, because
    /// nothing depends on it.
    pub(crate) fn free_text(&self, name: &str) -> Option<String> {
        match self.get(name)? {
            Node::Text(text) => text::clean(text),
            Node::Integer(integer) => Some(integer.to_string()),
            Node::Float(float) => Some(float.to_string()),
            _ => None,
        }
    }

    /// Text of any length, unchanged; an integer is accepted. Any other value counts as absent.
    pub(crate) fn unbounded_text(&self, name: &str) -> Option<Cow<'_, str>> {
        match self.get(name)? {
            Node::Text(text) => Some(Cow::Borrowed(text)),
            Node::Integer(integer) => Some(Cow::Owned(integer.to_string())),
            _ => None,
        }
    }

    /// A finite number, also as text. Blank counts as absent.
    pub(crate) fn number(&self, name: &str) -> Result<Option<f64>, FieldError> {
        match self.get(name) {
            None => Ok(None),
            Some(Node::Integer(integer)) => Ok(Some(number::from_integer(*integer))),
            Some(Node::Float(float)) => Ok(Some(*float)),
            Some(Node::Text(text)) => number::from_text(text).map_err(|error| FieldError::new(name, error)),
            Some(_) => Err(FieldError::new(name, "must be a number")),
        }
    }

    /// An integer, also as text or as a float without fraction. Blank counts as absent.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, FieldError> {
        let integer = match self.get(name) {
            None => return Ok(None),
            Some(Node::Text(text)) if text::trimmed(text).is_empty() => return Ok(None),
            Some(Node::Text(text)) => text::trimmed(text).parse().ok(),
            Some(node) => node.whole().and_then(|integer| i64::try_from(integer).ok()),
        };
        integer.map(Some).ok_or_else(|| FieldError::new(name, "must be an integer"))
    }

    /// An energy register in Wh.
    pub(crate) fn energy_wh(&self, name: &str) -> Result<Option<f64>, FieldError> {
        let raw = self.number(name)?;
        raw.map(number::energy_wh).transpose().map_err(|error| FieldError::new(name, error))
    }

    /// An instant in any of the contract's forms.
    pub(crate) fn time(&self, name: &str) -> Result<Option<DateTime<Utc>>, FieldError> {
        let time = match self.get(name) {
            None => return Ok(None),
            Some(Node::Text(text)) => time::from_text(text),
            Some(node) => {
                node.truncated().map_or_else(|| Err(InvalidValue::is_not("a time")), time::from_millis)
            }
        };
        time.map_err(|error| FieldError::new(name, error))
    }

    /// The connector, which is required.
    pub(crate) fn connector_id(&self) -> Result<ConnectorId, FieldError> {
        self.optional_connector_id()?.ok_or_else(|| FieldError::missing("connectorId"))
    }

    /// The connector, which is optional.
    pub(crate) fn optional_connector_id(&self) -> Result<Option<ConnectorId>, FieldError> {
        let raw = self.integer("connectorId")?;
        raw.map(connector_id::parse).transpose().map_err(|error| FieldError::new("connectorId", error))
    }

    /// The transaction; `None` if the gateway does not know it yet.
    pub(crate) fn transaction_id(&self) -> Result<Option<TransactionId>, FieldError> {
        let id = match self.get("transactionId") {
            None => return Ok(None),
            Some(Node::Text(text)) => transaction_id::parse(text),
            Some(node) => node.whole().map_or_else(
                || Err(InvalidValue::is_not("an integer or a text")),
                |integer| transaction_id::parse(&integer.to_string()),
            ),
        };
        id.map_err(|error| FieldError::new("transactionId", error))
    }

    /// A nested object.
    pub(crate) fn object(&self, name: &str) -> Result<Option<&Self>, FieldError> {
        match self.get(name) {
            None => Ok(None),
            Some(Node::Object(object)) => Ok(Some(object)),
            Some(_) => Err(FieldError::new(name, "must be an object")),
        }
    }

    /// Nested objects: an array of objects, or a single one. Each item that is not an object is a
    /// separate error.
    pub(crate) fn objects(&self, name: &str) -> Vec<Result<&Self, FieldError>> {
        match self.get(name) {
            None => Vec::new(),
            Some(Node::Array(items)) => {
                items.iter().filter(|item| **item != Node::Null).map(|item| as_object(name, item)).collect()
            }
            Some(node) => vec![as_object(name, node)],
        }
    }

    /// The variant of `T` with this exact serde name.
    pub(crate) fn variant<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<T, FieldError> {
        let text = self.text(name)?.ok_or_else(|| FieldError::missing(name))?;
        text::variant(&text)
            .ok_or_else(|| FieldError::new(name, InvalidValue::not("a value of OCPP 1.6", &text)))
    }

    /// A text without trimming, which may be blank.
    pub(crate) fn string(&self, name: &str) -> Result<Option<String>, FieldError> {
        match self.get(name) {
            Some(Node::Text(text)) => Ok(Some(text.clone().into_owned())),
            _ => Ok(self.text(name)?.map(Cow::into_owned)),
        }
    }
}

/// `node`, or an item of it, as one of the objects in `name`.
fn as_object<'o, 'a>(name: &str, node: &'o Node<'a>) -> Result<&'o Object<'a>, FieldError> {
    match node {
        Node::Object(object) => Ok(object),
        _ => Err(FieldError::new(name, "must be an object or an array of objects")),
    }
}
