//! `make chaos`: runs the campaign on its own servers, which are removed at the end, also after
//! Ctrl-C.

#![expect(clippy::print_stderr, reason = "this program writes to the terminal")]

use chaos::campaign;
use chaos::stack::Stack;
use std::process::ExitCode;

fn main() -> ExitCode {
    let phase_prefix = std::env::args().nth(1).unwrap_or_default();
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("✗ cannot start the async runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(&phase_prefix)) {
        Ok(true) => {
            eprintln!("\n✓ nothing lost, nothing counted twice");
            ExitCode::SUCCESS
        }
        Ok(false) => {
            eprintln!(
                "\n✗ an effect was not written exactly once, or a phase ended early; see the findings above"
            );
            ExitCode::FAILURE
        }
        Err(error) => {
            eprintln!("\n✗ {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(phase_prefix: &str) -> anyhow::Result<bool> {
    let stack = Stack::of_this_checkout();
    // Remains of an earlier campaign that was killed.
    stack.remove().await?;
    let outcome = tokio::select! {
        outcome = campaign::run(&stack, phase_prefix) => outcome,
        () = shutdown_requested() => Err(anyhow::anyhow!("the campaign was interrupted")),
    };
    let removed = stack.remove().await;
    outcome.and_then(|good| removed.map(|()| good))
}

/// Returns on Ctrl-C or SIGTERM.
async fn shutdown_requested() {
    let terminated = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate());
    match terminated {
        Ok(mut terminated) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminated.recv() => {}
        },
        Err(_) => drop(tokio::signal::ctrl_c().await),
    }
}
