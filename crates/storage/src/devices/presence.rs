//! Whether devices are there: which gateways are heard, which devices were asked for a sign of life, and what follows from
//! silence.

pub mod concerned;
pub mod due;
pub mod gateways;
pub mod probes;
pub mod silence;

use crate::StorageError;
use diesel::QueryableByName;
use diesel::sql_types::{Int4, Text};
use domain::ids::ChargePointId;

/// A device with the partition that last spoke of it.
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

/// When the platform last heard a device, of the row of `charge_points` under the name `device`: what events claim has no effect
/// on it. The row of an older release has no `written_at`.
macro_rules! heard_at {
    () => {
        "greatest(device.written_at, device.seen_appended_at)"
    };
}
pub(crate) use heard_at;

/// When a device was last heard through the gateway that its row names, of the row of `charge_points` under this name. An event counts no
/// later than it was appended, and no later than it was written; the row of an older release has the claimed time instead.
macro_rules! last_heard_at {
    ($row:literal) => {
        concat!("least(", $row, ".seen_appended_at, coalesce(", $row, ".written_at, ", $row, ".seen_at))")
    };
}
pub(crate) use last_heard_at;
