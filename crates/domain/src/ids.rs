//! Identifiers: UUIDs for what the platform creates, validated text for what gateways and callers
//! send.

use crate::digest::fnv1a_64;
use crate::schema::{printable, written_as};
use crate::text::{InvalidText, parse_text};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use uuid::Uuid;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Self {
                id.0
            }
        }
    };
}

uuid_id!(
    /// A charging station (site). UUIDv7.
    StationId
);
uuid_id!(
    /// A pile (桩) as an asset. UUIDv7.
    PileId
);
uuid_id!(
    /// A charging session. UUIDv7 derived from the event that opened it, see [`SessionId::derive`].
    SessionId
);
uuid_id!(
    /// A command to a charge point. UUIDv7; also the gateway's key for deduplication.
    CommandId
);
uuid_id!(
    /// A batch of commands to many piles of a station. UUIDv7.
    CommandBatchId
);
uuid_id!(
    /// A tariff (费率). UUIDv7.
    TariffId
);
uuid_id!(
    /// A binding of a tariff to a subject. UUIDv7.
    BindingId
);

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

/// An outlet (枪) of a charge point; 0 is the charge point as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct ConnectorId(u16);

/// A connector number outside the accepted range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("connector id must be between 0 and {max}", max = ConnectorId::MAX)]
pub struct InvalidConnectorId;

impl ConnectorId {
    /// The charge point as a whole.
    pub const WHOLE: Self = Self(0);
    /// The largest accepted number.
    pub const MAX: u16 = 1_000;

    /// Accepts 0 to 1000.
    ///
    /// # Errors
    /// The number is outside that range.
    pub fn parse(raw: i64) -> Result<Self, InvalidConnectorId> {
        u16::try_from(raw).ok().filter(|n| *n <= Self::MAX).map(Self).ok_or(InvalidConnectorId)
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }

    /// Whether this is the charge point as a whole.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.0 == 0
    }
}

written_as!(
    ConnectorId,
    "ConnectorId",
    json_schema!({
        "description": "The number of a connector at its device; 0 is the device as a whole.",
        "type": "integer",
        "minimum": 0,
        "maximum": ConnectorId::MAX,
    })
);

impl fmt::Display for ConnectorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl TryFrom<i64> for ConnectorId {
    type Error = InvalidConnectorId;
    fn try_from(raw: i64) -> Result<Self, InvalidConnectorId> {
        Self::parse(raw)
    }
}

impl From<ConnectorId> for i64 {
    fn from(id: ConnectorId) -> Self {
        Self::from(id.0)
    }
}

impl SessionId {
    /// The id of the session that `event` opened on `charge_point` at `started_at_ms` (Unix
    /// milliseconds).
    ///
    /// The id is a UUIDv7 whose random part is a digest of the two names: the same event always
    /// opens the same session, regardless of where and how often it is applied, and ids still sort
    /// by time.
    #[must_use]
    pub fn derive(charge_point: &ChargePointId, event: &EventId, started_at_ms: i64) -> Self {
        let name = format!("{charge_point}/{event}");
        let digest = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes()).into_bytes();
        let mut random = [0; 10];
        random.copy_from_slice(digest.first_chunk::<10>().unwrap_or(&[0; 10]));
        let millis = u64::try_from(started_at_ms).unwrap_or(0);
        Self(uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid())
    }
}

/// A 64-bit digest of an [`EventId`] (FNV-1a), small enough to be stored with the state that the
/// event caused.
///
/// It only distinguishes events of one charge point that claim the same instant or are close
/// together; 64 bits do not collide there in practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventKey(pub i64);

impl EventKey {
    /// The digest of `event`.
    #[must_use]
    pub fn of(event: &EventId) -> Self {
        let digest = fnv1a_64(event.as_str().as_bytes());
        Self(i64::from_ne_bytes(digest.to_ne_bytes()))
    }
}

/// A digest of a transaction id, where only equality matters. Within one device 64 bits do not
/// collide in practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TransactionKey(pub i64);

impl TransactionKey {
    /// The digest of `transaction`.
    #[must_use]
    pub fn of(transaction: &TransactionId) -> Self {
        let digest = fnv1a_64(transaction.as_str().as_bytes());
        Self(i64::from_ne_bytes(digest.to_ne_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_charge_point_id_is_a_plain_key() {
        assert!(ChargePointId::parse("CP-001.a:b@c*d+e=f|g").is_ok());
        for bad in ["", " CP", "CP 1", "桩", "a\n", "a/b", &"x".repeat(65)] {
            assert!(ChargePointId::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn rejects_a_negative_connector() {
        assert_eq!(ConnectorId::parse(-1), Err(InvalidConnectorId));
        assert_eq!(ConnectorId::parse(1001), Err(InvalidConnectorId));
        assert!(ConnectorId::parse(0).unwrap().is_whole());
    }

    #[test]
    fn a_tag_is_cleaned_of_padding() {
        let clean = |raw: &str| IdTag::clean(raw).map(String::from);
        let tag = |text: &str| Some(text.to_owned());
        assert_eq!(clean("04A2B3\0\0\0"), tag("04A2B3"));
        assert_eq!(clean(" 04A2B3 \r\n\0"), tag("04A2B3"));
        assert_eq!(clean("04\u{7}A2"), tag("04A2"));
        assert_eq!(
            clean("3f2504e0-4f89-11d3-9a0c-0305e82c3301"),
            tag("3f2504e0-4f89-11d3-9a0c-0305e82c3301")
        );
        assert_eq!(clean(&"x".repeat(255)), tag(&"x".repeat(255)));
        assert_eq!(clean(&"x".repeat(256)), None);
        assert_eq!(clean("\0\0 "), None);
    }

    #[test]
    fn only_plain_integers_count_as_integers() {
        let integer = |raw: &str| TransactionId::parse(raw).unwrap().as_integer();
        assert_eq!(integer("634"), Some(634));
        assert_eq!(integer("0634"), None);
        assert_eq!(integer("+5"), None);
        assert_eq!(integer("TXN12345"), None);
    }

    #[test]
    fn the_same_event_opens_the_same_session() {
        let cp = ChargePointId::parse("CP-1").unwrap();
        let event = EventId::parse("e-1").unwrap();
        let id = SessionId::derive(&cp, &event, 1_722_673_799_000);
        assert_eq!(id, SessionId::derive(&cp, &event, 1_722_673_799_000));
        assert_eq!(id.0.get_version_num(), 7);
        assert_ne!(id, SessionId::derive(&cp, &EventId::parse("e-2").unwrap(), 1_722_673_799_000));
    }
}
