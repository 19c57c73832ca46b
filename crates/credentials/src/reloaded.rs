//! A value that is parsed from files, and parsed again when the files change.

use crate::CredentialsError;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Largest file that is read, in bytes.
const MAX_BYTES: u64 = 4 << 20;

/// Parses the contents of the files, in their order; the error says what is wrong with them.
type Parse<T> = Box<dyn Fn(&[Vec<u8>]) -> Result<T, String> + Send + Sync>;

/// A value from files. [`current`](Self::current) reads the files and parses them if their contents
/// have changed. Several files are one value, such as a certificate and its key: while only one of
/// them has been replaced, the previous pair remains in use.
pub struct Reloaded<T> {
    /// The setting that names the files, for messages.
    setting: String,
    files: Vec<PathBuf>,
    parse: Parse<T>,
    known: Mutex<Known<T>>,
}

struct Known<T> {
    contents: Vec<Vec<u8>>,
    value: Arc<T>,
    /// Why the files cannot be used at the moment, as logged.
    failure: Option<String>,
}

impl<T> Reloaded<T> {
    /// Reads `files` for the first time.
    ///
    /// # Errors
    /// If a file cannot be read, or `parse` refuses the contents.
    pub fn open(
        setting: impl Into<String>,
        files: Vec<PathBuf>,
        parse: impl Fn(&[Vec<u8>]) -> Result<T, String> + Send + Sync + 'static,
    ) -> Result<Self, CredentialsError> {
        let setting = setting.into();
        let refuse = |reason| CredentialsError::new(setting.clone(), reason);
        let contents = read_all(&files).map_err(refuse)?;
        let value = parse(&contents).map_err(|reason| refuse(located(&files, &reason)))?;
        let known = Mutex::new(Known { contents, value: Arc::new(value), failure: None });
        Ok(Self { setting, files, parse: Box::new(parse), known })
    }

    /// A value that never changes.
    pub fn fixed(value: T) -> Self
    where
        T: Send + Sync + 'static,
    {
        let known = Mutex::new(Known { contents: Vec::new(), value: Arc::new(value), failure: None });
        let parse: Parse<T> = Box::new(|_none| Err("a fixed value has no files".to_owned()));
        Self { setting: String::new(), files: Vec::new(), parse, known }
    }

    /// The value of the files as they are now, or their last valid value. Blocks for the time of
    /// reading some small files, so call it for each connection, not for each request.
    pub fn current(&self) -> Arc<T> {
        let mut known = self.known();
        if self.files.is_empty() {
            return Arc::clone(&known.value);
        }
        match read_all(&self.files) {
            Ok(contents) if contents == known.contents => known.failure = None,
            Ok(contents) => match (self.parse)(&contents) {
                Ok(value) => {
                    *known = Known { contents, value: Arc::new(value), failure: None };
                    tracing::info!(setting = self.setting, "rotated files were read again");
                }
                Err(reason) => self.warn(&mut known, located(&self.files, &reason)),
            },
            Err(reason) => self.warn(&mut known, reason),
        }
        Arc::clone(&known.value)
    }

    /// Warns once for each distinct failure.
    fn warn(&self, known: &mut Known<T>, reason: String) {
        if known.failure.as_ref() == Some(&reason) {
            return;
        }
        tracing::warn!(
            setting = self.setting,
            error = reason,
            "the files cannot be used; their last valid contents remain in use: correct or replace the files"
        );
        known.failure = Some(reason);
    }

    fn known(&self) -> MutexGuard<'_, Known<T>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Without the value, which may be secret.
impl<T> fmt::Debug for Reloaded<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { setting, files, .. } = self;
        f.debug_struct("Reloaded").field("setting", setting).field("files", files).finish_non_exhaustive()
    }
}

fn read_all(files: &[PathBuf]) -> Result<Vec<Vec<u8>>, String> {
    files.iter().map(|file| read(file).map_err(|error| located(&[file], &error))).collect()
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    let metadata = std::fs::metadata(file).map_err(|error| error.to_string())?;
    if metadata.len() > MAX_BYTES {
        return Err(format!("the file has {} bytes; at most {MAX_BYTES} are read", metadata.len()));
    }
    std::fs::read(file).map_err(|error| error.to_string())
}

/// `reason` after the names of the files.
fn located<P: AsRef<Path>>(files: &[P], reason: &str) -> String {
    let names: Vec<_> = files.iter().map(|file| file.as_ref().display().to_string()).collect();
    format!("{}: {reason}", names.join(", "))
}

#[cfg(test)]
mod tests;
