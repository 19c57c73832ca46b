//! The character set of a file. Any other charset is converted to UTF-8 before rows are read.
//!
//! Excel writes GBK in China, and UTF-16 as "Unicode text". When the request names no charset, a
//! file is read as UTF-8 if it is valid UTF-8, otherwise as UTF-16 if it begins with a byte order
//! mark of UTF-16, otherwise as GB18030, which includes GBK and GB2312.

use super::error::ImportError;
use super::lines::{Lines, Read as ReadLine};
use super::spool;
use crate::http::error::ApiError;
use crate::settings::ImportSettings;
use encoding_rs::{BIG5, DecoderResult, Encoding, GB18030, GBK, UTF_8, UTF_16BE, UTF_16LE};
use runtime::problem::FieldError;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek as _, Write};

/// Size of the buffers for conversion, in bytes.
const AT_ONCE_BYTES: usize = 64 * 1024;
/// More malformed lines than this are reported as one problem of the file instead of one per line.
const MALFORMED_LINES: u64 = 5;

/// The charset of a file according to the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Charset {
    /// The request names no charset.
    Detect,
    /// The request names this charset.
    Named(&'static Encoding),
}

impl Charset {
    /// The charset with this label of the WHATWG Encoding Standard; `None` unless it is one that
    /// spreadsheets write in China.
    pub fn named(label: &str) -> Option<Self> {
        let encoding = Encoding::for_label(label.as_bytes())?;
        let is_known = [UTF_8, GBK, GB18030, BIG5, UTF_16LE, UTF_16BE].contains(&encoding);
        is_known.then_some(Self::Named(encoding))
    }
}

/// Converts the CSV `file` to UTF-8 with lines that end in LF, and rewinds it.
///
/// # Errors
/// [`ApiError::Invalid`] with one message when the file is not valid in its charset.
pub async fn normalize(file: File, charset: Charset, settings: &ImportSettings) -> Result<File, ApiError> {
    let settings = settings.clone();
    let work = tokio::task::spawn_blocking(move || {
        let file = to_utf8(file, charset, &settings)?;
        let mut file = with_line_feeds(file, &settings).map_err(ImportError::Spool)?;
        file.rewind().map_err(ImportError::Spool)?;
        Ok(file)
    });
    work.await.unwrap_or_else(|join| Err(ImportError::Spool(io::Error::other(join)).into()))
}

fn to_utf8(file: File, charset: Charset, settings: &ImportSettings) -> Result<File, ApiError> {
    let spooled = |error| ApiError::from(ImportError::Spool(error));
    let encoding = match charset {
        Charset::Named(encoding) if encoding == UTF_8 => None,
        // The byte order mark gives the order of the bytes; the label "UTF-16" does not.
        Charset::Named(encoding) if [UTF_16LE, UTF_16BE].contains(&encoding) => {
            mark(&file).map_err(spooled)?.or(Some(encoding))
        }
        Charset::Named(encoding) => Some(encoding),
        Charset::Detect => mark(&file).map_err(spooled)?,
    };
    if let Some(encoding) = encoding {
        let converted = convert(&file, encoding, settings).map_err(spooled)?;
        return converted.ok_or_else(|| invalid(format!("is not valid {}", encoding.name())));
    }
    let survey = Survey::of(&file).map_err(spooled)?;
    let is_detected = charset == Charset::Detect && !survey.has_mark;
    if is_detected
        && survey.malformed > survey.beyond_ascii
        && let Some(converted) = convert(&file, GB18030, settings).map_err(spooled)?
    {
        return Ok(converted);
    }
    if survey.malformed > MALFORMED_LINES {
        let (lines, first) = (survey.malformed, survey.first_malformed);
        let neither = if is_detected { "neither valid UTF-8 nor valid GB18030" } else { "not valid UTF-8" };
        return Err(invalid(format!(
            "is {neither}: {lines} lines cannot be read, the first is line {first}; save the file as UTF-8, or name its \
            charset, for example ?charset=gbk"
        )));
    }
    Ok(file)
}

