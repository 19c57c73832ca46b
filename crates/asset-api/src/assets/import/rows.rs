//! Rows of a file as fields, for either format.

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

/// The content of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cell {
    /// Text.
    Text,
    /// JSON, such as a number or a list.
    Json,
}

/// The columns that a CSV file may have: name, content, whether it is required.
pub type Columns = [(&'static str, Cell, bool)];

/// A row with its position in the file.
pub struct Located {
    /// The first line of the row, from 1.
    pub line: u64,
    /// The fields, or the reason why the whole row is invalid.
    pub row: Result<Fields, String>,
    /// Whether nothing after the row can be read.
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
    /// Starts at the beginning of a file. CSV must have a header that names some of the `columns`.
    ///
    /// # Errors
    /// [`ApiError::Invalid`] when the header is missing or invalid.
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

    /// Bytes of the file that were read so far.
    pub const fn bytes(&self) -> u64 {
        self.lines.bytes()
    }

    /// Reads the next row; `None` at the end of the file.
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

/// The columns that a header names, in their order.
fn header(names: &[String], columns: &Columns) -> Result<Vec<(&'static str, Cell)>, ApiError> {
    let mut errors = Vec::new();
    let mut header: Vec<(&'static str, Cell)> = Vec::new();
    for name in names.iter().map(|name| name.trim()) {
        match columns.iter().find(|(known, ..)| *known == name) {
            None => errors.push(FieldError::new(name, "is not recognized")),
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

/// Names the cells of a row by the header; an empty cell counts as absent.
fn fields(header: &[(&'static str, Cell)], cells: Vec<String>) -> Result<Fields, String> {
    if cells.len() != header.len() {
        return Err(format!("has {} fields, the header has {}", cells.len(), header.len()));
    }
    let named = header.iter().zip(cells).filter(|(_, cell)| !cell.is_empty());
    let values = named.map(|((name, kind), cell)| {
        let json = (*kind == Cell::Json).then(|| serde_json::from_str(&cell).ok()).flatten();
        // Invalid JSON stays a text, which the parser of the field then refuses.
        ((*name).to_owned(), json.unwrap_or(Value::String(cell)))
    });
    Ok(Fields::of(values.collect::<BTreeMap<_, _>>()))
}

/// Reads the next row of JSON; skips blank lines.
fn next_json(lines: &mut Lines<impl BufRead>) -> io::Result<Option<Located>> {
    loop {
        let row = match lines.next()? {
            Read::End => return Ok(None),
            Read::TooLong => Err(TOO_LONG.to_owned()),
            Read::Line if lines.text().trim_ascii().is_empty() => continue,
            Read::Line => serde_json::from_slice(lines.text()).map_err(|error| {
                let message = error.to_string();
                // serde_json counts lines within the row.
                let (what, _) = message.split_once(" at line ").unwrap_or((&message, ""));
                format!("{what} at column {}", error.column())
            }),
        };
        return Ok(Some(Located { line: lines.number(), row, is_last: false }));
    }
}
