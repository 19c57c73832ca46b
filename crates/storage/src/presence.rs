//! Whether devices are there: which gateways are heard, which devices were asked for a sign of life, and what follows from
//! silence.

pub mod concerned;
pub mod due;
pub mod gateways;
pub mod probes;
pub mod silence;

fn broken(what: impl ToString) -> crate::StorageError {
    crate::StorageError::inconsistent("device_probes", what)
}

/// When the platform last heard a device, of the row of `charge_points` under the name `device`: what events claim has no effect
/// on it. The row of an older release has no `written_at`.
macro_rules! heard_at {
    () => {
        "greatest(device.written_at, device.seen_appended_at)"
    };
}
pub(crate) use heard_at;
