//! From a file to chunks of piles, on a thread that may wait for the disk.

use super::Format;
use super::report::Fault;
use super::rows::{Cell, Columns, Rows};
use crate::error::ApiError;
use crate::fields::{Fields, parse};
use crate::piles::body;
use domain::ids::{ChargePointId, StationId};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek as _};
use storage::piles::Entry;
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinHandle;

/// Rows in a chunk.
const CHUNK_ROWS: usize = 500;
/// Chunks that wait for the database.
const CHUNKS_AHEAD: usize = 2;
/// So many faults of one row are told.
const FAULTS_OF_ROW: usize = 20;

const COLUMNS: &Columns = &[
    ("stationId", Cell::Text, true),
    ("chargePointId", Cell::Text, true),
    ("name", Cell::Text, false),
    ("model", Cell::Text, true),
    ("vendor", Cell::Text, false),
    ("serialNumber", Cell::Text, false),
    ("ratedPowerKw", Cell::Json, true),
    ("currentType", Cell::Text, true),
    ("connectors", Cell::Json, false),
];

/// Some rows of a file.
#[derive(Default)]
pub struct Chunk {
    /// How many.
    pub rows: usize,
    /// Those that are piles.
    pub entries: Vec<Entry>,
    /// How many are none.
    pub failed: usize,
    /// What is wrong with those.
    pub faults: Vec<Fault>,
}

/// Chunks as they are read, and the end of the reading, which gives the file back.
pub type Reading = (Receiver<Chunk>, JoinHandle<Result<File, ApiError>>);

/// Reads `file` from its beginning, at most `max_rows` of it.
pub fn read(file: File, format: Format, max_rows: usize) -> Reading {
    let (sender, receiver) = channel(CHUNKS_AHEAD);
    let reading = tokio::task::spawn_blocking(move || {
        let mut from = BufReader::new(file);
        from.rewind().map_err(ApiError::Spool)?;
        let mut seen = Seen { lines: HashMap::new(), rows: 0, max_rows };
        let mut rows = Rows::new(&mut from, format, COLUMNS)?;
        while let Some(chunk) = seen.chunk(&mut rows).map_err(ApiError::Spool)? {
            if sender.blocking_send(chunk).is_err() {
                break;
            }
        }
        drop(rows);
        Ok(from.into_inner())
    });
    (receiver, reading)
}

/// What was read of a file.
struct Seen {
    /// The line of each device.
    lines: HashMap<ChargePointId, u64>,
    rows: usize,
    max_rows: usize,
}

impl Seen {
    /// The next rows, if there are any.
    fn chunk(&mut self, rows: &mut Rows<impl BufRead>) -> io::Result<Option<Chunk>> {
        let mut chunk = Chunk::default();
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
        Ok(Some(chunk).filter(|chunk| chunk.rows > 0))
    }

    fn take(&mut self, chunk: &mut Chunk, line: u64, mut fields: Fields) {
        let station = fields.required("stationId", parse::uuid);
        let (station, details) = match (station, body::read(fields)) {
            (Some(station), Ok(details)) => (station, details),
            (_, Err(ApiError::Invalid(errors))) => {
                chunk.failed += 1;
                let faults = errors.iter().map(|error| Fault::new(line, &error.field, &error.message));
                return chunk.faults.extend(faults.take(FAULTS_OF_ROW));
            }
            // Not met: without a station the fields are refused, and only as what they are.
            (_, read) => return chunk.refuse(line, &read.err().map_or_else(String::new, |e| e.to_string())),
        };
        if let Some(first) = self.lines.get(&details.charge_point_id) {
            chunk.failed += 1;
            let why = format!("is in line {first} too");
            return chunk.faults.push(Fault::new(line, "chargePointId", &why));
        }
        self.lines.insert(details.charge_point_id.clone(), line);
        chunk.entries.push(Entry { line, station_id: StationId(station), details });
    }
}

impl Chunk {
    /// Tells what is wrong with a row as a whole.
    fn refuse(&mut self, line: u64, why: &str) {
        self.failed += 1;
        self.faults.push(Fault::new(line, "row", why));
    }
}
