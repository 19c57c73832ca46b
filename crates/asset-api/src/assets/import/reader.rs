//! From a file to chunks of entries, on a thread that may wait for the disk.

use super::Format;
use super::error::ImportError;
use super::report::Fault;
use super::rows::Rows;
use super::table::Table;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek as _};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinHandle;

/// Rows in a chunk.
const CHUNK_ROWS: usize = 500;
/// Chunks that wait for the database.
const CHUNKS_AHEAD: usize = 2;
/// So many faults of one row are told.
const FAULTS_OF_ROW: usize = 20;

/// Some rows of a file.
pub struct Chunk<T> {
    /// How many.
    pub rows: usize,
    /// How much of the file was read so far, in bytes.
    pub bytes: u64,
    /// Those that say something.
    pub entries: Vec<T>,
    /// How many do not.
    pub failed: usize,
    /// What is wrong with those.
    pub faults: Vec<Fault>,
}

/// Chunks as they are read, and the end of the reading, which gives the file back.
pub type Reading<T> = (Receiver<Chunk<T>>, JoinHandle<Result<File, ApiError>>);

/// Whether `file` begins as one of its format must.
///
/// # Errors
/// [`ApiError::Invalid`] when it does not.
pub async fn check<T: Table>(file: File, format: Format) -> Result<File, ApiError> {
    let checked = tokio::task::spawn_blocking(move || {
        Rows::new(BufReader::new(&file), format, T::COLUMNS)?;
        Ok(file)
    });
    finish(checked).await
}

/// Reads `file` from its beginning, at most `max_rows` of it.
pub fn read<T: Table>(file: File, format: Format, max_rows: usize) -> Reading<T> {
    let (sender, receiver) = channel(CHUNKS_AHEAD);
    let reading = tokio::task::spawn_blocking(move || {
        let mut from = BufReader::new(file);
        from.rewind().map_err(ImportError::Spool)?;
        let mut seen = Seen::<T> { lines: HashMap::new(), rows: 0, max_rows };
        let mut rows = Rows::new(&mut from, format, T::COLUMNS)?;
        while let Some(chunk) = seen.chunk(&mut rows).map_err(ImportError::Spool)? {
            if sender.blocking_send(chunk).is_err() {
                break;
            }
        }
        drop(rows);
        Ok(from.into_inner())
    });
    (receiver, reading)
}

/// The file, when all of it was read.
pub async fn finish(reading: JoinHandle<Result<File, ApiError>>) -> Result<File, ApiError> {
    reading.await.unwrap_or_else(|join| Err(ImportError::Spool(io::Error::other(join)).into()))
}

/// What was read of a file.
struct Seen<T: Table> {
    /// The line of each key.
    lines: HashMap<T::Key, u64>,
    rows: usize,
    max_rows: usize,
}

impl<T: Table> Seen<T> {
    /// The next rows, if there are any.
    fn chunk(&mut self, rows: &mut Rows<impl BufRead>) -> io::Result<Option<Chunk<T>>> {
        let mut chunk = Chunk { rows: 0, bytes: 0, entries: Vec::new(), failed: 0, faults: Vec::new() };
        while chunk.rows < CHUNK_ROWS && self.rows <= self.max_rows {
            let Some(located) = rows.next()? else { break };
            chunk.rows += 1;
            self.rows += 1;
            let line = located.line;
            if self.rows > self.max_rows {
                let why =
                    format!("the file has more than {} rows; nothing from here on was read", self.max_rows);
                chunk.refuse(line, &why);
            } else if located.is_last {
                let why = located.row.err().unwrap_or_default();
                chunk.refuse(line, &format!("{why}; nothing after it was read"));
                self.rows = usize::MAX;
            } else {
                match located.row {
                    Ok(fields) => self.take(&mut chunk, line, fields),
                    Err(why) => chunk.refuse(line, &why),
                }
            }
        }
        chunk.bytes = rows.bytes();
        Ok(Some(chunk).filter(|chunk| chunk.rows > 0))
    }

    fn take(&mut self, chunk: &mut Chunk<T>, line: u64, fields: Fields) {
        let entry = match T::read(line, fields) {
            Ok(entry) => entry,
            Err(ApiError::Invalid(errors)) => {
                chunk.failed += 1;
                let faults = errors.iter().map(|error| Fault::new(line, &error.field, &error.message));
                return chunk.faults.extend(faults.take(FAULTS_OF_ROW));
            }
            Err(other) => return chunk.refuse(line, &other.to_string()),
        };
        if let Some(key) = entry.key() {
            if let Some(first) = self.lines.get(&key) {
                chunk.failed += 1;
                return chunk.faults.push(Fault::new(line, T::KEY, &format!("is in line {first} too")));
            }
            self.lines.insert(key, line);
        }
        chunk.entries.push(entry);
    }
}

impl<T> Chunk<T> {
    /// Tells what is wrong with a row as a whole.
    fn refuse(&mut self, line: u64, why: &str) {
        self.failed += 1;
        self.faults.push(Fault::new(line, "row", why));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;
    use storage::assets::stations::Entry;

    /// As the reader has its own buffer.
    const BUFFER_BYTES: u64 = 8 * 1024;

    #[tokio::test(flavor = "multi_thread")]
    async fn no_more_is_read_than_somebody_waits_for() {
        let row = format!("{{\"name\": \"{}\"}}\n", "x".repeat(180));
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(row.repeat(20_000).as_bytes()).unwrap();
        // It has the same place in the file.
        let mut place = file.try_clone().unwrap();
        let (mut chunks, reading) = read::<Entry>(file, Format::NdJson, 20_000);
        for received in 0..40_u64 {
            testkit::eventually("chunks wait", || {
                let waiting = chunks.len() == CHUNKS_AHEAD || reading.is_finished();
                async move { waiting }
            })
            .await;
            // Those that wait, and one that the reader holds in its hand.
            let chunk_bytes = u64::try_from(CHUNK_ROWS * row.len()).unwrap();
            let ahead = u64::try_from(CHUNKS_AHEAD).unwrap() + 1;
            let most = (received + ahead) * chunk_bytes + BUFFER_BYTES;
            assert!(place.stream_position().unwrap() <= most, "after {received} chunks");
            let chunk = chunks.recv().await.unwrap();
            assert_eq!(
                (chunk.rows, chunk.entries.len(), chunk.bytes),
                (500, 500, (received + 1) * chunk_bytes)
            );
        }
        assert!(chunks.recv().await.is_none());
        finish(reading).await.unwrap();
    }

    #[tokio::test]
    async fn a_reader_that_nobody_waits_for_stops() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all("{\"name\": \"x\"}\n".repeat(20_000).as_bytes()).unwrap();
        let (chunks, reading) = read::<Entry>(file, Format::NdJson, 20_000);
        drop(chunks);
        finish(reading).await.unwrap();
    }
}
