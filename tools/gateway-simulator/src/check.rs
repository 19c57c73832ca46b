//! `gateway-simulator check`: checks whether a gateway keeps the contract, from its topics and
//! keys.
//!
//! [`Check`] collects the observations; a [`Judge`] without I/O derives a [`Verdict`] from them.

mod clocks;
mod collect;
mod commander;
mod context;
mod device;
mod flattened;
mod judge;
mod key;
mod key_reader;
mod known;
mod life;
mod log_position;
mod parameters;
mod reception;
mod route;
mod rule;
mod tally;
#[cfg(test)]
mod tests;
mod transaction_ids;
mod transactions;
mod trials;
mod verdict;

pub use collect::Check;
pub use judge::Judge;
pub use key::Key;
pub use log_position::LogPosition;
pub use parameters::Parameters;
pub use trials::{Phase, Trial};
pub use verdict::{Finding, Observed, Outcome, RuleResult, Verdict};

use crate::settings::{Settings, VerdictFormat};
use anyhow::Context as _;
use runtime::kafka::Kafka;
use runtime::redis::Redis;
use runtime::{Context, ExitWith, causes};
use std::io::Write as _;

/// The exit code when nothing was judged.
const NOT_JUDGED: u8 = 2;

/// Observes a gateway for `check.duration_s`, or until shutdown is requested; prints the verdict.
///
/// # Errors
/// [`ExitWith`] 1 if the contract is broken, 2 if nothing was observed or could be observed.
/// Another error if the settings are invalid or the verdict cannot be printed.
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
        "observing the gateway; Ctrl-C ends the check early"
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
