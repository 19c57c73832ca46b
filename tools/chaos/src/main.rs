//! `make chaos`: the campaign on servers of its own, which are removed at the end, also after Ctrl-C.

#![expect(clippy::print_stderr, reason = "this program talks to the person who started it")]

use chaos::campaign;
use chaos::stack::Stack;
use std::process::ExitCode;

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("no runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(play(&wanted)) {
        Ok(true) => {
            eprintln!("\n✓ nothing lost, nothing counted twice");
            ExitCode::SUCCESS
        }
        Ok(false) => {
            eprintln!("\n✗ not every effect stands exactly once, or a phase was cut short");
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("\n✗ {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn play(wanted: &str) -> anyhow::Result<bool> {
    let stack = Stack::of_this_checkout();
    // What an earlier campaign left that was killed.
    stack.remove().await?;
    let outcome = tokio::select! {
        outcome = campaign::play(&stack, wanted) => outcome,
        () = told_to_end() => Err(anyhow::anyhow!("told to end")),
    };
    let removed = stack.remove().await;
    outcome.and_then(|good| removed.map(|()| good))
}

/// Ends on Ctrl-C and on SIGTERM.
async fn told_to_end() {
    let terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    match terminated {
        Ok(mut terminated) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminated.recv() => {}
        },
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}
