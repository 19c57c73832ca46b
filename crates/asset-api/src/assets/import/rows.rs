//! Rows of a file as fields, whichever way it is written.

use super::Format;
use super::csv::{self, Row, TOO_LONG};
use super::error::ImportError;
use super::lines::{Lines, Read};
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use runtime::problem::FieldError;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{self, BufRead};

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// Text.
    Text,
    /// JSON: a number, a list.
    Json,
}

/// The columns that a CSV file may have: name, what it holds, whether it must be there.
pub type Columns = [(&'static str, Cell, bool)];

/// A row and its line; or what is wrong with the row as a whole.
pub struct Located {
    /// The line that it begins in.
    pub line: u64,
    /// Its fields.
    pub row: Result<Fields, String>,
    /// Whether nothing can be read after it.
    pub is_last: bool,
}

/// The rows of a file.
pub struct Rows<R> {
    lines: Lines<R>,
    form: Form,
}

enum Form {
    Csv { rows: Box<csv::Rows>, header: Vec<(&'static str, Cell)> },
    NdJson,
}

impl<R: BufRead> Rows<R> {
    /// From the beginning of a file, of which CSV must have a header of some of the `columns`.
    pub fn new(from: R, format: Format, columns: &Columns) -> Result<Self, ApiError> {
        let mut lines = Lines::new(from);
        let form = match format {
            Format::NdJson => Form::NdJson,
            Format::Csv => {
                let mut rows = csv::Rows::new();
                let names = match rows.next(&mut lines).map_err(ImportError::Spool)? {
                    Row::Fields(_, Ok(names)) => names,
                    Row::Fields(_, Err(why)) | Row::Endless(_, why) => return Err(no_header(why)),
                    Row::End => return Err(no_header("is required")),
                };
                Form::Csv { rows: Box::new(rows), header: header(&names, columns)? }
            }
        };
        Ok(Self { lines, form })
    }

    /// How much of the file was read, in bytes.
    pub const fn bytes(&self) -> u64 {
        self.lines.bytes()
    }

    /// The next row, if there is one.
    pub fn next(&mut self) -> io::Result<Option<Located>> {
        match &mut self.form {
            Form::NdJson => next_json(&mut self.lines),
            Form::Csv { rows, header } => Ok(match rows.next(&mut self.lines)? {
                Row::End => None,
                Row::Endless(line, why) => Some(Located { line, row: Err(why.to_owned()), is_last: true }),
                Row::Fields(line, cells) => {
                    let row = cells.map_err(str::to_owned).and_then(|cells| fields(header, cells));
                    Some(Located { line, row, is_last: false })
                }
            }),
        }
    }
}

fn no_header(why: &str) -> ApiError {
    ApiError::Invalid(vec![FieldError::new("header", why)])
}

/// The columns that a header names, in its order.
fn header(names: &[String], columns: &Columns) -> Result<Vec<(&'static str, Cell)>, ApiError> {
    let mut errors = Vec::new();
    let mut header: Vec<(&'static str, Cell)> = Vec::new();
    for name in names.iter().map(|name| name.trim()) {
        match columns.iter().find(|(known, ..)| *known == name) {
            None => errors.push(FieldError::new(name, "is not known here")),
            Some((known, ..)) if header.iter().any(|(named, _)| named == known) => {
                errors.push(FieldError::new(name, "is given twice"));
            }
            Some((known, cell, _)) => header.push((known, *cell)),
        }
    }
    for (name, _, is_required) in columns {
        if *is_required && !header.iter().any(|(named, _)| named == name) {
            errors.push(FieldError::new(*name, "is required"));
        }
    }
    if errors.is_empty() { Ok(header) } else { Err(ApiError::Invalid(errors)) }
}

/// The cells of a row under a header; an empty one is as if it were not there.
fn fields(header: &[(&'static str, Cell)], cells: Vec<String>) -> Result<Fields, String> {
    if cells.len() != header.len() {
        return Err(format!("has {} fields, the header has {}", cells.len(), header.len()));
    }
    let named = header.iter().zip(cells).filter(|(_, cell)| !cell.is_empty());
    let values = named.map(|((name, kind), cell)| {
        let json = (*kind == Cell::Json).then(|| serde_json::from_str(&cell).ok()).flatten();
        // What is no JSON is refused as what it is, a text.
        ((*name).to_owned(), json.unwrap_or(Value::String(cell)))
    });
    Ok(Fields::of(values.collect::<BTreeMap<_, _>>()))
}

/// The next row of JSON; blank lines are none.
fn next_json(lines: &mut Lines<impl BufRead>) -> io::Result<Option<Located>> {
    loop {
        let row = match lines.next()? {
            Read::End => return Ok(None),
            Read::TooLong => Err(TOO_LONG.to_owned()),
            Read::Line if lines.text().trim_ascii().is_empty() => continue,
            Read::Line => serde_json::from_slice(lines.text()).map_err(|error| {
                let message = error.to_string();
                // It counts lines within the row.
                let (what, _) = message.split_once(" at line ").unwrap_or((&message, ""));
                format!("{what} at column {}", error.column())
            }),
        };
        return Ok(Some(Located { line: lines.number(), row, is_last: false }));
    }
}
