//! Clients as tests want them, and calls that are watched.

use runtime::{
    redis::{Redis, RedisError},
    settings::RedisSettings,
};
use std::num::NonZeroUsize;
use std::time::{Duration, Instant};
use testkit::eventually;
use testkit::redis_servers::RedisServer;

/// How long a call may take by its settings.
pub const TIMEOUT: Duration = Duration::from_millis(300);
/// What a machine that builds and tests at once may add to that.
const LATE: Duration = Duration::from_secs(3);

pub fn settings(url: String) -> RedisSettings {
    RedisSettings {
        url: url.into(),
        pool_size: NonZeroUsize::new(2).unwrap(),
        command_timeout_ms: u64::try_from(TIMEOUT.as_millis()).unwrap(),
        connect_timeout_ms: 1_000,
    }
}

/// A client that has reached its servers.
pub async fn connected(settings: &RedisSettings) -> Redis {
    let redis = Redis::connect(settings).unwrap();
    eventually("Redis to answer", || async { redis.ping().await.is_ok() }).await;
    redis
}

/// What comes of looking a key up; in time, whatever it is.
pub async fn get(redis: &Redis, key: &str) -> Result<Option<String>, RedisError> {
    let begun = Instant::now();
    let answer = redis.get_many(&[key]).await;
    assert!(begun.elapsed() < TIMEOUT + LATE, "{:?}, {answer:?}", begun.elapsed());
    answer.map(|values| values.into_iter().next().unwrap())
}

/// Waits until a replica has as many keys as the test has set.
pub async fn replicated(replica: &RedisServer, keys: u32) {
    eventually("the keys to be on the replica", || async { replica.ask(&["DBSIZE"]) == keys.to_string() })
        .await;
}
