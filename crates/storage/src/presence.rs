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
