//! Redis clients for tests, and calls with a time limit.

use runtime::{
    redis::{Redis, RedisError},
    settings::RedisSettings,
};
use std::time::{Duration, Instant};
use testkit::eventually;
use testkit::redis_servers::RedisServer;

/// The configured timeout of a call, in milliseconds: short, because tests wait for it, and long enough
/// for a call on a busy machine.
pub const TIMEOUT_MS: u64 = 2_000;
/// When a call is too late on any machine: without a timeout it would wait for minutes.
pub const TOO_LATE: Duration = Duration::from_secs(20);

/// The settings for servers that no test stops.
pub fn patient(url: String) -> RedisSettings {
    RedisSettings { command_timeout_ms: 20_000, connect_timeout_ms: 20_000, ..settings(url) }
}

pub fn settings(url: String) -> RedisSettings {
    RedisSettings {
        command_timeout_ms: TIMEOUT_MS,
        connect_timeout_ms: 2_000,
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
    assert!(begun.elapsed() < TOO_LATE, "{:?}, {answer:?}", begun.elapsed());
    answer.map(|values| values.into_iter().next().unwrap())
}

/// Whether a server that has stopped responding leads to this error.
pub fn is_late(error: &RedisError) -> bool {
    match error {
        RedisError::TimedOut(limit_ms) => *limit_ms == u128::from(TIMEOUT_MS),
        RedisError::Failed(_) => true,
        _ => false,
    }
}

/// Waits until a replica has this number of keys.
pub async fn replicated(replica: &RedisServer, keys: u32) {
    eventually("the keys to be on the replica", || async {
        replica.command(&["DBSIZE"]) == keys.to_string()
    })
    .await;
}
