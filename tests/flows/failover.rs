//! A primary dies, and an asynchronous standby takes over that lacks its last transactions. What
//! consumers of the feed, callers and the order service see of it.

use crate::story::{delivered, is};
use domain::feed::FeedPosition;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;
use system_tests::{Answer, PATIENT_MS, Platform, create_topic};
use testkit::postgres_server::{PostgresServer, SUPERUSER, TRUST};
use testkit::{TestDatabase, TestTopic, eventually, eventually_some};

const PARTITIONS: i32 = 4;
const PATIENCE: Duration = Duration::from_secs(60);
const SESSION: &str = "charging.session.changed.v1";
const STATION: &str = "charging.station.changed.v1";

/// A change on Kafka: its id, its subject, and its content.
type Published = (FeedPosition, String, Value);

/// What was done on the primary and not replicated.
struct Lost {
    station: String,
    command: Value,
    session: String,
}

#[tokio::test(flavor = "multi_thread")]
async fn no_position_is_assigned_twice_when_a_lagging_standby_takes_over() {
    let mut primary = PostgresServer::start(TRUST, "");
    let standby = primary.standby("");
    let url =
        format!("postgres://{SUPERUSER}@127.0.0.1:{},127.0.0.1:{}/postgres", primary.port, standby.port);
    let platform = Platform::start_on(TestDatabase::at(url).await, &[], |_| {}).await;
    let topic = TestTopic::new("feed");
    create_topic(&platform.kafka, &topic, PARTITIONS).await;
    let ingestor = platform.ingest_with(&[("feed.topic", &*topic), ("feed.poll_ms", "10")]);
    let (pile, device) = platform.register().await;
    platform.connect(&device).await;
    platform.pile("the pile to be available", &pile, is("Available")).await;
    standby.cut_off(&primary);
    let kept: i64 = standby.sql("select position from feed_head").parse().unwrap();

    let mut ahead = Stream::open(&platform, &format!("{kept}-499")).await;
    let lost = act(&platform, &pile).await;
    ahead.until(|event| of_station(event, &lost.station)).await;
    ahead.until(|event| event["data"]["phase"] == "open").await;
    // Nothing is sent from here on: what was sent must be read again without a further record.
    platform.simulator.disconnect(&device).await.unwrap();
    platform.pile("the pile to be offline", &pile, is("Offline")).await;
    ahead.until(|event| event["data"]["online"] == false).await;
    eventually("the lost changes to be published", || async {
        let published = published(&platform, &topic).await;
        published.iter().any(|(id, ..)| *id >= ahead.last)
    })
    .await;
    primary.crash();
    standby.promote();

    read_again(&standby, &lost).await;
    let new = eventually_some("a station to be created", || async {
        let answer = platform.post_asset("/api/v1/stations", &json!({ "name": "后" })).await;
        (answer.status == 201).then(|| answer.body["id"].as_str().unwrap().to_owned())
    })
    .await;
    followers_see(&platform, kept, ahead, &lost, &new).await;
    consumers_see(&platform, &topic, kept, &lost, &new).await;
    callers_see(&platform, &lost).await;
    ingestor.stop().await;
}

/// Creates a station and starts a session: all of it is confirmed to the caller.
async fn act(platform: &Platform, pile: &str) -> Lost {
    let station = platform.post_asset("/api/v1/stations", &json!({ "name": "失" })).await;
    assert_eq!(station.status, 201, "{}", station.body);
    let start = json!({ "idTag": "RFID123", "connectorId": 1 });
    let accepted = platform.command(pile, "start-transaction", &start).await;
    delivered(platform, &accepted).await;
    platform.pile("the pile to charge", pile, is("Charging")).await;
    let session = eventually_some("the session to name its command", || async {
        let session =
            "select coalesce((select json_agg(id) from sessions where command_id is not null), '[]')";
        platform.database.json(session).await[0].as_str().map(str::to_owned)
    })
    .await;
    let station = station.body["id"].as_str().unwrap().to_owned();
    Lost { station, command: accepted.body, session }
}