fn invalid(message: String) -> ApiError {
    ApiError::Invalid(vec![FieldError::new("body", message)])
}

/// The charset that the byte order mark of `file` names, unless it is UTF-8.
fn mark(mut file: &File) -> io::Result<Option<&'static Encoding>> {
    file.rewind()?;
    let mut begin = Vec::new();
    file.take(3).read_to_end(&mut begin)?;
    let encoding = Encoding::for_bom(&begin).map(|(encoding, _)| encoding);
    Ok(encoding.filter(|encoding| *encoding != UTF_8))
}

/// Counts the lines of a file that are valid UTF-8 and those that are not.
#[derive(Debug, Default)]
struct Survey {
    /// Whether the file begins with the byte order mark of UTF-8.
    has_mark: bool,
    /// Lines that are not valid UTF-8.
    malformed: u64,
    /// The number of the first malformed line, from 1.
    first_malformed: u64,
    /// Lines that are valid UTF-8 and contain more than ASCII.
    beyond_ascii: u64,
}

impl Survey {
    fn of(mut file: &File) -> io::Result<Self> {
        file.rewind()?;
        let mut survey = Self::default();
        let mut begin = Vec::new();
        file.take(3).read_to_end(&mut begin)?;
        survey.has_mark = begin == b"\xEF\xBB\xBF";
        file.rewind()?;
        let mut lines = Lines::new(BufReader::new(file));
        loop {
            match lines.next()? {
                ReadLine::End => return Ok(survey),
                ReadLine::TooLong => {}
                ReadLine::Line if lines.text().is_ascii() => {}
                ReadLine::Line if str::from_utf8(lines.text()).is_ok() => survey.beyond_ascii += 1,
                ReadLine::Line => {
                    survey.malformed += 1;
                    if survey.malformed == 1 {
                        survey.first_malformed = lines.number();
                    }
                }
            }
        }
    }
}

/// Converts `file` to UTF-8; `None` when it is not valid in `encoding`.
fn convert(
    mut file: &File,
    encoding: &'static Encoding,
    settings: &ImportSettings,
) -> io::Result<Option<File>> {
    file.rewind()?;
    let mut to = BufWriter::new(spool::create(settings)?);
    let mut decoder = encoding.new_decoder_with_bom_removal();
    let mut bytes = vec![0; AT_ONCE_BYTES];
    let mut text = vec![0; AT_ONCE_BYTES];
    loop {
        let count = file.read(&mut bytes)?;
        let is_last = count == 0;
        let mut rest = bytes.get(..count).unwrap_or_default();
        loop {
            let (result, taken, written) =
                decoder.decode_to_utf8_without_replacement(rest, &mut text, is_last);
            to.write_all(text.get(..written).unwrap_or_default())?;
            rest = rest.get(taken..).unwrap_or_default();
            match result {
                DecoderResult::InputEmpty => break,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => return Ok(None),
            }
        }
        if is_last {
            return to.into_inner().map(Some).map_err(io::IntoInnerError::into_error);
        }
    }
}

/// Replaces CR with LF in a file without LF: old spreadsheets end lines in CR alone.
fn with_line_feeds(mut file: File, settings: &ImportSettings) -> io::Result<File> {
    file.rewind()?;
    let mut bytes = vec![0; AT_ONCE_BYTES];
    let mut has_return = false;
    loop {
        let count = file.read(&mut bytes)?;
        let part = bytes.get(..count).unwrap_or_default();
        if part.contains(&b'\n') || (count == 0 && !has_return) {
            return Ok(file);
        }
        has_return |= part.contains(&b'\r');
        if count == 0 {
            break;
        }
    }
    file.rewind()?;
    let mut to = BufWriter::new(spool::create(settings)?);
    loop {
        let count = file.read(&mut bytes)?;
        if count == 0 {
            return to.into_inner().map_err(io::IntoInnerError::into_error);
        }
        let part = bytes.get_mut(..count).unwrap_or_default();
        for byte in part.iter_mut().filter(|byte| **byte == b'\r') {
            *byte = b'\n';
        }
        to.write_all(part)?;
    }
}
