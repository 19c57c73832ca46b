//! The addresses of the stack, from the services' environment variables.

use anyhow::Context as _;
use gateway_simulator::Settings;
use gateway_simulator::settings::DEFAULTS;
use runtime::kafka::Kafka;
use runtime::redis::Redis;

/// The value of an environment variable that must be set.
///
/// # Errors
/// When it is not set.
#[expect(
    clippy::disallowed_methods,
    reason = "these programs are not services; the environment gives them the addresses of the stack"
)]
pub fn variable(name: &str) -> anyhow::Result<String> {
    std::env::var(name)
        .with_context(|| format!("{name} is not set: use `make demo`, `make run` or `make bench`"))
}

/// A client of Kafka, on the current runtime.
///
/// # Errors
/// When `KAFKA_BROKERS` is not set or invalid.
pub fn kafka() -> anyhow::Result<Kafka> {
    let brokers = variable("KAFKA_BROKERS")?;
    Ok(Kafka::new(&settings("kafka.brokers", &brokers)?.kafka)?)
}

/// A client of the Redis with the route keys, on the current runtime.
///
/// # Errors
/// When `REDIS_URL` is not set or invalid.
pub fn redis() -> anyhow::Result<Redis> {
    let url = variable("REDIS_URL")?;
    Ok(Redis::connect(&settings("redis.url", &url)?.redis)?)
}

fn settings(key: &str, value: &str) -> anyhow::Result<Settings> {
    Ok(runtime::settings::parse(DEFAULTS, &[(key, value)])?)
}
