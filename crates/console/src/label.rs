//! The content of the QR code on the label of a connector.

use serde::{Deserialize, Serialize};

/// The names that a content may have in braces, as the pages know them.
const NAMES: [&str; 5] = ["pileId", "connectorId", "chargePointId", "stationId", "operatorId"];

/// The text of the codes on labels, with names of values in braces that identify each connector.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct LabelContent(String);

/// Why a text is not a valid content. The message is for operators.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InvalidLabelContent {
    /// A name in braces is unknown.
    UnknownName(String),
    /// The code would be the same for several connectors.
    Ambiguous,
}

impl std::fmt::Display for InvalidLabelContent {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::UnknownName(name) => {
                write!(formatter, "{{{name}}} is unknown; the names are {}", NAMES.join(", "))
            }
            Self::Ambiguous => {
                formatter.write_str("must contain {connectorId}, and {pileId} or {chargePointId}")
            }
        }
    }
}

impl std::error::Error for InvalidLabelContent {}

impl TryFrom<String> for LabelContent {
    type Error = InvalidLabelContent;

    fn try_from(text: String) -> Result<Self, InvalidLabelContent> {
        let named = |part: &str| part.split_once('}').map(|(name, _)| name.to_owned());
        let names: Vec<String> = text.split('{').skip(1).filter_map(named).collect();
        if let Some(unknown) = names.iter().find(|name| !NAMES.contains(&name.as_str())) {
            return Err(InvalidLabelContent::UnknownName(unknown.clone()));
        }
        let has = |wanted: &str| names.iter().any(|name| name == wanted);
        let identifies = has("connectorId") && (has("pileId") || has("chargePointId"));
        identifies.then_some(Self(text)).ok_or(InvalidLabelContent::Ambiguous)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_identifies_each_connector() {
        let parse = |text: &str| LabelContent::try_from(text.to_owned());
        assert!(parse("https://app.example/c/{chargePointId}/{connectorId}?op={operatorId}").is_ok());
        assert_eq!(parse("{pileId}"), Err(InvalidLabelContent::Ambiguous));
        assert_eq!(parse("{connectorId}"), Err(InvalidLabelContent::Ambiguous));
        let unknown = InvalidLabelContent::UnknownName("connectorID".to_owned());
        assert_eq!(parse("{pileId}/{connectorID}"), Err(unknown));
    }
}
