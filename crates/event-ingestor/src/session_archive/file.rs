//! A file of the archive: complete and on the disk, or without its final name.

use anyhow::Context as _;
use chrono::{DateTime, Utc};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use uuid::Uuid;

/// A file that is being written. Its methods do not block the runtime.
pub(super) struct ArchiveFile {
    directory: PathBuf,
    name: String,
    encoder: GzEncoder<BufWriter<File>>,
}

impl ArchiveFile {
    /// Creates a file for sessions of which the first began at `first`.
    ///
    /// # Errors
    /// When the directory does not exist or is not writable.
    pub(super) async fn create(directory: &Path, first: DateTime<Utc>) -> anyhow::Result<Self> {
        let directory = directory.to_owned();
        let name =
            format!("sessions-{}-{}.ndjson.gz", first.format("%Y%m%dT%H%M%SZ"), Uuid::now_v7().simple());
        tokio::task::spawn_blocking(move || {
            let path = directory.join(part(&name));
            let file = OpenOptions::new().write(true).create_new(true).open(&path);
            let file = file.with_context(|| format!("create {}", path.display()))?;
            let encoder = GzEncoder::new(BufWriter::new(file), Compression::default());
            Ok(Self { directory, name, encoder })
        })
        .await?
    }

    /// Appends one line for each of `documents`.
    ///
    /// # Errors
    /// When the disk is full or fails. The file stays without its final name.
    pub(super) async fn write(mut self, documents: Vec<String>) -> anyhow::Result<Self> {
        tokio::task::spawn_blocking(move || {
            for document in documents {
                self.encoder.write_all(document.as_bytes()).and_then(|()| self.encoder.write_all(b"\n"))?;
            }
            Ok(self)
        })
        .await?
    }

    /// Flushes the file to the disk, gives it its name, and flushes the directory; returns its path.
    ///
    /// # Errors
    /// When the disk is full or fails.
    pub(super) async fn finish(self) -> anyhow::Result<PathBuf> {
        tokio::task::spawn_blocking(move || {
            let file = self.encoder.finish()?.into_inner().map_err(std::io::IntoInnerError::into_error)?;
            file.sync_all()?;
            let path = self.directory.join(&self.name);
            std::fs::rename(self.directory.join(part(&self.name)), &path)?;
            File::open(&self.directory)?.sync_all()?;
            std::io::Result::Ok(path)
        })
        .await?
        .context("complete a file of archived sessions")
    }
}

/// The name of a file that is not complete.
fn part(name: &str) -> String {
    format!(".{name}.part")
}

#[cfg(test)]
mod tests {
    use super::ArchiveFile;
    use chrono::DateTime;
    use flate2::read::GzDecoder;
    use std::fs::{File, read_dir};
    use std::io::Read as _;

    #[tokio::test]
    async fn a_file_has_its_name_only_once_it_is_complete() {
        let directory = tempfile::tempdir().unwrap();
        let names = || {
            let names = read_dir(directory.path()).unwrap().map(|entry| entry.unwrap().file_name());
            names.map(|name| name.into_string().unwrap()).collect::<Vec<_>>()
        };
        let first = DateTime::from_timestamp(1_767_226_392, 0).unwrap();
        let file = ArchiveFile::create(directory.path(), first).await.unwrap();
        let file = file.write(vec!["{\"a\":1}".to_owned(), "{\"a\":2}".to_owned()]).await.unwrap();
        let [incomplete] = names().try_into().unwrap();
        assert!(incomplete.starts_with('.') && incomplete.ends_with(".part"), "{incomplete}");
        let path = file.finish().await.unwrap();
        let [complete] = names().try_into().unwrap();
        assert!(complete.starts_with("sessions-20260101T001312Z-"), "{complete}");
        assert_eq!(path.file_name().unwrap().to_str(), Some(complete.as_str()));
        let mut text = String::new();
        GzDecoder::new(File::open(path).unwrap()).read_to_string(&mut text).unwrap();
        assert_eq!(text, "{\"a\":1}\n{\"a\":2}\n");
    }

    #[tokio::test]
    async fn nothing_is_created_outside_an_existing_directory() {
        let directory = tempfile::tempdir().unwrap().path().join("missing");
        let first = DateTime::UNIX_EPOCH;
        assert!(ArchiveFile::create(&directory, first).await.is_err());
        assert!(!directory.exists());
    }
}
