//! Redis: the only module that imports fred. Every answer is quick, also the answer that Redis is away.
//!
//! One server, whichever of a sentinel group is the master, or the nodes of a cluster: fred speaks to single servers only,
//! and which of them has a key is found out here. Its own ways of doing so stop at the first server that is away: of a
//! cluster, all nodes are left alone until the last one answers; of sentinels, the first that accepts a connection is the only
//! one asked, also when it says nothing, and the addresses that were configured are forgotten.

mod address;
mod discovery;
mod node;
mod nodes;
mod topology;

use std::{collections::BTreeSet, fmt, sync::Arc, time::Duration};

use futures_util::future::{BoxFuture, select_ok};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument as _;
use tracing_opentelemetry::OpenTelemetrySpanExt as _;

use self::{
    address::{Address, Deployment},
    discovery::Discovery,
    node::{Connector, Question},
    nodes::Nodes,
    topology::Topology,
};
use crate::{settings::RedisSettings, trace};

/// Why Redis gave no answer. The text names no credentials.
#[derive(Debug, thiserror::Error)]
pub enum RedisError {
    /// The settings cannot be used.
    #[error("redis.url cannot be used: {0}")]
    Settings(String),
    /// No connection at the moment to a server that was needed; said at once.
    #[error("not connected to Redis")]
    Disconnected,
    /// No answer in time.
    #[error("no answer from Redis within {0} ms")]
    TimedOut(u128),
    /// Redis answered with an error, or something else went wrong on the way.
    #[error("Redis failed: {0}")]
    Failed(String),
}

impl RedisError {
    /// One of a few words, for spans.
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
    /// Ends with the last clone. A single server needs none.
    _discovery: Option<Arc<AbortOnDropHandle<()>>>,
}

impl Redis {
    /// Begins to connect in the background, for as long as it takes; a server that is away is no error here.
    ///
    /// # Errors
    ///
    /// When the URL cannot be understood.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime: connections live on the runtime this is called on.
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
        let discovery = discovery.map(|discovery| tokio::spawn(discovery.go_on()));
        Ok(Self {
            nodes,
            command_timeout: Duration::from_millis(settings.command_timeout_ms),
            _discovery: discovery.map(|task| Arc::new(AbortOnDropHandle::new(task))),
        })
    }

    /// The values of several keys in the order of the keys; `None` where there is no such key. One round trip, in a cluster
    /// one to each node that has some of the keys, all at the same time.
    ///
    /// # Errors
    ///
    /// Within the command time-out, when Redis is away or fails; in a cluster, when a node that has one of the keys does.
    pub async fn get_many(&self, keys: &[&str]) -> Result<Vec<Option<String>>, RedisError> {
        let questions = keys.iter().map(|key| Question::Get(key)).collect();
        let answers = self.ask(questions).await?;
        let texts = answers.into_iter().map(|answer| answer.convert());
        texts.collect::<Result<_, _>>().map_err(|error| RedisError::Failed(redacted(&error)))
    }

    /// The same with how long each key will live, `None` for one that never expires.
    ///
    /// A key's value and its time to live are read one after the other: of a key that goes in between, nothing is told.
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

    /// Sets a key that expires.
    ///
    /// # Errors
    ///
    /// As for [`get_many`](Self::get_many).
    pub async fn set_with_ttl(&self, key: &str, value: &str, ttl: Duration) -> Result<(), RedisError> {
        self.set_many_with_ttl(&[(key, value)], ttl).await
    }

    /// Sets several keys that expire, in as many round trips as [`get_many`](Self::get_many).
    ///
    /// # Errors
    ///
    /// As for [`get_many`](Self::get_many); some of the keys may then have been set.
    pub async fn set_many_with_ttl(&self, entries: &[(&str, &str)], ttl: Duration) -> Result<(), RedisError> {
        let ttl_ms = i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX);
        let questions = entries.iter().map(|(key, value)| Question::Set { key, value, ttl_ms }).collect();
        self.ask(questions).await.map(drop)
    }

    /// Deletes a key; no error if there is none.
    ///
    /// # Errors
    ///
    /// As for [`get_many`](Self::get_many).
    pub async fn delete(&self, key: &str) -> Result<(), RedisError> {
        self.ask(vec![Question::Delete(key)]).await.map(drop)
    }

    /// At most `limit` keys that begin with `prefix`, each once, in no order; of a cluster, of all nodes. Every server looks at all of
    /// its keys, a thousand at a time: for tools, and not for each request.
    ///
    /// # Errors
    ///
    /// As for [`get_many`](Self::get_many), of each thousand.
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

    /// Whether Redis answers; of a cluster, whether any node does.
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
            // Who is not known cannot be asked.
            if pings.is_empty() { Err(RedisError::Disconnected) } else { select_ok(pings).await.map(drop) }
        }))
        .await
    }

    async fn ask(&self, questions: Vec<Question<'_>>) -> Result<Vec<fred::types::Value>, RedisError> {
        let several = questions.len() > 1;
        let span = trace::database_span("redis", questions.first().map_or("", |first| first.name(several)));
        if several {
            span.set_attribute("db.operation.batch.size", i64::try_from(questions.len()).unwrap_or(i64::MAX));
        }
        let answers = self.bounded(Box::pin(self.nodes.ask(questions))).instrument(span.clone()).await;
        answers.inspect_err(|error| trace::fail(&span, error.word()))
    }

    /// `command` is boxed: the client's futures are large, which callers should not feel.
    async fn bounded<T>(&self, command: BoxFuture<'_, Result<T, RedisError>>) -> Result<T, RedisError> {
        // fred's own limit is per attempt; this one is for the caller.
        let outcome = match tokio::time::timeout(self.command_timeout, command).await {
            Ok(outcome) => outcome,
            Err(_elapsed) => Err(RedisError::TimedOut(self.command_timeout.as_millis())),
        };
        // Another server may have taken over.
        outcome.inspect_err(|_failed| self.nodes.doubt())
    }
}

/// `text` as a pattern that only it matches.
fn escaped(text: &str) -> String {
    let special = |c| matches!(c, '*' | '?' | '[' | ']' | '\\');
    text.chars().flat_map(|c| special(c).then_some('\\').into_iter().chain([c])).collect()
}

/// Redis says -1 of a key that never expires and -2 of one that is not there.
fn living(value: String, ttl_ms: i64) -> Option<(String, Option<Duration>)> {
    match ttl_ms {
        -2 => None,
        _ => Some((value, u64::try_from(ttl_ms).ok().map(Duration::from_millis))),
    }
}

/// The kind of an error and the server's words. Errors about the URL only say so, for it holds the password.
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
