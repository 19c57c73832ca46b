//! The campaign: runs the phases one by one, each on a topic and a database of its own, and
//! collects their results.

mod phase;
mod report;

use crate::database_audit::AuditedDatabase;
use crate::environment::{Environment, Outcome, Servers};
use crate::faults::brokers::MockBrokers;
use crate::output::Output;
use crate::stack::Stack;
use anyhow::Context as _;
use phase::Phase;
use runtime::kafka::Kafka;
use runtime::settings::KafkaSettings;
use std::path::PathBuf;
use std::time::Duration;

/// The time limit of a phase, longer than any phase takes on a machine that is fast enough.
const PHASE_TIMEOUT: Duration = Duration::from_secs(300);

/// The servers of a phase.
struct PhaseServers<'a> {
    /// The stack of the campaign.
    stack: &'a Stack,
    /// Used instead of the stack's broker by phases that need several brokers.
    brokers: Option<MockBrokers>,
}

/// The result of a phase.
struct PhaseResult {
    phase: Phase,
    /// The notes of the phase for the report, line by line.
    notes: Vec<String>,
    outcome: anyhow::Result<Outcome>,
}

/// Runs the phases whose names begin with `prefix`, or all if it is empty. Returns whether all
/// passed.
///
/// # Errors
/// When the servers do not work.
pub async fn run(stack: &Stack, prefix: &str) -> anyhow::Result<bool> {
    let output = Output::start();
    output.progress("starting the campaign's own servers");
    stack.up().await?;
    let mut results = Vec::new();
    for phase in Phase::ALL.into_iter().filter(|phase| phase.name().starts_with(prefix)) {
        output.heading(phase.title());
        let result = tokio::time::timeout(PHASE_TIMEOUT, Box::pin(run_phase(stack, phase, &output))).await;
        let result = result.unwrap_or_else(|_elapsed| PhaseResult {
            phase,
            notes: Vec::new(),
            outcome: Err(anyhow::anyhow!("the phase did not end within {PHASE_TIMEOUT:?}")),
        });
        report::phase(&output, &result);
        results.push(result);
    }
    anyhow::ensure!(
        !results.is_empty(),
        "no phase begins with {prefix:?}; the phases are {:?}",
        Phase::ALL.map(Phase::name)
    );
    report::summary(&output, &results);
    Ok(results.iter().all(PhaseResult::has_passed))
}

impl PhaseResult {
    fn has_passed(&self) -> bool {
        self.outcome.as_ref().is_ok_and(|outcome| outcome.findings.is_empty())
    }
}

async fn run_phase(stack: &Stack, phase: Phase, output: &Output) -> PhaseResult {
    let mut notes = Vec::new();
    let outcome = run_in_environment(stack, phase, output, &mut notes).await;
    PhaseResult { phase, notes, outcome }
}

async fn run_in_environment(
    stack: &Stack,
    phase: Phase,
    output: &Output,
    notes: &mut Vec<String>,
) -> anyhow::Result<Outcome> {
    let plan = phase.plan();
    let topic = format!("chaos-{}", phase.name());
    let brokers = phase.uses_mock_brokers().then(|| MockBrokers::start(&topic)).transpose()?;
    let phase_servers = PhaseServers { stack, brokers };
    let servers = servers(&phase_servers, phase)?;
    if phase_servers.brokers.is_none() {
        Kafka::new(&servers.kafka)?.create_topic(&topic, plan.partitions).await?;
    }
    let audited =
        AuditedDatabase::create(&stack.database_url(), &format!("chaos_{}", phase.name().replace('-', "_")))
            .await?;
    let mut environment = Environment::open(plan, &servers, audited.clone(), &topic, output.clone()).await?;
    let injected = phase.run(&mut environment, &phase_servers, notes).await;
    let outcome = environment.close(injected).await?;
    audited.destroy(&stack.database_url()).await?;
    Ok(outcome)
}

fn servers(servers: &PhaseServers<'_>, phase: Phase) -> anyhow::Result<Servers> {
    let brokers = servers.brokers.as_ref().map_or_else(|| servers.stack.brokers(), MockBrokers::addresses);
    Ok(Servers {
        kafka: kafka_settings(&brokers)?,
        ingestor: next_to_this_program("event-ingestor")?,
        logs: next_to_this_program("chaos-logs")?.join(phase.name()),
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
fn next_to_this_program(name: &str) -> anyhow::Result<PathBuf> {
    Ok(std::env::current_exe().context("find the folder of this program")?.with_file_name(name))
}
