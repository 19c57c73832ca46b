//! `Metadata` v4: the leaders of a topic's partitions. Any broker from 0.11 on answers it for all
//! brokers, and the request does not create missing topics.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use tokio::sync::Mutex;

use super::{
    KafkaError,
    codec::{Malformed, Reader, put_count, put_text},
    error::{ErrorCode, Failure},
    exchange::{Answered, Request},
    open::ask_once,
    transport::Transport,
};

/// How long metadata is cached.
const TRUSTED: Duration = Duration::from_secs(60);

/// The leaders of partitions, requested once for all partitions of a topic.
pub(super) struct Leaders {
    transport: Arc<Transport>,
    /// For connecting, and for the response.
    timeouts: (Duration, Duration),
    known: Mutex<Known>,
    /// Index of the broker to ask first.
    begin: AtomicUsize,
}

#[derive(Default)]
struct Known {
    topics: HashMap<String, (Instant, Topic)>,
    /// The brokers in the latest response.
    brokers: Vec<String>,
}

impl Leaders {
    pub(super) fn new(transport: Arc<Transport>, timeouts: (Duration, Duration)) -> Self {
        Self { transport, timeouts, known: Mutex::default(), begin: AtomicUsize::new(0) }
    }

    /// The address of the broker that leads a partition; from metadata newer than `proven_wrong`,
    /// if that is given.
    pub(super) async fn find(
        &self,
        topic: &str,
        partition: i32,
        proven_wrong: Option<Instant>,
    ) -> Result<String, Failure> {
        let mut known = self.known.lock().await;
        let trusted = known.topics.get(topic).filter(|(asked_at, found)| {
            asked_at.elapsed() < TRUSTED
                && proven_wrong.is_none_or(|wrong| *asked_at > wrong)
                && found.leaders.contains_key(&partition)
        });
        if let Some((_, found)) = trusted {
            return found.leader(topic, partition);
        }
        let asked_at = Instant::now();
        let answer = self.ask(&known.brokers, topic).await?;
        let leader = answer.topic.leader(topic, partition);
        if !answer.brokers.is_empty() {
            known.brokers = answer.brokers;
        }
        known.topics.insert(topic.to_owned(), (asked_at, answer.topic));
        leader
    }

    /// The leader of a partition as far as it is known without a request; it may have changed.
    pub(super) fn known(&self, topic: &str, partition: i32) -> Option<String> {
        let known = self.known.try_lock().ok()?;
        let (_, found) = known.topics.get(topic)?;
        found.leader(topic, partition).ok()
    }

    /// Asks the brokers of the settings and the discovered ones in turn, beginning with the last
    /// one that answered. If the caller's timeout ends during a request, the next call begins with
    /// the next broker.
    async fn ask(&self, discovered: &[String], topic: &str) -> Result<Metadata, Failure> {
        let brokers: Vec<_> = self.transport.brokers.iter().chain(discovered).collect();
        let begin = self.begin.load(Relaxed) % brokers.len().max(1);
        let mut last = Failure::Lost;
        for (number, broker) in brokers.iter().enumerate().cycle().skip(begin).take(brokers.len()) {
            self.begin.store(number + 1, Relaxed);
            match ask_once(&self.transport, broker, self.timeouts, &AskMetadata { topic }).await {
                Ok(metadata) => {
                    self.begin.store(number, Relaxed);
                    return Ok(metadata);
                }
                Err(Failure::Answered(code)) if code.is_about_the_topic() => {
                    return Err(Failure::Answered(code));
                }
                Err(failure) => last = failure,
            }
        }
        Err(last)
    }
}

struct AskMetadata<'a> {
    topic: &'a str,
}

struct Metadata {
    brokers: Vec<String>,
    topic: Topic,
}

/// The leaders of a topic's partitions; `None` while a partition has no leader.
#[derive(Default)]
struct Topic {
    leaders: HashMap<i32, Option<String>>,
}

impl Topic {
    fn leader(&self, topic: &str, partition: i32) -> Result<String, Failure> {
        match self.leaders.get(&partition) {
            Some(Some(leader)) => Ok(leader.clone()),
            Some(None) => Err(Failure::Answered(ErrorCode::LEADER_NOT_AVAILABLE)),
            None => Err(KafkaError::PartitionUnknown { topic: topic.to_owned(), partition }.into()),
        }
    }
}

impl Request for AskMetadata<'_> {
    const NAME: &'static str = "metadata";
    const KEY: i16 = 3;
    const VERSION: i16 = 4;
    type Answer = Metadata;

    fn encode(&self) -> Result<Vec<u8>, Malformed> {
        let mut body = Vec::new();
        put_count(&mut body, 1)?;
        put_text(&mut body, self.topic)?;
        body.push(0); // do not create a missing topic
        Ok(body)
    }

    fn decode(&self, answer: &[u8]) -> Result<Answered<Metadata>, Failure> {
        let (throttled, code, metadata) = read_answer(answer).map_err(Failure::malformed)?;
        ErrorCode::check(code)?;
        Ok(Answered::new(metadata, throttled))
    }
}

fn read_answer(answer: &[u8]) -> Result<(i32, i16, Metadata), Malformed> {
    let mut reader = Reader::new(answer);
    let throttled = reader.i32()?;
    let mut brokers = Vec::new();
    for _ in 0..reader.count()? {
        let number = reader.i32()?;
        let host = reader.text()?.ok_or(Malformed)?;
        let port = reader.i32()?;
        reader.text()?; // rack
        // An IPv6 address needs brackets before a port.
        let host = if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
        brokers.push((number, format!("{host}:{port}")));
    }
    reader.text()?; // cluster
    reader.i32()?; // controller
    if reader.count()? != 1 {
        return Err(Malformed);
    }
    let code = reader.i16()?;
    reader.text()?; // the topic
    reader.i8()?; // whether the topic is internal
    let mut leaders = HashMap::new();
    for _ in 0..reader.count()? {
        reader.i16()?; // error code of the partition
        let (partition, leader) = (reader.i32()?, reader.i32()?);
        for _replicas_then_those_in_sync in 0..2 {
            for _ in 0..reader.count()? {
                reader.i32()?;
            }
        }
        let address = brokers.iter().find(|(number, _)| *number == leader);
        leaders.insert(partition, address.map(|(_, address)| address.clone()));
    }
    let brokers = brokers.into_iter().map(|(_, address)| address).collect();
    Ok((throttled, code, Metadata { brokers, topic: Topic { leaders } }))
}
