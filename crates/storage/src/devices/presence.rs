//! Presence of devices: the times of gateways, the probes of devices, and the consequences of
//! silence.

pub mod due;
pub mod gateways;
pub mod probes;
pub mod silence;
pub mod silent_devices;

use crate::StorageError;
use diesel::QueryableByName;
use diesel::sql_types::{Int4, Text};
use domain::ids::ChargePointId;

/// A device with the partition of its last event.
#[derive(QueryableByName)]
struct DeviceRow {
    #[diesel(sql_type = Text)]
    charge_point_id: String,
    #[diesel(sql_type = Int4)]
    seen_partition: i32,
}

impl DeviceRow {
    fn parse(self) -> Result<(i32, ChargePointId), StorageError> {
        Ok((self.seen_partition, ChargePointId::parse(&self.charge_point_id).map_err(broken)?))
    }
}

fn broken(what: impl ToString) -> StorageError {
    StorageError::inconsistent("device_probes", what)
}

/// When the platform last heard from a device, from the row of `charge_points` under the alias
/// `device`. Times that events claim have no effect. Rows from an older release have no
/// `written_at`.
macro_rules! heard_at {
    () => {
        "greatest(device.written_at, device.seen_appended_at)"
    };
}
pub(crate) use heard_at;

/// When a device was last heard through the gateway in its row, from the row of `charge_points`
/// under this alias. The time is at most that of the append and that of the write; rows from an
/// older release have the claimed time instead.
macro_rules! last_heard_at {
    ($row:literal) => {
        concat!("least(", $row, ".seen_appended_at, coalesce(", $row, ".written_at, ", $row, ".seen_at))")
    };
}
pub(crate) use last_heard_at;
