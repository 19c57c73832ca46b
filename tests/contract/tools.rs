//! The installed tools, and how they are run.

use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::process::Command;

/// Much longer than any tool takes.
const PATIENCE: Duration = Duration::from_secs(3_600);

/// The folder of this file.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("contract")
}

/// The tool `name`.
pub fn tool(name: &str) -> Command {
    let tools =
        testkit::environment("CONTRACT_TOOLS").expect("CONTRACT_TOOLS is not set: run `make contract`");
    let tools = PathBuf::from(tools);
    let mut command = Command::new(tools.join(name));
    // Tools find other tools in this folder.
    let path = std::env::join_paths([tools.as_path(), Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
    command.env("PATH", path).env("PYTHONDONTWRITEBYTECODE", "1").kill_on_drop(true);
    command
}

/// Runs the tool until it exits.
///
/// # Panics
/// When it fails; the message contains its output.
pub async fn run(mut command: Command) {
    let output =
        tokio::time::timeout(PATIENCE, command.output()).await.expect("the tool does not exit").unwrap();
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    assert!(output.status.success(), "{command:?}: {}\n{}", output.status, said.join("\n"));
}
