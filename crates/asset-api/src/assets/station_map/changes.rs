//! What the feed says has changed, without how.

use domain::feed::FeedSubject;
use domain::ids::StationId;
use std::collections::BTreeSet;
use storage::feed::{self, Subjects};
use storage::{Connection, StorageError};

/// How far the feed was read.
#[derive(Debug, Clone, Default)]
pub struct ReadTo {
    /// The last position.
    pub position: i64,
    /// The ids of chunks that were read without a position.
    pub waiting: BTreeSet<i64>,
}

/// The subjects of changes.
#[derive(Debug, Default)]
pub struct Changes {
    /// Where the next read continues.
    pub read_to: ReadTo,
    /// The devices of which something changed.
    pub devices: BTreeSet<String>,
    /// The stations that were edited.
    pub stations: BTreeSet<StationId>,
}

impl Changes {
    /// Everything that was committed after `read_to` and before the call. `None` if chunks are missing:
    /// they were deleted, or the database is another one after a failover or a restore.
    ///
    /// # Errors
    /// If PostgreSQL fails or a row is invalid.
    pub async fn after(connection: &mut Connection, read_to: ReadTo) -> Result<Option<Self>, StorageError> {
        let mut changes = Self { read_to, ..Self::default() };
        loop {
            let ReadTo { position, waiting } = &changes.read_to;
            let known = waiting.iter().copied().collect();
            let read = feed::subjects_after(connection, *position, known).await?;
            let is_complete = read.is_complete;
            if !changes.add(read) {
                return Ok(None);
            }
            if is_complete {
                return Ok(Some(changes));
            }
        }
    }

    /// Adds the chunks of a read; `false` if some are missing.
    fn add(&mut self, read: Subjects) -> bool {
        for chunk in read.chunks {
            match chunk.position {
                None => {
                    self.read_to.waiting.insert(chunk.id);
                }
                Some(position) if position == self.read_to.position + 1 => {
                    self.read_to.position = position;
                    self.read_to.waiting.remove(&chunk.id);
                }
                Some(_) => return false,
            }
            for subject in chunk.subjects {
                match subject {
                    FeedSubject::ChargePoint(device) => {
                        self.devices.insert(device.into());
                    }
                    FeedSubject::Station(station) => {
                        self.stations.insert(station);
                    }
                    FeedSubject::Tariff(_) | FeedSubject::Issue(_) => {}
                }
            }
        }
        !read.is_complete || read.head == self.read_to.position
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use storage::feed::ChunkSubjects;
    use uuid::Uuid;

    fn chunk(id: i64, position: Option<i64>, station: u128) -> ChunkSubjects {
        let subjects = vec![FeedSubject::Station(StationId(Uuid::from_u128(station)))];
        ChunkSubjects { id, position, subjects }
    }

    fn changes(position: i64, waiting: &[i64]) -> Changes {
        let read_to = ReadTo { position, waiting: waiting.iter().copied().collect() };
        Changes { read_to, ..Changes::default() }
    }

    fn read(head: i64, chunks: Vec<ChunkSubjects>) -> Subjects {
        Subjects { head, chunks, is_complete: true }
    }

    #[test]
    fn chunks_without_a_position_are_remembered_until_they_have_one() {
        let mut changes = changes(3, &[7]);
        let known = ChunkSubjects { subjects: Vec::new(), ..chunk(7, Some(5), 0) };
        assert!(changes.add(read(5, vec![chunk(6, Some(4), 1), known, chunk(9, None, 2)])));
        assert_eq!(changes.read_to.position, 5);
        assert_eq!(changes.read_to.waiting, [9].into());
        assert_eq!(changes.stations.len(), 2);
    }

    #[test]
    fn missing_chunks_are_noticed() {
        assert!(!changes(3, &[]).add(read(5, vec![chunk(6, Some(5), 1)])), "one was deleted");
        assert!(!changes(3, &[]).add(read(1_000, Vec::new())), "the feed has jumped");
        assert!(!changes(3, &[]).add(read(2, Vec::new())), "an older database was restored");
        assert!(changes(3, &[]).add(read(3, Vec::new())));
        let part = Subjects { is_complete: false, ..read(9, vec![chunk(6, Some(4), 1)]) };
        assert!(changes(3, &[]).add(part), "the next read has the rest");
    }
}
