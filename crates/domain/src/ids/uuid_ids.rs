//! UUIDs of what the platform creates.

use super::{ChargePointId, EventId};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
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
    /// A charging session. A UUIDv7 that is derived from the event that opened it.
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
uuid_id!(
    /// Downtime that does not count in the reliability ledger. UUIDv7.
    ExclusionId
);
uuid_id!(
    /// An issue: one cause at one place. A UUIDv7 that is derived from what opened it.
    IssueId
);
uuid_id!(
    /// A maintenance window. UUIDv7.
    MaintenanceWindowId
);

impl SessionId {
    /// The id of the session that `event` opened on `charge_point` at `started_at_ms` (Unix
    /// milliseconds).
    ///
    /// The id is a UUIDv7 whose random part is a digest of the two names: the same event always
    /// opens the same session, regardless of where and how often it is applied, and ids still sort
    /// by time.
    #[must_use]
    pub fn derive(charge_point: &ChargePointId, event: &EventId, started_at_ms: i64) -> Self {
        Self(derived(&format!("{charge_point}/{event}"), started_at_ms))
    }
}

impl IssueId {
    /// The id of the issue with this key (its cause and place) that was opened at `opened_at`. An
    /// evaluation that is repeated opens the same issue.
    #[must_use]
    pub fn derive(key: &str, opened_at: DateTime<Utc>) -> Self {
        let name = format!("{key}/{}", opened_at.timestamp_micros());
        Self(derived(&name, opened_at.timestamp_millis()))
    }
}

impl CommandId {
    /// The id of the command `name` that the platform sends because of `origin`, a command or an issue.
    /// All replicas derive the same id, so that only one of them can record the command.
    ///
    /// A UUIDv7 with the time of `origin`, whose random part is a digest.
    #[must_use]
    pub(crate) fn derive(origin: Uuid, name: &str) -> Self {
        let [a, b, c, d, e, f, ..] = origin.into_bytes();
        let millis = u64::from_be_bytes([0, 0, a, b, c, d, e, f]);
        Self(with_digest(millis, Uuid::new_v5(&origin, name.as_bytes())))
    }
}

/// The UUIDv7 of `at_ms` (Unix milliseconds) whose random part is a digest of `name`.
fn derived(name: &str, at_ms: i64) -> Uuid {
    let digest = Uuid::new_v5(&Uuid::NAMESPACE_OID, name.as_bytes());
    with_digest(u64::try_from(at_ms).unwrap_or(0), digest)
}

/// The UUIDv7 of `millis` (Unix milliseconds) whose random part is that of `digest`.
fn with_digest(millis: u64, digest: Uuid) -> Uuid {
    let mut random = [0; 10];
    random.copy_from_slice(digest.into_bytes().first_chunk::<10>().unwrap_or(&[0; 10]));
    uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

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
