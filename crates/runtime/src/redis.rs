//! Redis: the only module that imports fred. Every call returns quickly, also if Redis is
//! unavailable.
//!
//! Supports one server, the master of a sentinel group, or the nodes of a cluster. fred connects to
//! single servers only, and this module finds the server that has a key. fred's own discovery is
//! not used because it stops at the first unavailable server: in a cluster, it contacts no node
//! until the last one answers; with sentinels, it asks only the first that accepts a connection,
//! even if that one does not respond, and it forgets the configured addresses.

mod address;
mod discovery;
mod latency;
mod login;
mod node;
mod nodes;
mod topology;

use std::{
    collections::BTreeSet,
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

use futures_util::future::{BoxFuture, select_ok};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use self::{
    address::{Address, Deployment},
    discovery::Discovery,
    latency::Latency,
    node::{Connector, Question},
    nodes::Nodes,
    topology::Topology,
};
use crate::{settings::RedisSettings, trace};

/// Why a Redis call failed. The text contains no credentials.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    /// `redis.url` or the files of TLS are invalid; the text says why.
    #[error("invalid redis.url: {0}")]
    Settings(String),
    /// There is no connection to a required server; reported at once.
    #[error("not connected to Redis")]
    Disconnected,
    /// No response within this many milliseconds.
    #[error("no answer from Redis within {0} ms")]
    TimedOut(u128),
    /// Redis answered with an error, or the connection failed.
    #[error("Redis failed: {0}")]
    Failed(String),
}

impl RedisError {
    /// The value of `error.type` on spans.
    const fn word(&self) -> &'static str {
        match self {
            Self::Settings(_) => "settings",
            Self::Disconnected => "disconnected",
            Self::TimedOut(_) => "timeout",
            Self::Failed(_) => "failed",
        }
    }
}

/// A Redis server, sentinel group or cluster. Cheap to clone; usable from any runtime.
#[derive(Clone)]
pub struct Redis {
    nodes: Arc<Nodes>,
    command_timeout: Duration,
    latency: Latency,
    /// Aborted with the last clone. `None` for a single server.
    _discovery: Option<Arc<AbortOnDropHandle<()>>>,
}

impl Redis {
    /// Begins to connect in the background and retries without limit; an unavailable server is not
    /// an error here.
    ///
    /// # Errors
    ///
    /// If the URL is invalid.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime: connections live on the runtime that calls this.
    pub fn connect(settings: &RedisSettings) -> Result<Self, RedisError> {
        let Address { config, deployment } = Address::parse(settings)?;
        let connector = Connector::new(config, settings, settings.pool_size.get());
        let (nodes, discovery) = match deployment {
            Deployment::Server(server) => {
                let nodes = Nodes::new(connector, Vec::new())?;
                nodes.install(Topology::of_one(server));
                (Arc::new(nodes), None)
            }
            Deployment::Cluster(seeds) => {
                let nodes = Arc::new(Nodes::new(connector, seeds)?);
                (Arc::clone(&nodes), Some(Discovery::of_cluster(nodes)))
            }
            Deployment::Sentinels { hosts, config, service } => {
                let nodes = Arc::new(Nodes::new(connector, Vec::new())?);
                let sentinels = Box::new(Nodes::new(Connector::new(config, settings, 1), hosts)?);
                (Arc::clone(&nodes), Some(Discovery::of_sentinels(nodes, sentinels, service)))
            }
        };
        let discovery = discovery.map(|discovery| tokio::spawn(discovery.run()));
        Ok(Self {
            nodes,
            command_timeout: Duration::from_millis(settings.command_timeout_ms),
            latency: Latency::new(),
            _discovery: discovery.map(|task| Arc::new(AbortOnDropHandle::new(task))),
        })
    }

    /// The values of several keys, in the order of the keys; `None` for a missing key. One round
    /// trip; in a cluster one to each node that has some of the keys, all in parallel.
    ///
    /// # Errors
    ///
    /// Within the command timeout, if Redis is unavailable or fails; in a cluster, if a node that
    /// has one of the keys does.
    pub async fn get_many(&self, keys: &[&str]) -> Result<Vec<Option<String>>, RedisError> {
        let questions = keys.iter().map(|key| Question::Get(key)).collect();
        let answers = self.ask(questions).await?;
        let texts = answers.into_iter().map(|answer| answer.convert());
        texts.collect::<Result<_, _>>().map_err(|error| RedisError::Failed(redacted(&error)))
    }

    /// Like [`get_many`](Self::get_many), with each key's remaining time to live; `None` for a key
    /// that never expires.
    ///
    /// A key's value and its time to live are read one after the other: a key that expires in
    /// between is returned as missing.
    ///
    /// # Errors
    ///
    /// As for [`get_many`](Self::get_many).
    pub async fn get_many_with_ttl(
        &self,
        keys: &[&str],
    ) -> Result<Vec<Option<(String, Option<Duration>)>>, RedisError> {
        let questions = keys.iter().flat_map(|key| [Question::Get(key), Question::TimeToLive(key)]).collect();
        let answers = self.ask(questions).await?;
        let (pairs, _) = answers.as_chunks::<2>();
        Ok(pairs.iter().map(|[value, ttl_ms]| living(value.as_string()?, ttl_ms.as_i64()?)).collect())
    }

