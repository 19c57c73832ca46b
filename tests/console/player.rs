//! The program that plays at the browser, and what it says: lines that begin with `@` are orders to this side, answered by one line
//! each; all others are for people.

use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// Far more than it takes.
const PATIENCE: Duration = Duration::from_secs(900);

/// It.
pub struct Player {
    process: Child,
    said: Lines<BufReader<ChildStdout>>,
    heard: ChildStdin,
}

impl Player {
    /// Starts it on `stage`.
    pub fn start(stage: &Value) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/console/web");
        let mut process = Command::new("node")
            .current_dir(folder)
            .args(["e2e/main.mjs"])
            .env("STAGE", stage.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("Node is not there: run `make console-test`");
        let said = BufReader::new(process.stdout.take().unwrap()).lines();
        let heard = process.stdin.take().unwrap();
        Self { process, said, heard }
    }

    /// Carries out what it orders until it ends.
    ///
    /// # Panics
    /// When it does not end well.
    pub async fn play<F: Future<Output = ()>>(mut self, carry_out: impl Fn(Value) -> F) {
        let played = tokio::time::timeout(PATIENCE, async {
            while let Some(line) = self.said.next_line().await.unwrap() {
                let Some(order) = line.strip_prefix('@') else {
                    show(&line);
                    continue;
                };
                carry_out(serde_json::from_str(order).unwrap()).await;
                self.heard.write_all(b"done\n").await.unwrap();
            }
            self.process.wait().await.unwrap()
        });
        let ended = played.await.expect("the player is still at it");
        assert!(ended.success(), "the player says that something is not as it should be: {ended}");
    }
}

#[expect(clippy::print_stdout, reason = "what the player says is for the person who runs this")]
fn show(line: &str) {
    println!("{line}");
}
