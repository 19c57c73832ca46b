//! Just enough of Kafka's protocol to write what no client library would: one broker, blocking,
//! without error handling.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

/// Transaction coordinators take a moment to start.
const PATIENCE: Duration = Duration::from_secs(20);

/// A batch of equal records.
pub struct Batch {
    /// The number of records.
    pub records: usize,
    /// The value of each record.
    pub value: Vec<u8>,
    /// Gives every record a header with a name and no value.
    pub null_header: bool,
    /// The producer of the transaction to which the batch belongs.
    pub producer: Option<Producer>,
    /// The partition to which it is written.
    pub partition: i32,
    /// Whether it is compressed with gzip.
    pub gzip: bool,
    /// The producer's time, in milliseconds.
    pub timestamp_ms: i64,
}

impl Default for Batch {
    fn default() -> Self {
        Self {
            records: 1,
            value: b"x".to_vec(),
            null_header: false,
            producer: None,
            partition: 0,
            gzip: false,
            timestamp_ms: 0,
        }
    }
}

/// The id and epoch of a transactional producer.
#[derive(Clone, Copy)]
pub struct Producer(i64, i16);

/// A connection to one broker.
pub struct Connection(TcpStream);

impl Connection {
    /// Connects to `host:port`.
    ///
    /// # Panics
    /// When it cannot. All calls panic, also when the broker refuses something.
    #[must_use]
    pub fn open(broker: &str) -> Self {
        let stream = TcpStream::connect(broker).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self(stream)
    }

    /// `Produce` v3 with all acknowledgements. Returns the offset of the first record.
    pub fn produce(&mut self, topic: &str, transaction: Option<&str>, batch: &Batch) -> i64 {
        let records = batch.encode();
        let mut body = Vec::new();
        match transaction {
            Some(id) => put_text(&mut body, id),
            None => body.extend((-1_i16).to_be_bytes()),
        }
        body.extend((-1_i16).to_be_bytes());
        body.extend(5_000_i32.to_be_bytes());
        put_partition(&mut body, topic, batch.partition);
        put_length(&mut body, records.len());
        body.extend(records);
        // One topic, its name, one partition; then the error code and the offset.
        let answer = self.ask(0, 3, &body);
        let error = 4 + 2 + topic.len() + 4 + 4;
        assert_eq!(error_at(&answer, error), 0, "produce refused");
        i64::from_be_bytes(answer[error + 2..error + 10].try_into().unwrap())
    }

    /// Begins a transaction that may write to partition 0.
    pub fn begin(&mut self, transaction: &str, topic: &str) -> Producer {
        self.begin_in(transaction, topic, 0)
    }

    /// Begins a transaction that may write to `partition`.
    pub fn begin_in(&mut self, transaction: &str, topic: &str, partition: i32) -> Producer {
        let mut coordinator = Vec::new();
        put_text(&mut coordinator, transaction);
        coordinator.push(1);
        self.ask_until_granted(10, 1, &coordinator);

        let mut init = Vec::new();
        put_text(&mut init, transaction);
        init.extend(10_000_i32.to_be_bytes());
        let answer = self.ask_until_granted(22, 0, &init);
        let producer = Producer(
            i64::from_be_bytes(answer[6..14].try_into().unwrap()),
            i16::from_be_bytes(answer[14..16].try_into().unwrap()),
        );

        let mut add = Vec::new();
        put_text(&mut add, transaction);
        producer.put(&mut add);
        put_partition(&mut add, topic, partition);
        let answer = self.ask(24, 0, &add);
        assert_eq!(error_at(&answer, 4 + 4 + 2 + topic.len() + 4 + 4), 0, "partition not added");
        producer
    }

    /// Commits, which adds a marker to the log.
    pub fn commit(&mut self, transaction: &str, producer: Producer) {
        self.end(transaction, producer, true);
    }

    /// Aborts: the records stay in the log, and a marker shows that they do not count.
    pub fn abort(&mut self, transaction: &str, producer: Producer) {
        self.end(transaction, producer, false);
    }

    fn end(&mut self, transaction: &str, producer: Producer, committed: bool) {
        let mut body = Vec::new();
        put_text(&mut body, transaction);
        producer.put(&mut body);
        body.push(u8::from(committed));
        self.ask_until_granted(26, 0, &body);
    }

    /// `AlterClientQuotas` v0: limits producers with this client id to `bytes_per_second`; `None`
    /// removes the limit.
    pub fn limit_producers(&mut self, client: &str, bytes_per_second: Option<f64>) {
        let mut body = Vec::new();
        put_length(&mut body, 1);
        put_length(&mut body, 1);
        put_text(&mut body, "client-id");
        put_text(&mut body, client);
        put_length(&mut body, 1);
        put_text(&mut body, "producer_byte_rate");
        body.extend(bytes_per_second.unwrap_or_default().to_be_bytes());
        body.push(u8::from(bytes_per_second.is_none()));
        body.push(0);
        // Throttle time, one entry; then the error code.
        let answer = self.ask(49, 0, &body);
        assert_eq!(error_at(&answer, 4 + 4), 0, "quota not set");
    }