/// Checks that the events of the lost transactions were applied again, each once.
async fn read_again(database: &PostgresServer, lost: &Lost) {
    let session =
        format!("select count(*) from sessions where id = '{}' and command_id is null", lost.session);
    eventually("the session to be read again", || async { database.sql(&session) == "1" }).await;
    let offline = "select count(*) from charge_points where not online";
    eventually("the disconnection to be read again", || async { database.sql(offline) == "1" }).await;
    let repeated = "select count(*) from (
        select status, lag(status) over (partition by connector_id order by noted_at, place) as before
        from status_changes where status is not null) as changes where status = before";
    for (query, expected) in [
        ("select count(*) from sessions", "1"),
        (repeated, "0"),
        ("select count(*) from commands", "0"),
        // An answer to a command without a row is not an invalid event.
        ("select count(*) from dead_letters", "0"),
    ] {
        assert_eq!(database.sql(query), expected, "{query}");
    }
}

/// A follower that has read no lost change continues, and one that has is told so.
async fn followers_see(platform: &Platform, kept: i64, mut ahead: Stream, lost: &Lost, new: &str) {
    while ahead.next().await.is_some() {}
    let refused = eventually_some("the feed to be refused", || async {
        let refused = platform.asset(&format!("/api/v1/feed?lastEventId={}", ahead.last)).await;
        (refused.status != 503).then_some(refused)
    })
    .await;
    assert_eq!((refused.status, &refused.body["code"]), (410, &json!("FEED_POSITION_GONE")));
    let mut behind = Stream::open(platform, &format!("{kept}-499")).await;
    let seen = behind.until(|event| of_station(event, new)).await;
    assert!(seen.iter().all(|event| !of_station(event, &lost.station)), "{seen:#?}");
    assert!(behind.last.chunk > 1_000_000_000, "{}", behind.last);
    let session: Vec<_> = seen.iter().filter(|event| event["type"] == SESSION).collect();
    assert!(!session.is_empty(), "{seen:#?}");
    for event in session {
        assert_eq!(event["data"]["sessionId"], lost.session.as_str());
        assert_eq!(event["data"]["commandId"], Value::Null);
    }
}

/// A consumer of Kafka has read lost changes, and reads everything since under greater ids.
async fn consumers_see(platform: &Platform, topic: &str, kept: i64, lost: &Lost, new: &str) {
    let published = eventually_some("the new station to be published", || async {
        let published = published(platform, topic).await;
        published.iter().any(|(_, _, change)| of_station(change, new)).then_some(published)
    })
    .await;
    let mut contents = BTreeMap::new();
    for (id, subject, change) in &published {
        let content = (subject, change);
        assert_eq!(*contents.entry(*id).or_insert(content), content, "{id} was assigned to two changes");
    }
    let since = |id: &FeedPosition| id.chunk > kept + 1_000_000_000;
    let is_lost = |id: &FeedPosition| id.chunk > kept && !since(id);
    let find = |among: &dyn Fn(&FeedPosition) -> bool, wanted: &dyn Fn(&Value) -> bool| {
        published
            .iter()
            .find(|(id, _, change)| among(id) && wanted(change))
            .map(|(_, _, change)| change.clone())
    };
    assert!(find(&is_lost, &|change| of_station(change, &lost.station)).is_some());
    assert!(find(&since, &|change| of_station(change, &lost.station)).is_none());
    let commanded = |change: &Value| change["data"]["commandId"] == lost.command["commandId"];
    assert!(find(&is_lost, &commanded).is_some(), "the command's changes were published");
    assert!(find(&since, &commanded).is_none());
    let session = find(&since, &|change| change["type"] == SESSION).unwrap();
    assert_eq!(session["data"]["sessionId"], lost.session.as_str(), "the same session, under a new id");
}

