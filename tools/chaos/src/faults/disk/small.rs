//! A disk of a few megabytes for the tables of one database: an in-memory file system as a
//! tablespace.

use crate::database_audit::AuditedDatabase;
use anyhow::{Context as _, ensure};
use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The size of the disk.
pub(super) const MEBIBYTES: u32 = 128;
/// The sizes in bytes of the files that fill the disk; the last ones have one page of PostgreSQL
/// each.
const WRITE_SIZES: [usize; 2] = [1 << 20, 8 << 10];
const BALLAST: &str = "ballast";

/// The disk. Unless it is released, it drops the database with it, because PostgreSQL must never
/// miss one of its files.
pub(super) struct SmallDisk {
    folder: PathBuf,
    space: String,
    database: String,
    url: String,
    is_released: bool,
}

impl SmallDisk {
    /// Mounts the disk and creates a tablespace on it on the server of `audited`.
    ///
    /// # Errors
    /// When this process may not mount, or the server is not on this machine.
    pub(super) async fn mount(audited: &AuditedDatabase) -> anyhow::Result<Self> {
        let data = audited.text("select current_setting('data_directory')").await?;
        let owner = std::fs::metadata(&data)
            .with_context(|| format!("read {data}, the data directory of PostgreSQL"))?;
        let space = format!("{}_disk", audited.name());
        let folder = std::env::temp_dir().join(&space);
        std::fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
        let options = format!("size={MEBIBYTES}m,mode=0700,uid={},gid={}", owner.uid(), owner.gid());
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(&folder);
        if let Err(error) = run(&mut mount) {
            // Empty, because nothing is mounted.
            drop(std::fs::remove_dir(&folder));
            return Err(error);
        }
        let (database, url) = (audited.name().to_owned(), audited.url.clone());
        let disk = Self { folder, space, database, url, is_released: false };
        let create = format!("create tablespace {} location '{}'", disk.space, disk.folder.display());
        audited.run_sql(&create).await?;
        Ok(disk)
    }

    /// Moves all tables and indexes of the database to the disk.
    ///
    /// # Errors
    /// When PostgreSQL refuses it.
    pub(super) async fn move_tables_in(&self, audited: &AuditedDatabase) -> anyhow::Result<()> {
        move_tables(audited, "pg_default", &self.space).await
    }

    /// Fills the disk completely.
    ///
    /// # Errors
    /// When writing fails for another reason than a full disk.
    pub(super) fn fill(&self) -> anyhow::Result<()> {
        let mut ballast = File::create(self.folder.join(BALLAST))?;
        for bytes in WRITE_SIZES {
            let piece = vec![0; bytes];
            loop {
                match ballast.write_all(&piece) {
                    Ok(()) => {}
                    Err(error) if error.kind() == ErrorKind::StorageFull => break,
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }

    /// Frees the disk.
    ///
    /// # Errors
    /// When the disk was not filled.
    pub(super) fn empty(&self) -> anyhow::Result<()> {
        Ok(std::fs::remove_file(self.folder.join(BALLAST))?)
    }

    /// Moves everything back and unmounts the disk.
    ///
    /// # Errors
    /// When PostgreSQL refuses it, or the disk is in use.
    pub(super) async fn release(mut self, audited: &AuditedDatabase) -> anyhow::Result<()> {
        move_tables(audited, &self.space, "pg_default").await?;
        audited.run_sql(&format!("drop tablespace {}", self.space)).await?;
        self.is_released = true;
        unmount(&self.folder)
    }

    /// Drops the database and everything else that the server has on the disk.
    fn abandon(&self) -> anyhow::Result<()> {
        let statements = [
            format!("drop database if exists {} with (force)", self.database),
            format!("drop tablespace if exists {}", self.space),
        ];
        let url = self.url.clone();
        // On a thread with its own runtime, because the caller's may be shutting down.
        let deleted = std::thread::spawn(move || -> anyhow::Result<()> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(AuditedDatabase::run_on_server(&url, &statements))
        });
        deleted.join().map_err(|_panic| anyhow::anyhow!("the thread that drops the database panicked"))??;
        unmount(&self.folder)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if !self.is_released {
            // On failure the mount stays in the temporary folder, because the server may still need
            // it.
            drop(self.abandon());
        }
    }
}

async fn move_tables(audited: &AuditedDatabase, from: &str, to: &str) -> anyhow::Result<()> {
    for kind in ["table", "index"] {
        audited.run_sql(&format!("alter {kind} all in tablespace {from} set tablespace {to}")).await?;
    }
    Ok(())
}

fn unmount(folder: &Path) -> anyhow::Result<()> {
    run(Command::new("umount").arg(folder))?;
    Ok(std::fs::remove_dir(folder)?)
}

fn run(command: &mut Command) -> anyhow::Result<()> {
    let output = command.output().with_context(|| format!("run {command:?}"))?;
    ensure!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}
