//! A client that follows the feed, and a function that writes changes.

use crate::app::TestApp;
use domain::devices::presence::Confidence;
use domain::feed::{ConnectivityChanged, FeedChange, FeedKind, FeedSubject};
use domain::ids::{ChargePointId, GatewayId};
use reqwest::{Method, Response};
use serde_json::Value;
use std::time::Duration;

/// Generous, because machines are shared.
const PATIENCE: Duration = Duration::from_secs(60);

/// One event, as a browser would deliver it.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    pub kind: String,
    pub data: Value,
    /// The last event id, including this event.
    pub id: String,
}

/// A connection that follows the feed.
pub struct Follower {
    response: Response,
    received: String,
    pub last_id: String,
    /// The number of comments that were received.
    pub comments: usize,
}

impl Follower {
    /// Connects with a query.
    pub async fn start(app: &TestApp, query: &str, last_event_id: Option<&str>) -> Self {
        Self::try_start(app, query, last_event_id).await.expect("the service to admit the client")
    }

    /// Connects; `None` if too many clients follow the feed.
    pub async fn try_start(app: &TestApp, query: &str, last_event_id: Option<&str>) -> Option<Self> {
        let mut request = app.request(Method::GET, &format!("/api/v1/feed{query}"));
        if let Some(id) = last_event_id {
            request = request.header("last-event-id", id);
        }
        let response = request.send().await.unwrap();
        if response.status() == 503 {
            return None;
        }
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut follower = Self { response, received: String::new(), last_id: String::new(), comments: 0 };
        // The first block contains the position at which the stream begins.
        while follower.last_id.is_empty() {
            assert_eq!(follower.block().await.unwrap(), None);
        }
        Some(follower)
    }

    /// The next event; `None` when the stream has ended regularly.
    pub async fn next(&mut self) -> Option<Event> {
        // Comments arrive for ever, an event that is lost does not.
        let event = async {
            loop {
                if let Some(event) = self.block().await? {
                    return Some(event);
                }
            }
        };
        tokio::time::timeout(PATIENCE, event).await.expect("an event")
    }

    /// The devices of the next `count` events.
    pub async fn devices(&mut self, count: usize) -> Vec<String> {
        let mut devices = Vec::new();
        while devices.len() < count {
            let event = self.next().await.unwrap();
            devices.push(event.data["subject"].as_str().unwrap().to_owned());
        }
        devices
    }

    /// The next block of lines, which may contain no event; `None` at the end.
    pub async fn block(&mut self) -> Option<Option<Event>> {
        let end = loop {
            if let Some(end) = self.received.find("\n\n") {
                break end;
            }
            let piece = tokio::time::timeout(PATIENCE, self.response.chunk()).await.unwrap().unwrap()?;
            self.received.push_str(std::str::from_utf8(&piece).unwrap());
        };
        let block: String = self.received.drain(..end + 2).collect();
        let (mut kind, mut data) = (String::new(), None);
        for line in block.lines() {
            match line.split_once(": ") {
                Some(("id", id)) => id.clone_into(&mut self.last_id),
                Some(("event", event)) => event.clone_into(&mut kind),
                Some(("data", json)) => data = Some(serde_json::from_str(json).unwrap()),
                Some(("", _)) => self.comments += 1,
                _ => {}
            }
        }
        Some(data.map(|data| Event { kind, data, id: self.last_id.clone() }))
    }
}

/// Writes a chunk in which each of `devices` goes online.
pub async fn write(app: &TestApp, devices: &[impl AsRef<str>]) {
    let changes: Vec<FeedChange> = devices.iter().map(|device| change(device.as_ref())).collect();
    let mut connection = app.database.pool.connection().await.unwrap();
    storage::feed::append(&mut connection, &changes).await.unwrap();
}

fn change(device: &str) -> FeedChange {
    let body = ConnectivityChanged {
        online: true,
        gateway_id: GatewayId::parse("pod-1").ok(),
        confidence: Confidence::Live,
    };
    FeedChange {
        subject: FeedSubject::ChargePoint(ChargePointId::parse(device).unwrap()),
        at: "2026-07-25T10:32:00Z".parse().unwrap(),
        kind: FeedKind::ConnectivityChanged(body),
    }
}
