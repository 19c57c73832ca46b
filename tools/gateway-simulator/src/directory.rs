//! The `conn:` keys in Redis, which name the pod of each device.

use domain::ids::{ChargePointId, GatewayId};
use runtime::redis::{Redis, RedisError};
use std::collections::BTreeSet;
use std::time::Duration;
use tokio::sync::Mutex;

/// Attempts at a request, and the pause between them.
const ATTEMPTS: u32 = 20;
const PAUSE: Duration = Duration::from_millis(100);

/// Writes the keys of all pods, one request at a time, so that a refresh never overtakes a move.
#[derive(Debug)]
pub(crate) struct Directory {
    redis: Mutex<Redis>,
    ttl: Duration,
}

impl Directory {
    pub(crate) fn new(redis: Redis, ttl: Duration) -> Self {
        Self { redis: Mutex::new(redis), ttl }
    }

    /// Writes that `pod` holds the device.
    pub(crate) async fn write(
        &self,
        charge_point_id: &ChargePointId,
        pod: &GatewayId,
    ) -> Result<(), RedisError> {
        self.refresh(|| vec![(key(charge_point_id), pod.to_string())]).await
    }

    /// Writes the entries that `entries` returns; it is called when no other request is running.
    pub(crate) async fn refresh(
        &self,
        entries: impl FnOnce() -> Vec<(String, String)>,
    ) -> Result<(), RedisError> {
        let redis = self.redis.lock().await;
        let entries = entries();
        if entries.is_empty() {
            return Ok(());
        }
        let entries: Vec<_> = entries.iter().map(|(key, pod)| (key.as_str(), pod.as_str())).collect();
        with_retries(|| redis.set_many_with_ttl(&entries, self.ttl)).await
    }

    /// Deletes the device's key if it still names `pod`.
    pub(crate) async fn delete(
        &self,
        charge_point_id: &ChargePointId,
        pod: &GatewayId,
    ) -> Result<(), RedisError> {
        let key = key(charge_point_id);
        let keys = [key.as_str()];
        let redis = self.redis.lock().await;
        let owners = with_retries(|| redis.get_many(&keys)).await?;
        if owners.into_iter().flatten().any(|owner| owner == pod.as_str()) {
            with_retries(|| redis.delete(&key)).await?;
        }
        Ok(())
    }
}

/// The prefix of the keys.
const PREFIX: &str = "conn:";

/// The key with the pod of a device.
pub(crate) fn key(charge_point_id: &ChargePointId) -> String {
    format!("{PREFIX}{charge_point_id}")
}

/// The devices that have a key, at most `limit`.
pub(crate) async fn devices_with_key(
    redis: &Redis,
    limit: usize,
) -> Result<BTreeSet<ChargePointId>, RedisError> {
    let keys = Box::pin(redis.keys_with_prefix(PREFIX, limit)).await?;
    let ids = keys.iter().filter_map(|key| ChargePointId::parse(key.strip_prefix(PREFIX)?).ok());
    Ok(ids.collect())
}

/// Retries the command, because Redis may be down for a moment, or not connected yet.
async fn with_retries<T, Fut>(mut command: impl FnMut() -> Fut) -> Result<T, RedisError>
where
    Fut: Future<Output = Result<T, RedisError>>,
{
    let mut attempt = 1;
    loop {
        match Box::pin(command()).await {
            Err(RedisError::Disconnected | RedisError::TimedOut(_)) if attempt < ATTEMPTS => {
                attempt += 1;
                tokio::time::sleep(PAUSE).await;
            }
            outcome => return outcome,
        }
    }
}
