//! Redis clients for tests, and calls with a time limit.

use runtime::{
    redis::{Redis, RedisError},
    settings::RedisSettings,
};
use std::time::{Duration, Instant};
use testkit::eventually;
use testkit::redis_servers::RedisServer;

/// The configured timeout of a call.
pub const TIMEOUT: Duration = Duration::from_millis(300);
/// Tolerance for a machine that builds and tests at the same time.
const LATE: Duration = Duration::from_secs(3);

pub fn settings(url: String) -> RedisSettings {
    RedisSettings {
        command_timeout_ms: u64::try_from(TIMEOUT.as_millis()).unwrap(),
        connect_timeout_ms: 1_000,
        ..RedisSettings::new(url.into())
    }
}

/// A client that has reached its servers.
pub async fn connected(settings: &RedisSettings) -> Redis {
    let redis = Redis::connect(settings).unwrap();
    eventually("Redis to answer", || async { redis.ping().await.is_ok() }).await;
    redis
}

/// Looks up a key, and asserts that the result arrives in time.
pub async fn get(redis: &Redis, key: &str) -> Result<Option<String>, RedisError> {
    let begun = Instant::now();
    let answer = redis.get_many(&[key]).await;
    assert!(begun.elapsed() < TIMEOUT + LATE, "{:?}, {answer:?}", begun.elapsed());
    answer.map(|values| values.into_iter().next().unwrap())
}

/// Waits until a replica has this number of keys.
pub async fn replicated(replica: &RedisServer, keys: u32) {
    eventually("the keys to be on the replica", || async {
        replica.command(&["DBSIZE"]) == keys.to_string()
    })
    .await;
}
