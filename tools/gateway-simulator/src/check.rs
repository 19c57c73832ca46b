//! `gateway-simulator check`: whether a gateway keeps the contract, told from its topics and its keys.
//!
//! [`Check`] collects what there is to see; a [`Judge`] without I/O makes a [`Verdict`] of it.

mod clocks;
mod collect;
mod command;
mod device;
mod flattened;
mod judge;
mod key;
mod known;
mod life;
mod look;
mod orders;
mod route;
mod rule;
mod tally;
#[cfg(test)]
mod tests;
mod transaction_ids;
mod transactions;
mod verdict;

pub use collect::Check;
pub use judge::{Judge, Place, Terms};
pub use key::Key;
pub use orders::{Phase, Trial};
pub use verdict::{Finding, Observed, Outcome, Standing, Verdict};

use crate::settings::{Settings, VerdictFormat};
use anyhow::Context as _;
use runtime::kafka::Kafka;
use runtime::redis::Redis;
use runtime::{Context, ExitWith, causes};
use std::io::Write as _;

/// Nothing was judged.
const NOT_JUDGED: u8 = 2;

/// Observes a gateway for `check.duration_s`, or until shutdown is requested, and prints the verdict.
///
/// # Errors
/// [`ExitWith`]: 1 when the contract is broken, 2 when nothing was observed or nothing could be. Or when the settings make
/// no sense, or the verdict cannot be printed.
pub async fn check(settings: Settings, context: Context) -> anyhow::Result<()> {
    let kafka = Kafka::new(&settings.kafka)?;
    let redis = Redis::connect(&settings.redis)?;
    let check = match Check::start(&settings, kafka, redis).await {
        Ok(check) => check,
        Err(error) => {
            tracing::error!(error = causes(&error), "the gateway cannot be observed");
            return Err(ExitWith(NOT_JUDGED).into());
        }
    };
    tracing::info!(
        topic = settings.topics.events,
        seconds = settings.check.duration_s,
        "observing; Ctrl-C ends it sooner"
    );
    let was_cut_short =
        context.shutdown.run_until_requested(tokio::time::sleep(settings.check.duration())).await.is_none();
    let verdict = check.finish(was_cut_short).await;
    let text = match settings.check.format {
        VerdictFormat::Text => verdict.to_string(),
        VerdictFormat::Json => serde_json::to_string_pretty(&verdict)? + "\n",
    };
    std::io::stdout().write_all(text.as_bytes()).context("the verdict cannot be printed")?;
    match verdict.exit_code() {
        0 => Ok(()),
        code => Err(ExitWith(code).into()),
    }
}