    /// `Metadata` v1: the number of live brokers.
    pub fn brokers(&mut self) -> i32 {
        // For no topics. The brokers come first.
        let answer = self.ask(3, 1, &[0; 4]);
        i32::from_be_bytes(answer[..4].try_into().unwrap())
    }

    /// `CreateTopics` v4: creates a topic with `partitions` partitions and `replicas` replicas
    /// each.
    pub fn create_topic(&mut self, topic: &str, partitions: i32, replicas: i16) {
        let mut body = Vec::new();
        put_length(&mut body, 1);
        put_text(&mut body, topic);
        body.extend(partitions.to_be_bytes());
        body.extend(replicas.to_be_bytes());
        // No assignments and no settings.
        body.extend([0; 8]);
        body.extend(10_000_i32.to_be_bytes());
        body.push(0);
        // Throttle time, one topic, its name; then the error code.
        let answer = self.ask(19, 4, &body);
        assert_eq!(error_at(&answer, 4 + 4 + 2 + topic.len()), 0, "topic not created");
    }

    /// `IncrementalAlterConfigs` v0: sets settings of a topic, such as `retention.ms`.
    pub fn configure_topic(&mut self, topic: &str, settings: &[(&str, &str)]) {
        const TOPIC: u8 = 2;
        const SET: u8 = 0;
        let mut body = Vec::new();
        put_length(&mut body, 1);
        body.push(TOPIC);
        put_text(&mut body, topic);
        put_length(&mut body, settings.len());
        for (name, value) in settings {
            put_text(&mut body, name);
            body.push(SET);
            put_text(&mut body, value);
        }
        body.push(0);
        // Throttle time, one resource; then the error code.
        let answer = self.ask(44, 0, &body);
        assert_eq!(error_at(&answer, 4 + 4), 0, "topic not configured");
    }

    /// `ElectLeaders` v0: elects the preferred leaders of the topic's first partitions. Returns the
    /// number of changes; `None` while a preferred leader is absent or lags behind.
    pub fn elect_preferred_leaders(&mut self, topic: &str, partitions: i32) -> Option<usize> {
        const NOT_THERE: i16 = 80;
        const NOT_NEEDED: i16 = 84;
        let mut body = Vec::new();
        put_length(&mut body, 1);
        put_text(&mut body, topic);
        body.extend(partitions.to_be_bytes());
        (0..partitions).for_each(|partition| body.extend(partition.to_be_bytes()));
        body.extend(10_000_i32.to_be_bytes());
        let answer = self.ask(43, 0, &body);
        // Throttle time, one topic, its name, the partitions: for each its number, an error code,
        // and a message or none.
        let mut next = 4 + 4 + 2 + topic.len() + 4;
        let mut changes = Some(0);
        for _ in 0..partitions {
            match error_at(&answer, next + 4) {
                0 => changes = changes.map(|changes| changes + 1),
                NOT_NEEDED => {}
                NOT_THERE => changes = None,
                error => panic!("no election: {error}"),
            }
            next += 4 + 2 + 2 + usize::try_from(error_at(&answer, next + 6)).unwrap_or_default();
        }
        changes
    }

    /// `DeleteTopics` v1. A topic that does not exist counts as deleted.
    pub fn delete_topic(&mut self, topic: &str) {
        const UNKNOWN_TOPIC: i16 = 3;
        let mut body = Vec::new();
        put_length(&mut body, 1);
        put_text(&mut body, topic);
        body.extend(10_000_i32.to_be_bytes());
        // Throttle time, one topic, its name; then the error code.
        let answer = self.ask(20, 1, &body);
        let error = error_at(&answer, 4 + 4 + 2 + topic.len());
        assert!(error == 0 || error == UNKNOWN_TOPIC, "topic not deleted: {error}");
    }

    /// `CreatePartitions` v0: increases the topic's number of partitions to `partitions`.
    pub fn grow_topic(&mut self, topic: &str, partitions: i32) {
        let mut body = Vec::new();
        put_length(&mut body, 1);
        put_text(&mut body, topic);
        body.extend(partitions.to_be_bytes());
        // No assignments: the brokers choose.
        body.extend((-1_i32).to_be_bytes());
        body.extend(10_000_i32.to_be_bytes());
        body.push(0);
        // Throttle time, one topic, its name; then the error code.
        let answer = self.ask(37, 0, &body);
        assert_eq!(error_at(&answer, 4 + 4 + 2 + topic.len()), 0, "topic not grown");
    }

