//! Where the tools are, and how they are run.

use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::process::Command;

/// Far more than any of them takes.
const PATIENCE: Duration = Duration::from_secs(600);

/// The folder of this file.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("contract")
}

/// The tool called `name`.
pub fn tool(name: &str) -> Command {
    let tools =
        testkit::environment("CONTRACT_TOOLS").expect("CONTRACT_TOOLS is not set: run `make contract`");
    let tools = PathBuf::from(tools);
    let mut command = Command::new(tools.join(name));
    // Tools find other tools there.
    let path = std::env::join_paths([tools.as_path(), Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
    command.env("PATH", path).env("PYTHONDONTWRITEBYTECODE", "1").kill_on_drop(true);
    command
}

/// Runs it to its end.
///
/// # Panics
/// When it does not end well; what it said is told.
pub async fn run(mut command: Command) {
    let output =
        tokio::time::timeout(PATIENCE, command.output()).await.expect("the tool is still running").unwrap();
    let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
    assert!(output.status.success(), "{command:?}: {}\n{}", output.status, said.join("\n"));
}
