//! The binaries of a release.

use std::path::PathBuf;
use std::process::Stdio;
use system_tests::binary;
use tokio::process::Command;

/// A release: the folder of its binaries.
#[derive(Debug, Clone)]
pub struct Release {
    pub name: &'static str,
    folder: PathBuf,
}

impl Release {
    /// The release of this working copy.
    pub fn this() -> Self {
        let folder = binary("event-ingestor").parent().unwrap().to_owned();
        Self { name: "this release", folder }
    }

    /// The release that `build-previous` has built.
    pub fn previous() -> Self {
        let folder = testkit::environment("PREVIOUS_RELEASE");
        let folder = folder.expect("PREVIOUS_RELEASE is not set: run `make upgrade-check`");
        Self { name: "the previous release", folder: folder.into() }
    }

    pub fn program(&self, service: &str) -> PathBuf {
        self.folder.join(service)
    }

    /// Migrates a database, like the Job before an upgrade.
    pub async fn migrate(&self, database_url: &str) {
        let mut program = Command::new(self.program("asset-api"));
        program.arg("migrate").env("DATABASE_URL", database_url).stdin(Stdio::null()).kill_on_drop(true);
        let output = program.output().await.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}
