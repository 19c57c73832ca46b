//! From loaded settings to an exit code.

use std::{process::ExitCode, time::Duration};

use anyhow::Context as _;
use futures_util::future::LocalBoxFuture;
use tokio::{
    runtime::{Builder, Runtime},
    signal::unix::{Signal, SignalKind, signal},
};

use super::ExitWith;
use crate::{
    Context, admin,
    settings::{CommonSettings, RuntimeSettings, ShutdownSettings},
    telemetry,
};

/// How long leftover tasks may delay the exit.
const RUNTIME_STOP: Duration = Duration::from_secs(1);

/// Whether the process runs until it is stopped, or performs one task.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Daemon,
    OneShot,
}

/// Sets up the process environment, runs `body` in it and returns the exit code.
pub(super) fn run(
    name: &'static str,
    kind: Kind,
    settings: &CommonSettings,
    body: impl FnOnce(Context) -> LocalBoxFuture<'static, anyhow::Result<()>>,
) -> ExitCode {
    // The dependency tree contains two providers, so rustls cannot choose by itself; only the first
    // call has an effect.
    drop(rustls::crypto::aws_lc_rs::default_provider().install_default());
    let outcome = telemetry::init_service(name, &settings.log)
        .and_then(|()| build_runtime(&settings.runtime))
        .and_then(|runtime| {
            let outcome = runtime.block_on(serve(name, kind, settings, body));
            runtime.shutdown_timeout(RUNTIME_STOP);
            outcome
        });
    let code = match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<ExitWith>() => {
            error.downcast_ref().map_or(ExitCode::FAILURE, |ExitWith(code)| ExitCode::from(*code))
        }
        Err(error) => {
            tracing::error!(
                service = name,
                error = format!("{error:#}"),
                "the service failed; the process exits with code 1"
            );
            ExitCode::FAILURE
        }
    };
    telemetry::flush();
    code
}

fn build_runtime(settings: &RuntimeSettings) -> anyhow::Result<Runtime> {
    Builder::new_multi_thread()
        .worker_threads(settings.worker_threads.get())
        .thread_name("main-runtime")
        .enable_all()
        .build()
        .context("cannot start the asynchronous runtime")
}

async fn serve(
    name: &'static str,
    kind: Kind,
    settings: &CommonSettings,
    body: impl FnOnce(Context) -> LocalBoxFuture<'static, anyhow::Result<()>>,
) -> anyhow::Result<()> {
    let signals = Signals::listen()?;
    let context = Context::with_shutdown(name, &settings.shutdown);
    let admin = match kind {
        Kind::Daemon => Some(admin::serve(&settings.admin, &context)?),
        Kind::OneShot => None,
    };
    tracing::info!(service = name, version = env!("CARGO_PKG_VERSION"), "starting");
    let outcome = tokio::select! {
        outcome = body(context.clone()) => outcome,
        stuck = stop_on_signal(signals, &context, &settings.shutdown) => Err(stuck),
    };
    if let Some(admin) = admin {
        admin.stop(false).await;
    }
    if outcome.is_ok() {
        tracing::info!(service = name, "stopped");
    }
    outcome
}

/// Forwards the first signal; returns only when waiting for the service must end.
async fn stop_on_signal(
    mut signals: Signals,
    context: &Context,
    settings: &ShutdownSettings,
) -> anyhow::Error {
    let received = signals.next().await;
    tracing::info!(signal = received, delay_ms = settings.delay_ms, grace_ms = settings.grace_ms, "draining");
    let grace_period_over = async {
        context.shutdown.request_after(Duration::from_millis(settings.delay_ms)).await;
        tokio::time::sleep(context.shutdown.grace()).await;
    };
    tokio::select! {
        () = grace_period_over => anyhow::anyhow!("the service did not stop within shutdown.grace_ms ({} ms)", settings.grace_ms),
        again = signals.next() => anyhow::anyhow!("the shutdown was aborted by a second signal ({again})"),
    }
}

struct Signals {
    terminate: Signal,
    interrupt: Signal,
}

impl Signals {
    fn listen() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self { terminate: listen(SignalKind::terminate())?, interrupt: listen(SignalKind::interrupt())? })
    }

    async fn next(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "SIGINT",
        }
    }
}
