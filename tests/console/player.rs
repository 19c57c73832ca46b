//! The program that operates the browser, and its output: lines that begin with `@` are orders to
//! this side, each answered with one line; all other lines are for people.

use serde_json::Value;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// Much longer than the program takes.
const PATIENCE: Duration = Duration::from_secs(2_700);

/// The program.
pub struct Player {
    process: Child,
    said: Lines<BufReader<ChildStdout>>,
    heard: ChildStdin,
}

impl Player {
    /// Starts the program with `stage`.
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
            .expect("Node.js is not installed: run `make console-test`");
        let said = BufReader::new(process.stdout.take().unwrap()).lines();
        let heard = process.stdin.take().unwrap();
        Self { process, said, heard }
    }

    /// Carries out its orders until it exits.
    ///
    /// # Panics
    /// When it fails.
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
        let ended = played.await.expect("the player does not exit");
        assert!(ended.success(), "the player reports a failure: {ended}");
    }
}

#[expect(clippy::print_stdout, reason = "the player's output is for the terminal")]
fn show(line: &str) {
    println!("{line}");
}
