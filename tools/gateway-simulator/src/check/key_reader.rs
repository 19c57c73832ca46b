//! Reads the keys of all devices that have sent events, at an interval.

use super::context::CheckContext;
use super::key::Key;
use crate::directory;
use domain::ids::ChargePointId;
use runtime::every;
use runtime::redis::{Redis, RedisError};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Keys per round trip.
const CHUNK: usize = 500;

/// Passes the keys to the judge, until it is dropped.
pub(super) async fn read_keys_repeatedly(context: Arc<CheckContext>) {
    let mut ticks = every(context.settings.key_interval());
    loop {
        ticks.tick().await;
        let devices = context.judge().devices();
        for chunk in devices.chunks(CHUNK) {
            if let Err(error) = read_chunk(&context, chunk).await {
                tracing::warn!(%error, "keys cannot be read; retrying");
                context.judge().record_interruption();
            }
        }
    }
}

/// The devices that have a key; none if Redis cannot be reached.
pub(super) async fn devices_with_key(redis: &Redis, limit: usize) -> BTreeSet<ChargePointId> {
    let found = directory::devices_with_key(redis, limit).await;
    found.unwrap_or_else(|error| {
        tracing::warn!(%error, "the keys cannot be listed; devices with a key that send no events are not judged");
        BTreeSet::new()
    })
}

async fn read_chunk(context: &CheckContext, devices: &[ChargePointId]) -> Result<(), RedisError> {
    match read(context, devices).await {
        // One key that is not a string fails the whole request: read each key alone.
        Err(RedisError::Failed(_)) => {
            for device in devices {
                match read(context, std::slice::from_ref(device)).await {
                    Err(RedisError::Failed(error)) => {
                        pass_to_judge(context, &[(device.clone(), Key::InvalidValue(error))]);
                    }
                    outcome => outcome?,
                }
            }
            Ok(())
        }
        outcome => outcome,
    }
}

async fn read(context: &CheckContext, devices: &[ChargePointId]) -> Result<(), RedisError> {
    let names: Vec<_> = devices.iter().map(directory::key).collect();
    let names: Vec<_> = names.iter().map(String::as_str).collect();
    let values = Box::pin(context.redis.get_many_with_ttl(&names)).await?;
    let keys: Vec<_> = devices
        .iter()
        .zip(values)
        .map(|(id, value)| {
            let key = value.map(|(value, ttl)| Key::Held { value, ttl });
            (id.clone(), key.unwrap_or(Key::Absent))
        })
        .collect();
    pass_to_judge(context, &keys);
    Ok(())
}

fn pass_to_judge(context: &CheckContext, keys: &[(ChargePointId, Key)]) {
    let at = runtime::clock::now();
    let mut judge = context.judge();
    for (id, key) in keys {
        judge.observe_key(id, key, at);
    }
}
