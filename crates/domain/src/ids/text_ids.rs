//! Validated text that gateways, devices and callers send.

use crate::schema::{printable, written_as};
use crate::text::{InvalidText, parse_text};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $max:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The longest accepted text, in characters.
            pub const MAX_CHARS: usize = $max;

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidText;
            fn try_from(raw: String) -> Result<Self, InvalidText> {
                Self::parse(&raw)
            }
        }

        impl FromStr for $name {
            type Err = InvalidText;
            fn from_str(raw: &str) -> Result<Self, InvalidText> {
                Self::parse(raw)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

macro_rules! printable_id {
    ($(#[$doc:meta])* $name:ident, $max:expr) => {
        text_id!($(#[$doc])* $name, $max);

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
                printable($max, "Printable text; blanks at both ends are removed.")
            }
        }

        impl $name {
            /// Accepts printable text within the limit; blanks at both ends are removed.
            ///
            /// # Errors
            /// The text is empty, too long or contains control characters.
            pub fn parse(raw: &str) -> Result<Self, InvalidText> {
                parse_text(raw, Self::MAX_CHARS).map(Self)
            }
        }
    };
}

text_id!(
    /// The device's own name (its serial number), as known to the gateway: 1 to 64 of `A-Za-z0-9`
    /// and `._:@*+=|-`.
    ChargePointId,
    64
);

written_as!(
    ChargePointId,
    "ChargePointId",
    json_schema!({
        "description": "The device's own name, as known to the gateway.",
        "type": "string",
        "pattern": r"^[A-Za-z0-9._:@*+=|-]{1,64}$",
    })
);

impl ChargePointId {
    /// Accepts 1 to 64 characters of the allowed alphabet without trimming, because the name is a
    /// key on the wire.
    ///
    /// # Errors
    /// The text is empty, too long or contains another character.
    pub fn parse(raw: &str) -> Result<Self, InvalidText> {
        if raw.is_empty() {
            return Err(InvalidText::Empty);
        }
        if raw.chars().count() > Self::MAX_CHARS {
            return Err(InvalidText::TooLong { max: Self::MAX_CHARS });
        }
        if !raw.chars().all(|c| c.is_ascii_alphanumeric() || "._:@*+=|-".contains(c)) {
            return Err(InvalidText::ForbiddenCharacter);
        }
        Ok(Self(raw.to_owned()))
    }
}

printable_id!(
    /// A gateway, as named in its events and its `conn:` keys.
    GatewayId,
    128
);
printable_id!(
    /// The gateway's id of an event; the same event may arrive more than once.
    EventId,
    128
);
printable_id!(
    /// The token that identifies a driver, as reported by events. OCPP 1.6 allows 20 characters
    /// (`IdToken`), OCPP 2.0.1 36, and chargers send longer ones; see [`StartIdTag`] for commands.
    IdTag,
    255
);
printable_id!(
    /// The token of a start command, within the limit of OCPP 1.6 for requests to a device
    /// (`IdToken`, at most 20 characters).
    StartIdTag,
    20
);
printable_id!(
    /// The gateway's id of a charging transaction: usually an integer, kept as text. An id that is
    /// not known yet (0, empty) is `None`, never a `TransactionId`.
    TransactionId,
    64
);

impl From<StartIdTag> for IdTag {
    fn from(id_tag: StartIdTag) -> Self {
        Self(id_tag.0)
    }
}

impl IdTag {
    /// Accepts a token as chargers send it. Control characters, such as the NULs that pad a fixed
    /// length, and blanks at both ends are removed. `None` if nothing is left, or more than
    /// [`Self::MAX_CHARS`]: a truncated token would be another one.
    #[must_use]
    pub fn clean(raw: &str) -> Option<Self> {
        let printable: String = raw.chars().filter(|c| !c.is_control()).collect();
        Self::parse(&printable).ok()
    }

    /// The token as callers see it that may not know drivers: `****` and, if at least five characters
    /// stay hidden, the last three. Equal tokens have equal masks.
    #[must_use]
    pub fn masked(&self) -> Self {
        const MARK: &str = "****";
        const SHOWN: usize = 3;
        const HIDDEN: usize = 5;
        let text = self.as_str();
        let count = text.chars().count();
        let end = if count >= SHOWN + HIDDEN { count - SHOWN } else { count };
        let shown =
            text.char_indices().nth(end).map_or("", |(index, _)| text.get(index..).unwrap_or_default());
        Self(format!("{MARK}{shown}"))
    }

    /// Whether both tokens identify the same driver: OCPP 1.6 tokens are case-insensitive.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.0.eq_ignore_ascii_case(&other.0)
    }
}

impl TransactionId {
    /// The integer value, if the id is an integer in its plain form (`634`, not `0634`).
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        self.0.parse::<i64>().ok().filter(|n| n.to_string() == self.0)
    }
}

printable_id!(
    /// The author of an edit: the subject of the caller's credentials.
    Actor,
    200
);

impl Actor {
    /// The caller of a service that requires no credentials.
    #[must_use]
    pub fn anonymous() -> Self {
        Self("anonymous".to_owned())
    }
}

#[cfg(test)]
mod tests;
