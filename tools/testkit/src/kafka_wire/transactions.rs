//! Requests of a producer, with and without a transaction.

use super::encoding::{error_at, put_length, put_partition, put_string};
use super::{Batch, Connection};

/// The id and epoch of a transactional producer.
#[derive(Clone, Copy)]
pub struct Producer {
    pub(super) id: i64,
    pub(super) epoch: i16,
}

impl Connection {
    /// `Produce` v3 with all acknowledgements. Returns the offset of the first record.
    pub fn produce(&mut self, topic: &str, transaction: Option<&str>, batch: &Batch) -> i64 {
        let records = batch.encode();
        let mut body = Vec::new();
        match transaction {
            Some(id) => put_string(&mut body, id),
            None => body.extend((-1_i16).to_be_bytes()),
        }
        body.extend((-1_i16).to_be_bytes());
        body.extend(5_000_i32.to_be_bytes());
        put_partition(&mut body, topic, batch.partition);
        put_length(&mut body, records.len());
        body.extend(records);
        // One topic, its name, one partition; then the error code and the offset.
        let response = self.request(0, 3, &body);
        let error = 4 + 2 + topic.len() + 4 + 4;
        assert_eq!(error_at(&response, error), 0, "produce refused");
        i64::from_be_bytes(response[error + 2..error + 10].try_into().unwrap())
    }

    /// Begins a transaction that may write to partition 0.
    pub fn begin(&mut self, transaction: &str, topic: &str) -> Producer {
        self.begin_in(transaction, topic, 0)
    }

    /// Begins a transaction that may write to `partition`.
    pub fn begin_in(&mut self, transaction: &str, topic: &str, partition: i32) -> Producer {
        let mut coordinator = Vec::new();
        put_string(&mut coordinator, transaction);
        coordinator.push(1);
        self.request_until_accepted(10, 1, &coordinator);

        let mut init = Vec::new();
        put_string(&mut init, transaction);
        init.extend(10_000_i32.to_be_bytes());
        let response = self.request_until_accepted(22, 0, &init);
        let producer = Producer {
            id: i64::from_be_bytes(response[6..14].try_into().unwrap()),
            epoch: i16::from_be_bytes(response[14..16].try_into().unwrap()),
        };

        let mut add = Vec::new();
        put_string(&mut add, transaction);
        producer.put(&mut add);
        put_partition(&mut add, topic, partition);
        let response = self.request(24, 0, &add);
        assert_eq!(error_at(&response, 4 + 4 + 2 + topic.len() + 4 + 4), 0, "partition not added");
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
        put_string(&mut body, transaction);
        producer.put(&mut body);
        body.push(u8::from(committed));
        self.request_until_accepted(26, 0, &body);
    }
}

impl Producer {
    fn put(self, buffer: &mut Vec<u8>) {
        buffer.extend(self.id.to_be_bytes());
        buffer.extend(self.epoch.to_be_bytes());
    }
}
