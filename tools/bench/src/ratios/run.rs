//! Ratios with the conditions under which they were measured, as in the committed files.

use super::{Ratio, chart};
use crate::conditions::Conditions;
use anyhow::{Context as _, ensure};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The runs of releases.
const RELEASES: &str = include_str!("../../releases.toml");

/// The ratios of a run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RatioRun {
    /// The version of the platform; `-dev` marks a commit before its release.
    pub version: String,
    /// The kind of machine: cores and processor.
    pub machine: String,
    /// When the run began.
    pub date: String,
    /// The commit, with `+` if the checkout had changes; empty if it is not known.
    pub commit: String,
    /// The other conditions, or where they are described.
    pub conditions: String,
    /// The ratios that were measured.
    pub ratios: BTreeMap<Ratio, f64>,
}

/// A file of runs.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    run: Vec<RatioRun>,
}

impl RatioRun {
    /// The ratios of a run of this version under `conditions`.
    pub fn new(conditions: &Conditions, ratios: BTreeMap<Ratio, f64>) -> Self {
        let setting = |name: &str| conditions.postgres.iter().find(|setting| setting.name == name);
        let postgres = setting("version").and_then(|version| version.value.split(' ').next());
        let versions = [("PostgreSQL", postgres), ("Kafka", conditions.kafka.as_deref())];
        let mut described = vec![format!("{} GB", conditions.memory_gb)];
        described
            .extend(versions.iter().filter_map(|(name, version)| Some(format!("{name} {}", (*version)?))));
        Self {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            machine: format!("{} × {}", conditions.cores, conditions.cpu),
            date: conditions.date.clone(),
            commit: conditions.commit.clone(),
            conditions: described.join(", "),
            ratios,
        }
    }

    /// The chart of the releases and this run.
    ///
    /// # Errors
    /// When the file of the releases is invalid.
    pub fn chart(&self) -> anyhow::Result<String> {
        let mut runs = releases()?;
        runs.retain(|run| (&run.version, &run.machine) != (&self.version, &self.machine));
        runs.push(self.clone());
        Ok(chart::render(&runs))
    }

    /// This run as the text of a file.
    ///
    /// # Errors
    /// When it cannot be serialized.
    pub fn to_toml(&self) -> anyhow::Result<String> {
        Ok(toml::to_string(&File { run: vec![self.clone()] })?)
    }
}

/// The runs of releases, the oldest first.
///
/// # Errors
/// When their file is invalid.
pub fn releases() -> anyhow::Result<Vec<RatioRun>> {
    parse(RELEASES)
}

/// The runs in the text of a file, each once.
pub fn parse(text: &str) -> anyhow::Result<Vec<RatioRun>> {
    let File { run: runs } = toml::from_str(text).context("read a file of ratios")?;
    for (index, run) in runs.iter().enumerate() {
        let what = format!("{} on {} at {}", run.version, run.machine, run.date);
        ensure!(run.ratios.values().all(|value| *value > 0.0), "a ratio of {what} is not positive");
        let is_same = |other: &RatioRun| {
            (&other.version, &other.machine, &other.date) == (&run.version, &run.machine, &run.date)
        };
        ensure!(!runs.iter().take(index).any(is_same), "{what} is in the file twice");
    }
    Ok(runs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_the_same_after_it_was_written_and_read() {
        let ratios = BTreeMap::from([(Ratio::CommandP50AtLowRate, 1.21), (Ratio::StationsOfFloor, 15.0)]);
        let run = RatioRun {
            version: "0.2.0".to_owned(),
            machine: "2 × Some CPU".to_owned(),
            date: "2026-11-30 10:00 UTC".to_owned(),
            commit: "0123456789ab+".to_owned(),
            conditions: "24 GB".to_owned(),
            ratios,
        };
        let text = run.to_toml().unwrap();
        assert!(text.contains("command_p50_at_low_rate = 1.21"), "{text}");
        assert_eq!(parse(&text).unwrap(), [run]);
    }

    #[test]
    fn refuses_unknown_ratios_repeated_runs_and_values_that_were_not_measured() {
        let run = |ratio: &str| {
            format!(
                "[[run]]\nversion = '1'\nmachine = 'm'\ndate = ''\ncommit = ''\nconditions = ''\n[run.ratios]\n{ratio}\n"
            )
        };
        assert!(parse(&run("command_p50 = 1.5")).is_ok());
        assert!(parse(&run("command_p51 = 1.5")).is_err());
        assert!(parse(&run("command_p50 = 0.0")).is_err());
        assert!(parse(&(run("command_p50 = 1.5") + &run("command_cpu = 1.5"))).is_err());
    }
}