    /// Sets a key that expires after `ttl`.
    ///
    /// # Errors
    ///
    /// As for [`get_many`](Self::get_many).
    pub async fn set_with_ttl(&self, key: &str, value: &str, ttl: Duration) -> Result<(), RedisError> {
        self.set_many_with_ttl(&[(key, value)], ttl).await
    }

    /// Sets several keys that expire after `ttl`, in as many round trips as
    /// [`get_many`](Self::get_many).
    ///
    /// # Errors
    ///
    /// As for [`get_many`](Self::get_many); some of the keys may have been set in that case.
    pub async fn set_many_with_ttl(&self, entries: &[(&str, &str)], ttl: Duration) -> Result<(), RedisError> {
        let ttl_ms = i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX);
        let questions = entries.iter().map(|(key, value)| Question::Set { key, value, ttl_ms }).collect();
        self.ask(questions).await.map(drop)
    }

    /// Deletes a key; succeeds if it does not exist.
    ///
    /// # Errors
    ///
    /// As for [`get_many`](Self::get_many).
    pub async fn delete(&self, key: &str) -> Result<(), RedisError> {
        self.ask(vec![Question::Delete(key)]).await.map(drop)
    }

    /// Up to `limit` distinct keys that begin with `prefix`, in no particular order; in a cluster,
    /// from all nodes. Every server scans all of its keys, a thousand at a time: use it in tools,
    /// not for each request.
    ///
    /// # Errors
    ///
    /// As for [`get_many`](Self::get_many), for each round trip.
    pub async fn keys_with_prefix(&self, prefix: &str, limit: usize) -> Result<Vec<String>, RedisError> {
        let pattern = format!("{}*", escaped(prefix));
        let mut found = BTreeSet::new();
        for node in self.nodes.serving() {
            let mut cursor = "0".to_owned();
            while found.len() < limit {
                let (next, keys) = self.bounded(Box::pin(node.scan(&cursor, &pattern))).await?;
                found.extend(keys);
                if next == "0" {
                    break;
                }
                cursor = next;
            }
        }
        Ok(found.into_iter().take(limit).collect())
    }

    /// Checks that Redis answers; in a cluster, that any node does.
    ///
    /// # Errors
    ///
    /// As for [`get_many`](Self::get_many).
    pub async fn ping(&self) -> Result<(), RedisError> {
        let pings = self.nodes.serving().into_iter().map(|node| {
            let ping: BoxFuture<'_, _> = Box::pin(async move { node.ping().await });
            ping
        });
        let pings: Vec<_> = pings.collect();
        self.bounded(Box::pin(async {
            // Without known servers there is nothing to ask.
            if pings.is_empty() { Err(RedisError::Disconnected) } else { select_ok(pings).await.map(drop) }
        }))
        .await
    }

    async fn ask(&self, questions: Vec<Question<'_>>) -> Result<Vec<fred::types::Value>, RedisError> {
        let several = questions.len() > 1;
        let name = questions.first().map_or("", |first| first.name(several));
        let span = trace::database_span("redis", name);
        let started = Instant::now();
        if several {
            span.set_attribute("db.operation.batch.size", i64::try_from(questions.len()).unwrap_or(i64::MAX));
        }
        let answers = self.bounded(Box::pin(self.nodes.ask(questions))).instrument(span.clone()).await;
        self.latency.record(name, answers.as_ref().err(), started.elapsed());
        answers.inspect_err(|error| trace::fail(&span, error.word()))
    }

    /// `command` is boxed because the client's futures are large.
    async fn bounded<T>(&self, command: BoxFuture<'_, Result<T, RedisError>>) -> Result<T, RedisError> {
        // fred's own limit is per attempt; this one is per call.
        let outcome = match tokio::time::timeout(self.command_timeout, command).await {
            Ok(outcome) => outcome,
            Err(_elapsed) => Err(RedisError::TimedOut(self.command_timeout.as_millis())),
        };
        // Another server may have taken over.
        outcome.inspect_err(|_failed| self.nodes.doubt())
    }
}

/// Escapes `text` so that it matches only itself in a pattern.
fn escaped(text: &str) -> String {
    let special = |c| matches!(c, '*' | '?' | '[' | ']' | '\\');
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

/// Redis returns -1 for a key that never expires and -2 for a missing key.
fn living(value: String, ttl_ms: i64) -> Option<(String, Option<Duration>)> {
    match ttl_ms {
        -2 => None,
        _ => Some((value, u64::try_from(ttl_ms).ok().map(Duration::from_millis))),
    }
}

/// The kind of an error and the server's message. Errors about the URL are reported without it,
/// because it contains the password.
fn redacted(error: &fred::error::Error) -> String {
    match error.kind() {
        fred::error::ErrorKind::Url | fred::error::ErrorKind::Config => {
            "it is not a valid address".to_owned()
        }
        kind => format!("{}: {}", kind.to_str(), error.details()),
    }
}

impl fmt::Debug for Redis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Redis").finish_non_exhaustive()
    }
}
