//! The servers against which the tests run.

/// The value of an environment variable, unless it is absent or empty.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "the environment gives tests the addresses of the stack")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn required(name: &str) -> String {
    environment(name).unwrap_or_else(|| {
        panic!(
            "{name} is not set: run `make test`, or `eval \"$(deploy/local/stack env)\"` before `cargo test`"
        )
    })
}

/// The URL of a server on which tests may create databases.
pub(crate) fn database_url() -> String {
    required("DATABASE_URL")
}

/// Kafka's bootstrap brokers, separated by commas.
#[must_use]
pub fn kafka_brokers() -> String {
    required("KAFKA_BROKERS")
}

/// Redis, as a URL.
#[must_use]
pub fn redis_url() -> String {
    required("REDIS_URL")
}

/// `prefix` with a unique suffix.
#[must_use]
pub fn unique(prefix: &str) -> String {
    format!("{prefix}-{}", uuid::Uuid::now_v7().simple())
}
