//! A day of a fleet, minute by minute: what it sends, what that costs, how a backlog comes and goes. Pure, and the same by seed.
//!
//! What one event costs is measured (`costs`), how many there are follows from the fleet (`fleet`). The same
//! questions are answered by a sheet of paper (`paper`), and both answers are printed side by side.

mod costs;
mod dice;
mod fleet;
mod kinds;
mod minutes;
mod pages;
mod paper;
mod report;
#[cfg(test)]
mod tests;
pub mod weigh;

use fleet::Fleet;

/// How this is called.
pub const USAGE: &str =
    "usage: bench day [piles=N] [heartbeat=S] [meter=S] [sessions=PER_DAY] [session=MINUTES] [cores=N]
                 [checkpoint=MINUTES] [seed=N]
       bench weigh
  day     a simulated day: prints its hours, its figures, and what arithmetic says of them
  weigh   measures bytes and rows of one event of each kind on DATABASE_URL, which nobody else may use meanwhile";

/// The report of the day that `words` ask for.
///
/// # Errors
/// When a word is not understood.
pub fn simulate(words: impl Iterator<Item = String>) -> anyhow::Result<String> {
    let fleet = Fleet::parse(words)?;
    Ok(report::markdown(&fleet, &minutes::play(&fleet, &fleet::usual_troubles())))
}
