//! Reads a file into chunks of entries, on a thread that may block on the disk.

use super::Format;
use super::error::ImportError;
use super::report::Fault;
use super::rows::Rows;
use super::table::Table;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use domain::assets::OperatorBound;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek as _};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinHandle;

/// Largest number of rows in a chunk.
const CHUNK_ROWS: usize = 500;
/// Chunks that may wait for the database.
const CHUNKS_AHEAD: usize = 2;
/// Largest number of reported faults of one row.
const FAULTS_OF_ROW: usize = 20;

/// Consecutive rows of a file.
pub struct Chunk<T> {
    pub rows: usize,
    /// Bytes of the file that were read so far.
    pub bytes: u64,
    /// The entries of valid rows.
    pub entries: Vec<T>,
    /// The number of invalid rows.
    pub failed: usize,
    /// The faults of the invalid rows.
    pub faults: Vec<Fault>,
}

/// The chunks as they are read, and the task that reads them, which returns the file.
pub type ChunkReader<T> = (Receiver<Chunk<T>>, JoinHandle<Result<File, ApiError>>);

/// Checks that `file` begins as its format requires.
///
/// # Errors
/// [`ApiError::Invalid`] when the header of a CSV file is missing or invalid.
pub async fn check<T: Table>(file: File, format: Format) -> Result<File, ApiError> {
    let checked = tokio::task::spawn_blocking(move || {
        Rows::new(BufReader::new(&file), format, T::COLUMNS)?;
        Ok(file)
    });
    finish(checked).await
}

/// Reads `file` from its beginning, at most `max_rows` rows, for a caller with `bound`.
pub fn read<T: Table>(file: File, format: Format, max_rows: usize, bound: OperatorBound) -> ChunkReader<T> {
    let (sender, receiver) = channel(CHUNKS_AHEAD);
    let reading = tokio::task::spawn_blocking(move || {
        let mut from = BufReader::new(file);
        from.rewind().map_err(ImportError::Spool)?;
        let mut seen = Seen::<T> { lines: HashMap::new(), rows: 0, max_rows, bound };
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

/// Waits for the end of `reading` and returns the file.
pub async fn finish(reading: JoinHandle<Result<File, ApiError>>) -> Result<File, ApiError> {
    reading.await.unwrap_or_else(|join| Err(ImportError::Spool(io::Error::other(join)).into()))
}

/// The state of reading one file.
struct Seen<T: Table> {
    /// The line in which each key occurred.
    lines: HashMap<T::Key, u64>,
    rows: usize,
    max_rows: usize,
    bound: OperatorBound,
}

impl<T: Table> Seen<T> {
    /// Reads the next chunk; `None` at the end of the file.
    fn chunk(&mut self, rows: &mut Rows<impl BufRead>) -> io::Result<Option<Chunk<T>>> {
        let mut chunk = Chunk { rows: 0, bytes: 0, entries: Vec::new(), failed: 0, faults: Vec::new() };
        while chunk.rows < CHUNK_ROWS && self.rows <= self.max_rows {
            let Some(located) = rows.next()? else { break };
            chunk.rows += 1;
            self.rows += 1;
            let line = located.line;
            if self.rows > self.max_rows {
                let why =
                    format!("the file has more than {} rows; rows from here on were not read", self.max_rows);
                chunk.refuse(line, &why);
            } else if located.is_last {
                let why = located.row.err().unwrap_or_default();
                chunk.refuse(line, &format!("{why}; rows after it were not read"));
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
        let entry = match T::read(line, fields, &self.bound) {
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
                return chunk.faults.push(Fault::new(
                    line,
                    T::KEY,
                    &format!("is the same as in line {first}"),
                ));
            }
            self.lines.insert(key, line);
        }
        chunk.entries.push(entry);
    }
}

impl<T> Chunk<T> {
    /// Reports a fault of a whole row.
    fn refuse(&mut self, line: u64, why: &str) {
        self.failed += 1;
        self.faults.push(Fault::new(line, "row", why));
    }
}

#[cfg(test)]
mod tests;