/// What was confirmed and lost does not exist.
async fn callers_see(platform: &Platform, lost: &Lost) {
    let station = eventually_some("asset-api to answer", || async {
        let station = platform.asset(&format!("/api/v1/stations/{}", lost.station)).await;
        (station.status != 503).then_some(station)
    })
    .await;
    assert_eq!((station.status, &station.body["code"]), (404, &json!("STATION_NOT_FOUND")));
    let command = eventually_some("the dispatcher to answer", || async {
        let accepted = Answer { status: 202, body: lost.command.clone() };
        let command = platform.recorded_command(&accepted).await;
        (command["code"] != "DATABASE_UNAVAILABLE").then_some(command)
    })
    .await;
    assert_eq!(command["code"], "COMMAND_NOT_FOUND");
    let brokers = testkit::kafka_brokers();
    let overrides = [
        ("database.url", platform.database.url.as_str()),
        ("kafka.brokers", &brokers),
        ("dispatch.topic", &platform.simulator_settings.topics.commands),
        ("database.connect_timeout_ms", PATIENT_MS),
        ("database.statement_timeout_ms", PATIENT_MS),
        ("kafka.connect_timeout_ms", PATIENT_MS),
        ("kafka.request_timeout_ms", PATIENT_MS),
    ];
    let settings = runtime::settings::parse(command_dispatcher::DEFAULTS, &overrides).unwrap();
    let found = command_dispatcher::find_lost_commands(&settings).await.unwrap();
    let found: Vec<_> = found.iter().map(|command| json!(command.id.to_string())).collect();
    assert_eq!(found, [lost.command["commandId"].clone()], "an operator finds it on the topic");
}

/// Whether a change is about this station.
fn of_station(change: &Value, station: &str) -> bool {
    change["type"] == STATION && change["data"]["stationId"] == station
}

/// Everything on the topic, by partition.
async fn published(platform: &Platform, topic: &str) -> Vec<Published> {
    let mut changes = Vec::new();
    for partition in 0..PARTITIONS {
        let reader = platform.kafka.reader(topic, partition);
        let (mut offset, latest) = (0, reader.latest_offset().await.unwrap());
        while offset < latest {
            let fetched = reader.fetch(offset, Duration::from_millis(100), 1 << 20).await.unwrap();
            for record in fetched.records {
                offset = record.offset + 1;
                let id = std::str::from_utf8(&record.headers["ce_id"]).unwrap().parse().unwrap();
                let change = wire::feed::decode_change(record.value.as_deref().unwrap()).unwrap();
                changes.push((id, change.key(), serde_json::to_value(&change.kind).unwrap()));
            }
        }
    }
    changes
}

/// A client that follows the feed over HTTP.
struct Stream {
    response: reqwest::Response,
    received: String,
    /// The last id.
    last: FeedPosition,
}

impl Stream {
    async fn open(platform: &Platform, after: &str) -> Self {
        let url = platform.asset_url(&format!("/api/v1/feed?lastEventId={after}"));
        let response = eventually_some("the feed to be served", || async {
            let response = reqwest::get(&url).await.unwrap();
            (response.status() != 503).then_some(response)
        })
        .await;
        assert_eq!(response.status(), 200);
        Self { response, received: String::new(), last: after.parse().unwrap() }
    }

    /// The next event; `None` when the stream has ended.
    async fn next(&mut self) -> Option<Value> {
        // Comments arrive for ever, an event that is lost does not.
        tokio::time::timeout(PATIENCE, self.event()).await.unwrap()
    }

    async fn event(&mut self) -> Option<Value> {
        loop {
            while let Some(end) = self.received.find('\n') {
                let line: String = self.received.drain(..=end).collect();
                if let Some(id) = line.strip_prefix("id: ") {
                    self.last = id.trim_end().parse().unwrap();
                } else if let Some(data) = line.strip_prefix("data: ") {
                    return Some(serde_json::from_str(data).unwrap());
                }
            }
            let piece = self.response.chunk().await.unwrap()?;
            self.received.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }

    /// The events up to the first one that is `wanted`.
    async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let mut seen = Vec::new();
        loop {
            let event = self.next().await.unwrap();
            let is_wanted = wanted(&event);
            seen.push(event);
            if is_wanted {
                return seen;
            }
        }
    }
}