    /// Retries requests whose responses begin with a throttle time and an error code.
    fn ask_until_granted(&mut self, api: i16, version: i16, body: &[u8]) -> Vec<u8> {
        let end = Instant::now() + PATIENCE;
        loop {
            let answer = self.ask(api, version, body);
            let error = error_at(&answer, 4);
            if error == 0 {
                return answer;
            }
            assert!(Instant::now() < end, "request {api} refused with {error}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// The response without its length and correlation id.
    fn ask(&mut self, api: i16, version: i16, body: &[u8]) -> Vec<u8> {
        let mut request = Vec::new();
        request.extend(api.to_be_bytes());
        request.extend(version.to_be_bytes());
        request.extend(7_i32.to_be_bytes());
        put_text(&mut request, "raw");
        request.extend(body);
        let mut framed = Vec::new();
        put_length(&mut framed, request.len());
        framed.extend(request);
        self.0.write_all(&framed).unwrap();

        let mut length = [0; 4];
        self.0.read_exact(&mut length).unwrap();
        let mut answer = vec![0; usize::try_from(i32::from_be_bytes(length)).unwrap()];
        self.0.read_exact(&mut answer).unwrap();
        answer.split_off(4)
    }
}

impl Producer {
    fn put(self, buffer: &mut Vec<u8>) {
        buffer.extend(self.0.to_be_bytes());
        buffer.extend(self.1.to_be_bytes());
    }
}

impl Batch {
    fn encode(&self) -> Vec<u8> {
        let Producer(id, epoch) = self.producer.unwrap_or(Producer(-1, -1));
        let count = i32::try_from(self.records).unwrap();
        let mut body = Vec::new();
        let attributes = if self.producer.is_some() { 0x10_i16 } else { 0 } + i16::from(self.gzip);
        body.extend(attributes.to_be_bytes());
        body.extend((count - 1).to_be_bytes());
        body.extend(self.timestamp_ms.to_be_bytes());
        body.extend(self.timestamp_ms.to_be_bytes());
        body.extend(id.to_be_bytes());
        body.extend(epoch.to_be_bytes());
        body.extend(if self.producer.is_some() { 0_i32 } else { -1 }.to_be_bytes());
        body.extend(count.to_be_bytes());
        let records = (0..self.records).flat_map(|number| {
            let mut framed = Vec::new();
            let record = self.record(number);
            put_number(&mut framed, record.len());
            framed.extend(record);
            framed
        });
        match self.gzip {
            true => body.extend(packed(records)),
            false => body.extend(records),
        }
        let mut batch = Vec::new();
        batch.extend(0_i64.to_be_bytes());
        put_length(&mut batch, body.len() + 9);
        batch.extend((-1_i32).to_be_bytes());
        batch.push(2);
        batch.extend(crc32c(&body).to_be_bytes());
        batch.extend(body);
        batch
    }

    /// Attributes, timestamp delta, offset delta, no key, value, headers.
    fn record(&self, number: usize) -> Vec<u8> {
        const NONE: u8 = 1;
        let mut record = vec![0, 0];
        put_number(&mut record, number);
        record.push(NONE);
        put_number(&mut record, self.value.len());
        record.extend(&self.value);
        match self.null_header {
            true => record.extend([2, 2, b'h', NONE]),
            false => record.push(0),
        }
        record
    }
}

/// Compresses bytes without holding all of them in memory.
fn packed(bytes: impl Iterator<Item = u8>) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    let mut buffer = Vec::with_capacity(1 << 16);
    for byte in bytes {
        buffer.push(byte);
        if buffer.len() == buffer.capacity() {
            packer.write_all(&buffer).unwrap();
            buffer.clear();
        }
    }
    packer.write_all(&buffer).unwrap();
    packer.finish().unwrap()
}

/// A number in the encoding of records: doubled for the sign, with seven bits per byte.
fn put_number(buffer: &mut Vec<u8>, number: usize) {
    let mut rest = number * 2;
    while rest > 0x7f {
        buffer.push(u8::try_from(rest & 0x7f).unwrap() | 0x80);
        rest >>= 7;
    }
    buffer.push(u8::try_from(rest).unwrap());
}

fn put_text(buffer: &mut Vec<u8>, text: &str) {
    buffer.extend(i16::try_from(text.len()).unwrap().to_be_bytes());
    buffer.extend(text.as_bytes());
}

fn put_length(buffer: &mut Vec<u8>, length: usize) {
    buffer.extend(i32::try_from(length).unwrap().to_be_bytes());
}

/// A list of one topic with a list of one partition.
fn put_partition(buffer: &mut Vec<u8>, topic: &str, partition: i32) {
    put_length(buffer, 1);
    put_text(buffer, topic);
    put_length(buffer, 1);
    buffer.extend(partition.to_be_bytes());
}

fn error_at(answer: &[u8], position: usize) -> i16 {
    i16::from_be_bytes(answer[position..position + 2].try_into().unwrap())
}

fn crc32c(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0x82F6_3B78 * (crc & 1)))
    })
}
