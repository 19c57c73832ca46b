//! Rows of CSV according to RFC 4180: a quoted field may continue on the next line.

use super::lines::{Lines, Read};
use csv_core::{ReadRecordResult, Reader};
use std::io::{self, BufRead};

/// Largest number of fields in a row; more than any header has.
const MAX_FIELDS: usize = 64;

/// The reason why a whole row is invalid.
pub type Broken = &'static str;

/// Splits lines into rows, and rows into fields.
pub struct Rows {
    parser: Reader,
    row: Vec<u8>,
    fields: Vec<u8>,
    ends: [usize; MAX_FIELDS],
}

/// The result of reading the next row.
pub enum Row {
    /// The number of the row's first line, and its fields or the reason why it is invalid.
    Fields(u64, Result<Vec<String>, Broken>),
    /// The end of the row is unknown, so nothing after it can be read: its first line and the
    /// reason.
    Endless(u64, Broken),
    /// The file has no further row.
    End,
}

impl Rows {
    pub fn new() -> Self {
        Self { parser: Reader::new(), row: Vec::new(), fields: Vec::new(), ends: [0; MAX_FIELDS] }
    }

    /// Reads the next row; skips empty lines.
    pub fn next(&mut self, lines: &mut Lines<impl BufRead>) -> io::Result<Row> {
        self.row.clear();
        let mut first = None;
        loop {
            match lines.next()? {
                Read::End => {
                    return Ok(first.map_or(Row::End, |line| Row::Endless(line, "a quote is not closed")));
                }
                Read::TooLong => return Ok(Row::Endless(first.unwrap_or(lines.number()), TOO_LONG)),
                Read::Line if first.is_none() && lines.text().is_empty() => continue,
                Read::Line => {}
            }
            let line = *first.get_or_insert(lines.number());
            self.row.extend_from_slice(lines.text());
            if self.row.len() > Lines::<&[u8]>::MAX_BYTES {
                return Ok(Row::Endless(line, TOO_LONG));
            }
            self.row.push(b'\n');
            // Quotes come in pairs, including those that escape a quote within a field.
            if self.row.iter().filter(|byte| **byte == b'"').count().is_multiple_of(2) {
                return Ok(Row::Fields(line, self.split()));
            }
        }
    }

    /// Splits the row that was read into its fields.
    fn split(&mut self) -> Result<Vec<String>, Broken> {
        self.parser.reset();
        self.fields.resize(self.row.len(), 0);
        let (result, taken, _, count) = self.parser.read_record(&self.row, &mut self.fields, &mut self.ends);
        match result {
            ReadRecordResult::Record if taken == self.row.len() => {}
            ReadRecordResult::OutputEndsFull => return Err("has too many fields"),
            _ => return Err("a quote is in an invalid position"),
        }
        let ends = self.ends.iter().take(count);
        let mut begin = 0;
        let fields = ends.map(|end| {
            let field = self.fields.get(std::mem::replace(&mut begin, *end)..*end).unwrap_or_default();
            std::str::from_utf8(field).map(str::to_owned).map_err(|_malformed| "is not valid UTF-8")
        });
        fields.collect()
    }
}

/// The reason for a row that is too long, also when a quote is never closed.
pub const TOO_LONG: Broken = "is longer than 65536 bytes";

#[cfg(test)]
mod tests;
