//! `DescribeConfigs` v1: the settings of a topic. Any broker from 1.1 on answers it.

use std::collections::BTreeMap;

use super::{
    Cluster, KafkaError,
    codec::{Malformed, Reader, put_count, put_text},
    error::Failure,
    exchange::{Answered, Request},
    open::ask_once,
    retention::{self, TopicRetention},
};

/// The resource type of topics.
const TOPIC: i8 = 2;
const UNKNOWN_TOPIC: i16 = 3;

/// Settings by name; `None` for a setting without a value.
type Settings = BTreeMap<String, Option<String>>;

/// The retention of `topic`, from the first broker that answers. Must run on the main runtime.
pub(super) async fn retention_of(cluster: &Cluster, topic: &str) -> Result<TopicRetention, KafkaError> {
    let timeouts = (cluster.connect_timeout, cluster.request_timeout);
    let mut last = Failure::Lost;
    for broker in &cluster.transport.brokers {
        match ask_once(&cluster.transport, broker, timeouts, &DescribeConfigs { topic }).await {
            Ok(settings) => return retention::read(&settings),
            Err(Failure::Cluster(final_answer)) => return Err(final_answer),
            Err(failure) => last = failure,
        }
    }
    Err(last.into())
}

struct DescribeConfigs<'a> {
    topic: &'a str,
}

impl Request for DescribeConfigs<'_> {
    const NAME: &'static str = "describe_configs";
    const KEY: i16 = 32;
    const VERSION: i16 = 1;
    type Answer = Settings;

    fn encode(&self) -> Result<Vec<u8>, Malformed> {
        encode(self.topic, &retention::SETTINGS)
    }

    fn decode(&self, answer: &[u8]) -> Result<Answered<Settings>, Failure> {
        match decode(answer).map_err(Failure::malformed)? {
            Ok(settings) => Ok(Answered::new(settings, 0)),
            Err((UNKNOWN_TOPIC, _)) => Err(KafkaError::TopicUnknown(self.topic.to_owned()).into()),
            Err((code, message)) => Err(KafkaError::Refused { code, message }.into()),
        }
    }
}

fn encode(topic: &str, names: &[&str]) -> Result<Vec<u8>, Malformed> {
    let mut body = Vec::new();
    put_count(&mut body, 1)?;
    body.extend(TOPIC.to_be_bytes());
    put_text(&mut body, topic)?;
    put_count(&mut body, names.len())?;
    for name in names {
        put_text(&mut body, name)?;
    }
    body.push(0); // without synonyms
    Ok(body)
}

/// The settings of the requested topic, or the broker's error code and message.
fn decode(answer: &[u8]) -> Result<Result<Settings, (i16, String)>, Malformed> {
    let mut reader = Reader::new(answer);
    reader.i32()?; // throttle time
    if reader.count()? != 1 {
        return Err(Malformed);
    }
    let (code, message) = (reader.i16()?, reader.text()?.unwrap_or_default().to_owned());
    if code != 0 {
        return Ok(Err((code, message)));
    }
    reader.i8()?; // kind of resource
    reader.text()?; // name of the resource
    let mut settings = Settings::new();
    for _ in 0..reader.count()? {
        let name = reader.text()?.ok_or(Malformed)?;
        let value = reader.text()?;
        reader.i8()?; // read only
        reader.i8()?; // source
        reader.i8()?; // sensitive
        for _ in 0..reader.count()? {
            reader.text()?; // name of the synonym
            reader.text()?; // value of the synonym
            reader.i8()?; // source of the synonym
        }
        settings.insert(name.to_owned(), value.map(str::to_owned));
    }
    Ok(Ok(settings))
}

#[cfg(test)]
mod tests;
