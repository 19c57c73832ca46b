//! The campaign: runs the phases one by one, each on a topic and a database of its own, and
//! collects their results.

mod phases;
mod report;

use crate::database_audit::AuditedDatabase;
use crate::environment::{Environment, Outcome, Servers};
use crate::faults::brokers::PretendedBrokers;
use crate::narrator::Narrator;
use crate::stack::Stack;
use anyhow::Context as _;
use phases::Phase;
use runtime::kafka::Kafka;
use runtime::settings::KafkaSettings;
use std::path::PathBuf;
use std::time::Duration;

/// The time limit of a phase, longer than any phase takes on a machine that is fast enough.
const LONGEST: Duration = Duration::from_secs(300);

/// The servers of a phase.
struct Stage<'a> {
    /// The stack of the campaign.
    stack: &'a Stack,
    /// Used instead of the stack's broker by phases that need several brokers.
    brokers: Option<PretendedBrokers>,
}

/// The result of a phase.
struct Verdict {
    phase: Phase,
    /// What the phase reports about itself, line by line.
    notes: Vec<String>,
    outcome: anyhow::Result<Outcome>,
}

/// Runs the phases whose names begin with `wanted`, or all if it is empty. Returns whether all
/// passed.
///
/// # Errors
/// When the servers do not work.
pub async fn play(stack: &Stack, wanted: &str) -> anyhow::Result<bool> {
    let narrator = Narrator::begin();
    narrator.say("starting the campaign's own servers");
    stack.up().await?;
    let mut verdicts = Vec::new();
    for phase in Phase::ALL.into_iter().filter(|phase| phase.name().starts_with(wanted)) {
        narrator.heading(phase.title());
        let verdict = tokio::time::timeout(LONGEST, Box::pin(play_one(stack, phase, &narrator))).await;
        let verdict = verdict.unwrap_or_else(|_elapsed| Verdict {
            phase,
            notes: Vec::new(),
            outcome: Err(anyhow::anyhow!("the phase did not end within {LONGEST:?}")),
        });
        report::verdict(&narrator, &verdict);
        verdicts.push(verdict);
    }
    anyhow::ensure!(
        !verdicts.is_empty(),
        "there is no phase {wanted:?}; the phases are {:?}",
        Phase::ALL.map(Phase::name)
    );
    report::summary(&narrator, &verdicts);
    Ok(verdicts.iter().all(Verdict::is_good))
}

impl Verdict {
    fn is_good(&self) -> bool {
        self.outcome.as_ref().is_ok_and(|outcome| outcome.findings.is_empty())
    }
}

async fn play_one(stack: &Stack, phase: Phase, narrator: &Narrator) -> Verdict {
    let mut notes = Vec::new();
    let outcome = play_in_environment(stack, phase, narrator, &mut notes).await;
    Verdict { phase, notes, outcome }
}

async fn play_in_environment(
    stack: &Stack,
    phase: Phase,
    narrator: &Narrator,
    notes: &mut Vec<String>,
) -> anyhow::Result<Outcome> {
    let plan = phase.plan();
    let topic = format!("chaos-{}", phase.name());
    let brokers = phase.pretends().then(|| PretendedBrokers::start(&topic)).transpose()?;
    let stage = Stage { stack, brokers };
    let servers = servers(&stage, phase)?;
    if stage.brokers.is_none() {
        Kafka::new(&servers.kafka)?.create_topic(&topic, plan.partitions).await?;
    }
    let audited =
        AuditedDatabase::create(&stack.database_url(), &format!("chaos_{}", phase.name().replace('-', "_")))
            .await?;
    let mut environment =
        Environment::open(plan, &servers, audited.clone(), &topic, narrator.clone()).await?;
    let played = phase.play(&mut environment, &stage, notes).await;
    let outcome = environment.close(played).await?;
    audited.destroy(&stack.database_url()).await?;
    Ok(outcome)
}

fn servers(stage: &Stage<'_>, phase: Phase) -> anyhow::Result<Servers> {
    let brokers = stage.brokers.as_ref().map_or_else(|| stage.stack.brokers(), PretendedBrokers::addresses);
    Ok(Servers {
        kafka: kafka_settings(&brokers)?,
        ingestor: beside_this("event-ingestor")?,
        logs: beside_this("chaos-logs")?.join(phase.name()),
    })
}

/// The settings of a client of `brokers`.
///
/// # Errors
/// When `brokers` are not valid addresses.
pub fn kafka_settings(brokers: &str) -> anyhow::Result<KafkaSettings> {
    let overrides = [("kafka.brokers", brokers)];
    let settings: gateway_simulator::Settings =
        runtime::settings::parse(gateway_simulator::settings::DEFAULTS, &overrides)?;
    Ok(settings.kafka)
}

/// The file `name` in the folder of this program.
fn beside_this(name: &str) -> anyhow::Result<PathBuf> {
    Ok(std::env::current_exe().context("find the folder of this program")?.with_file_name(name))
}
