//! The servers that are known, and the way of each question to the one that has its key.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, PoisonError, RwLock},
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

/// How often a question is sent on, from one node of a cluster to another.
const REDIRECTS: usize = 3;

/// Servers, and which of them has which keys.
pub(super) struct Nodes {
    connector: Connector,
    /// Kept whatever is found out: where to begin when all else is away.
    seeds: BTreeSet<Server>,
    known: RwLock<Known>,
    doubt: Notify,
}

#[derive(Default)]
struct Known {
    topology: Topology,
    open: BTreeMap<Server, Arc<Node>>,
}

/// A question on its way.
struct Open {
    /// Its place among all questions.
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

    /// Has from now on these servers asked. To others the connections are closed once nobody uses them any more.
    pub(super) fn install(&self, topology: Topology) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // Nodes that were only met by being redirected to them stay as long as nothing changes.
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
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.topology.servers().into_iter().filter_map(|server| known.open.get(server).cloned()).collect()
    }

    /// All servers that there are connections to, also those that have no data.
    pub(super) fn connected(&self) -> Vec<Arc<Node>> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.open.values().filter(|node| node.is_connected()).cloned().collect()
    }

    /// How long one command may take.
    pub(super) const fn command_timeout(&self) -> Duration {
        self.connector.command_timeout()
    }

    /// Says that what is known of the servers may not be true any more.
    pub(super) fn doubt(&self) {
        self.doubt.notify_one();
    }

    /// Waits until somebody doubts.
    pub(super) async fn doubted(&self) {
        self.doubt.notified().await;
    }

    /// Asks the servers that have the keys, all at once; the answers come in the order of the questions.
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
        Err(RedisError::Failed("the nodes of the cluster send each other the question".to_owned()))
    }

    fn route(&self, questions: &[Question<'_>]) -> Result<Vec<Open>, RedisError> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let routed = questions.iter().enumerate().map(|(index, question)| {
            let server = known.topology.owner(question.key()).ok_or(RedisError::Disconnected)?;
            let node = known.open.get(server).ok_or(RedisError::Disconnected)?;
            Ok(Open { index, node: Arc::clone(node), asking: false })
        });
        routed.collect()
    }

    /// One round trip to each of the nodes, all at the same time.
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

    /// Connects to the node that a question was redirected to, if that was not known.
    fn follow(&self, index: usize, redirect: &Redirect) -> Result<Open, RedisError> {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if !known.open.contains_key(&redirect.server) {
            self.open(&mut known, &redirect.server);
        }
        let node = known.open.get(&redirect.server).ok_or(RedisError::Disconnected)?;
        Ok(Open { index, node: Arc::clone(node), asking: redirect.asking })
    }

    fn open(&self, known: &mut Known, server: &Server) {
        match self.connector.open(server.clone()) {
            Ok(node) => drop(known.open.insert(server.clone(), Arc::new(node))),
            Err(error) => tracing::error!(%server, %error, "a Redis server cannot be connected to"),
        }
    }
}
