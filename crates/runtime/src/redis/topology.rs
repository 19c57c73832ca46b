//! The topology: which server has which keys.

use std::collections::BTreeSet;

use fred::{
    error::{Error, ErrorKind},
    types::{Value, config::Server},
    util::redis_keyslot,
};

/// Servers by the hash slots of keys that they have. A key's slot is computed from its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Topology {
    ranges: Vec<Range>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Range {
    first: u16,
    last: u16,
    server: Server,
}

/// A node's response that a key is on another node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Redirect {
    /// The node that has the key.
    pub server: Server,
    /// `true` for `ASK`: the slot is being moved there, and the redirection holds for one question.
    pub asking: bool,
}

impl Topology {
    /// All keys on one server.
    pub(super) fn of_one(server: Server) -> Self {
        Self { ranges: vec![Range { first: 0, last: u16::MAX, server }] }
    }

    /// Parses the answer of `asked` to `CLUSTER SLOTS`; `None` if it is invalid or has no slots.
    pub(super) fn of_cluster(answer: Value, asked: &Server) -> Option<Self> {
        let Value::Array(ranges) = answer else { return None };
        let ranges: Option<Vec<_>> = ranges.into_iter().map(|range| Range::parse(range, asked)).collect();
        ranges.filter(|ranges| !ranges.is_empty()).map(|ranges| Self { ranges })
    }

    /// The server that has a key; `None` if it is unknown.
    pub(super) fn owner(&self, key: &str) -> Option<&Server> {
        let slot = redis_keyslot(key.as_bytes());
        let range = self.ranges.iter().find(|range| (range.first..=range.last).contains(&slot));
        range.map(|range| &range.server)
    }

    /// All servers that have keys.
    pub(super) fn servers(&self) -> BTreeSet<&Server> {
        self.ranges.iter().map(|range| &range.server).collect()
    }
}

impl Range {
    /// An entry has the first and last slot, then the master, then its replicas; each node begins
    /// with its address.
    fn parse(range: Value, asked: &Server) -> Option<Self> {
        let Value::Array(parts) = range else { return None };
        let mut parts = parts.into_iter();
        let first = number(&parts.next()?)?;
        let last = number(&parts.next()?)?;
        let Value::Array(node) = parts.next()? else { return None };
        let mut node = node.into_iter();
        let host: Option<String> = node.next()?.convert().ok()?;
        let port = number(&node.next()?)?;
        Some(Self { first, last, server: server(host.as_deref().unwrap_or_default(), port, asked)? })
    }
}

impl Redirect {
    /// Parses the error of `asked` if it is a redirection: `MOVED 3999 127.0.0.1:6381`, or the same
    /// with `ASK`.
    pub(super) fn parse(error: &Error, asked: &Server) -> Option<Self> {
        if *error.kind() != ErrorKind::Cluster {
            return None;
        }
        let mut words = error.details().split_whitespace();
        let asking = match words.next()? {
            "MOVED" => false,
            "ASK" => true,
            _ => return None,
        };
        let (host, port) = words.nth(1)?.rsplit_once(':')?;
        Some(Self { server: server(host, port.parse().ok()?, asked)?, asking })
    }
}

/// A number that fits into 16 bits. The client's own conversion would truncate.
fn number(value: &Value) -> Option<u16> {
    u16::try_from(value.as_i64()?).ok()
}

/// A node without a host name is on the host that was asked; a node that does not know its host
/// name has no address.
fn server(host: &str, port: u16, asked: &Server) -> Option<Server> {
    match host {
        "?" => None,
        "" => Some(Server::new(asked.host.clone(), port)),
        host => Some(Server::new(host, port)),
    }
}

#[cfg(test)]
mod tests;
