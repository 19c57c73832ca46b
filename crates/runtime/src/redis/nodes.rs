//! The known servers, and the routing of each question to the one that has its key.

use crate::lock::RwLockExt as _;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, RwLock},
    time::Duration,
};

use fred::types::{Value, config::Server};
use futures_util::future::join_all;
use tokio::sync::Notify;

use super::{
    RedisError,
    node::{Connector, Node, Question},
    redacted,
    topology::{Redirect, Topology},
};

/// Largest number of redirections of a question between cluster nodes.
const REDIRECTS: usize = 3;

/// The known servers and the keys that each of them has.
pub(super) struct Nodes {
    connector: Connector,
    /// The configured servers, kept regardless of the discovered topology, to start from if all
    /// others are unavailable.
    seeds: BTreeSet<Server>,
    known: RwLock<Known>,
    doubt: Notify,
}

#[derive(Default)]
struct Known {
    topology: Topology,
    open: BTreeMap<Server, Arc<Node>>,
}

/// A question that is not answered yet.
struct Open {
    /// Its index among all questions.
    index: usize,
    node: Arc<Node>,
    asking: bool,
}

impl Nodes {
    /// Begins to connect to `seeds`.
    pub(super) fn new(connector: Connector, seeds: Vec<Server>) -> Result<Self, RedisError> {
        let mut open = BTreeMap::new();
        for seed in &seeds {
            open.insert(seed.clone(), Arc::new(connector.open(seed.clone())?));
        }
        let known = RwLock::new(Known { open, ..Known::default() });
        Ok(Self { connector, seeds: seeds.into_iter().collect(), known, doubt: Notify::new() })
    }

    /// Routes questions to the servers of `topology` from now on. Connections to other servers
    /// close once they are no longer used.
    pub(super) fn install(&self, topology: Topology) {
        let mut known = self.known.writing();
        // Nodes that are known from redirections only are kept while the topology is unchanged.
        if known.topology == topology {
            return;
        }
        for server in topology.servers() {
            if !known.open.contains_key(server) {
                self.open(&mut known, server);
            }
        }
        known.open.retain(|server, _| self.seeds.contains(server) || topology.servers().contains(server));
        known.topology = topology;
    }

    /// The servers that have the data, as far as they are known.
    pub(super) fn serving(&self) -> Vec<Arc<Node>> {
        let known = self.known.reading();
        known.topology.servers().into_iter().filter_map(|server| known.open.get(server).cloned()).collect()
    }

    /// All servers with an open connection, including those without data.
    pub(super) fn connected(&self) -> Vec<Arc<Node>> {
        let known = self.known.reading();
        known.open.values().filter(|node| node.is_connected()).cloned().collect()
    }

    /// The timeout of one command.
    pub(super) const fn command_timeout(&self) -> Duration {
        self.connector.command_timeout()
    }

    /// Reports that the known topology may be outdated.
    pub(super) fn doubt(&self) {
        self.doubt.notify_one();
    }

    /// Waits until the topology is reported as possibly outdated.
    pub(super) async fn doubted(&self) {
        self.doubt.notified().await;
    }

    /// Asks the servers that have the keys, in parallel; the answers are in the order of the
    /// questions.
    pub(super) async fn ask(&self, questions: Vec<Question<'_>>) -> Result<Vec<Value>, RedisError> {
        let mut answers = vec![Value::Null; questions.len()];
        let mut open = self.route(&questions)?;
        for _ in 0..=REDIRECTS {
            let mut redirected = Vec::new();
            for (Open { index, node, .. }, answer) in self.ask_each(&questions, open).await? {
                match answer {
                    Ok(value) => answers.get_mut(index).map(|answer| *answer = value).unwrap_or_default(),
                    Err(error) => {
                        let redirect = Redirect::parse(&error, &node.server);
                        let redirect = redirect.ok_or_else(|| RedisError::Failed(redacted(&error)))?;
                        redirected.push(self.follow(index, &redirect)?);
                    }
                }
            }
            if redirected.is_empty() {
                return Ok(answers);
            }
            self.doubt();
            for Open { node, .. } in &redirected {
                node.connected().await;
            }
            open = redirected;
        }
        Err(RedisError::Failed("the nodes of the cluster redirect the question to each other".to_owned()))
    }

    fn route(&self, questions: &[Question<'_>]) -> Result<Vec<Open>, RedisError> {
        let known = self.known.reading();
        let routed = questions.iter().enumerate().map(|(index, question)| {
            let server = known.topology.owner(question.key()).ok_or(RedisError::Disconnected)?;
            let node = known.open.get(server).ok_or(RedisError::Disconnected)?;
            Ok(Open { index, node: Arc::clone(node), asking: false })
        });
        routed.collect()
    }

    /// One round trip to each of the nodes, in parallel.
    async fn ask_each(
        &self,
        questions: &[Question<'_>],
        open: Vec<Open>,
    ) -> Result<Vec<(Open, Result<Value, fred::error::Error>)>, RedisError> {
        let mut by_node: BTreeMap<Server, Vec<Open>> = BTreeMap::new();
        for open in open {
            by_node.entry(open.node.server.clone()).or_default().push(open);
        }
        let asked = by_node.into_values().map(|open| async move {
            let asked: Vec<_> =
                open.iter().filter_map(|open| Some((*questions.get(open.index)?, open.asking))).collect();
            let node = open.first().map(|open| Arc::clone(&open.node)).ok_or(RedisError::Disconnected)?;
            let answers = node.ask(&asked).await?;
            Ok::<_, RedisError>(open.into_iter().zip(answers))
        });
        let answered: Result<Vec<_>, _> = join_all(asked).await.into_iter().collect();
        Ok(answered?.into_iter().flatten().collect())
    }

    /// The node to which a question was redirected; connects to it if it was unknown.
    fn follow(&self, index: usize, redirect: &Redirect) -> Result<Open, RedisError> {
        let mut known = self.known.writing();
        if !known.open.contains_key(&redirect.server) {
            self.open(&mut known, &redirect.server);
        }
        let node = known.open.get(&redirect.server).ok_or(RedisError::Disconnected)?;
        Ok(Open { index, node: Arc::clone(node), asking: redirect.asking })
    }

    fn open(&self, known: &mut Known, server: &Server) {
        match self.connector.open(server.clone()) {
            Ok(node) => drop(known.open.insert(server.clone(), Arc::new(node))),
            Err(error) => {
                tracing::error!(%server, %error, "cannot set up connections to a Redis server; its keys are unavailable");
            }
        }
    }
}
