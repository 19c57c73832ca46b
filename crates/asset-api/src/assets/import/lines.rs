//! The lines of a file, numbered and bounded in length.

use std::io::{self, BufRead};

/// Reads the lines of a file one after the other into one buffer.
pub struct Lines<R> {
    from: R,
    line: Vec<u8>,
    number: u64,
    bytes: u64,
}

/// The result of reading a line.
#[derive(Debug, PartialEq, Eq)]
pub enum Read {
    /// A line was read.
    Line,
    /// A line was skipped because it is longer than [`Lines::MAX_BYTES`].
    TooLong,
    /// The file has no further line.
    End,
}

impl<R: BufRead> Lines<R> {
    /// Largest length of a line, or of a row of several lines, in bytes.
    pub const MAX_BYTES: usize = 64 * 1024;

    pub fn new(from: R) -> Self {
        Self { from, line: Vec::new(), number: 0, bytes: 0 }
    }

    /// Reads the next line.
    pub fn next(&mut self) -> io::Result<Read> {
        self.line.clear();
        let mut is_too_long = false;
        let mut has_any = false;
        loop {
            let part = self.from.fill_buf()?;
            if part.is_empty() {
                break;
            }
            has_any = true;
            let end = part.iter().position(|byte| *byte == b'\n');
            let taken = end.map_or(part.len(), |end| end + 1);
            is_too_long |= self.line.len() + taken > Self::MAX_BYTES + 2;
            if !is_too_long {
                self.line.extend(part.iter().take(taken));
            }
            self.from.consume(taken);
            self.bytes = self.bytes.saturating_add(u64::try_from(taken).unwrap_or(u64::MAX));
            if end.is_some() {
                break;
            }
        }
        if !has_any {
            return Ok(Read::End);
        }
        self.number += 1;
        Ok(if is_too_long { Read::TooLong } else { Read::Line })
    }

    /// The number of the last line that was read, from 1.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Bytes of the file that were read so far.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The last line without its line ending, and without the byte order mark of UTF-8 at the
    /// beginning of the file.
    pub fn text(&self) -> &[u8] {
        let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match self.number {
            1 => line.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(line),
            _ => line,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_and_numbers_lines_with_either_line_ending() {
        let mut lines = Lines::new("\u{feff}a\r\n\nb".as_bytes());
        for (number, text) in [(1, "a"), (2, ""), (3, "b")] {
            assert_eq!(lines.next().unwrap(), Read::Line);
            assert_eq!((lines.number(), lines.text()), (number, text.as_bytes()));
        }
        assert_eq!(lines.next().unwrap(), Read::End);
    }

    #[test]
    fn skips_a_line_that_is_too_long() {
        let long = "x".repeat(Lines::<&[u8]>::MAX_BYTES + 3);
        let file = format!("{long}\nb\n");
        let mut lines = Lines::new(io::BufReader::with_capacity(7, file.as_bytes()));
        assert_eq!(lines.next().unwrap(), Read::TooLong);
        assert_eq!(lines.next().unwrap(), Read::Line);
        assert_eq!((lines.number(), lines.text()), (2, b"b".as_slice()));
    }
}
