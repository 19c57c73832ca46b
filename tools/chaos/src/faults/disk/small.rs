//! A disk of few megabytes for the tables of one database: a file system in memory, as a tablespace.

use crate::database_audit::AuditedDatabase;
use anyhow::{Context as _, ensure};
use std::fs::File;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Its size.
pub(super) const MEBIBYTES: u32 = 128;
/// It is filled in pieces of this many bytes, the last ones a page of Postgres each.
const PIECES: [usize; 2] = [1 << 20, 8 << 10];
const BALLAST: &str = "ballast";

/// The disk. Unless it is given back, the database is deleted with it: Postgres must never miss a file of it.
pub(super) struct SmallDisk {
    folder: PathBuf,
    space: String,
    database: String,
    url: String,
    is_given_back: bool,
}

impl SmallDisk {
    /// Mounts it, and makes it known to the server of `audited`.
    ///
    /// # Errors
    /// When this process may not mount, or the server is not on this machine.
    pub(super) async fn mount(audited: &AuditedDatabase) -> anyhow::Result<Self> {
        let data = audited.text("select current_setting('data_directory')").await?;
        let owner = std::fs::metadata(&data).with_context(|| format!("look at {data}, where Postgres is"))?;
        let space = format!("{}_disk", audited.name());
        let folder = std::env::temp_dir().join(&space);
        std::fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        let options = format!("size={MEBIBYTES}m,mode=0700,uid={},gid={}", owner.uid(), owner.gid());
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(&folder);
        if let Err(error) = run(&mut mount) {
            // Empty, since nothing is mounted.
            drop(std::fs::remove_dir(&folder));
            return Err(error);
        }
        let (database, url) = (audited.name().to_owned(), audited.url.clone());
        let disk = Self { folder, space, database, url, is_given_back: false };
        let create = format!("create tablespace {} location '{}'", disk.space, disk.folder.display());
        audited.run_sql(&create).await?;
        Ok(disk)
    }

    /// Moves all tables and indexes of the database here.
    ///
    /// # Errors
    /// When Postgres refuses it.
    pub(super) async fn take(&self, audited: &AuditedDatabase) -> anyhow::Result<()> {
        move_all(audited, "pg_default", &self.space).await
    }

    /// Leaves no room.
    ///
    /// # Errors
    /// When something else is wrong with it.
    pub(super) fn fill(&self) -> anyhow::Result<()> {
        let mut ballast = File::create(self.folder.join(BALLAST))?;
        for bytes in PIECES {
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

    /// Makes room.
    ///
    /// # Errors
    /// When it was not filled.
    pub(super) fn empty(&self) -> anyhow::Result<()> {
        Ok(std::fs::remove_file(self.folder.join(BALLAST))?)
    }

    /// Moves everything back, and unmounts it.
    ///
    /// # Errors
    /// When Postgres refuses it, or the disk is in use.
    pub(super) async fn give_back(mut self, audited: &AuditedDatabase) -> anyhow::Result<()> {
        move_all(audited, &self.space, "pg_default").await?;
        audited.run_sql(&format!("drop tablespace {}", self.space)).await?;
        self.is_given_back = true;
        unmount(&self.folder)
    }

    /// Deletes the database and whatever else the server has here.
    fn abandon(&self) -> anyhow::Result<()> {
        let statements = [
            format!("drop database if exists {} with (force)", self.database),
            format!("drop tablespace if exists {}", self.space),
        ];
        let url = self.url.clone();
        // A thread with a runtime of its own: that of the caller may be on its way out.
        let deleted = std::thread::spawn(move || -> anyhow::Result<()> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(AuditedDatabase::run_beside(&url, &statements))
        });
        deleted.join().map_err(|_panic| anyhow::anyhow!("the thread died"))??;
        unmount(&self.folder)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        if !self.is_given_back {
            // What remains is a mount in the folder for temporary files, which the server may still need.
            drop(self.abandon());
        }
    }
}

async fn move_all(audited: &AuditedDatabase, from: &str, to: &str) -> anyhow::Result<()> {
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
