//! The command `go-on`: an operator decides where a halted partition resumes.

use crate::Settings;
use anyhow::{Context as _, bail, ensure};
use runtime::Context;
use runtime::kafka::Kafka;
use std::io::Write as _;
use storage::ingest::dead_letters::{self, SetAside};
use storage::ingest::partitions::{self, Halt, PartitionForOperator};
use storage::{Database, PooledConnection, StorageError};

/// The arguments of the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResumeCommand {
    partition: i32,
    from: StartOffset,
    apply: bool,
}

/// The offset to resume at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StartOffset {
    /// The oldest record that Kafka has.
    Earliest,
    /// After the newest record that Kafka has.
    Latest,
    At(i64),
}

impl ResumeCommand {
    /// The arguments, as `--help` shows them.
    pub const USAGE: &str = "--partition N --from earliest|latest|OFFSET [--apply]";

    /// Parses `--partition N --from earliest|latest|OFFSET [--apply]`, in any order.
    ///
    /// # Errors
    /// The argument that is missing, unknown or invalid.
    pub fn parse(arguments: &[String]) -> Result<Self, String> {
        let (mut partition, mut from, mut apply) = (None, None, false);
        let mut rest = arguments.iter().map(String::as_str);
        while let Some(argument) = rest.next() {
            let (name, value) = match argument.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (argument, None),
            };
            let mut value = || value.or_else(|| rest.next()).ok_or_else(|| format!("{name} needs a value"));
            match name {
                "--partition" => partition = Some(parse_partition(value()?)?),
                "--from" => from = Some(StartOffset::parse(value()?)?),
                "--apply" if name == argument => apply = true,
                _ => return Err(format!("unknown argument {argument:?}")),
            }
        }
        Ok(Self {
            partition: partition.ok_or("--partition is missing")?,
            from: from.ok_or("--from is missing")?,
            apply,
        })
    }
}

fn parse_partition(value: &str) -> Result<i32, String> {
    let parsed = value.parse().ok().filter(|partition| *partition >= 0);
    parsed.ok_or_else(|| format!("--partition must be the number of a partition, not {value:?}"))
}

impl StartOffset {
    fn parse(value: &str) -> Result<Self, String> {
        match value {
            "earliest" => Ok(Self::Earliest),
            "latest" => Ok(Self::Latest),
            offset => offset
                .parse()
                .ok()
                .filter(|offset| *offset >= 0)
                .map(Self::At)
                .ok_or_else(|| format!("--from must be earliest, latest or an offset, not {value:?}")),
        }
    }
}

/// The extent of a partition's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Log {
    /// The offset of the oldest record.
    earliest: i64,
    /// The offset that the next record will get.
    latest: i64,
}

/// Shows the effect of resuming a halted partition at an offset; with `--apply` resumes it there.
///
/// # Errors
/// When the partition is not halted, Kafka does not have the offset, or PostgreSQL or Kafka fails.
pub async fn resume(settings: Settings, _context: Context, asked: ResumeCommand) -> anyhow::Result<()> {
    let (topic, partition) = (settings.ingest.topic, asked.partition);
    let database = Database::new(&settings.database).context("database settings")?;
    let reader = Kafka::new(&settings.kafka).context("kafka settings")?.reader(&topic, partition);
    let Some(found) = find(&database, &topic, partition).await? else {
        bail!("partition {partition} of {topic} is unknown: no event-ingestor has read it yet");
    };
    let next_offset = found.next_offset;
    let Some(halt) = found.resume.halt else {
        bail!("partition {partition} of {topic} is not halted; its next offset is {next_offset}");
    };
    let log = Log {
        earliest: reader.earliest_offset().await.context("ask Kafka for the earliest offset")?,
        latest: reader.latest_offset().await.context("ask Kafka for the latest offset")?,
    };
    let from = match asked.from {
        StartOffset::Earliest => log.earliest,
        StartOffset::Latest => log.latest,
        StartOffset::At(offset) => offset,
    };
    ensure!(
        (log.earliest..=log.latest).contains(&from),
        "Kafka does not have offset {from} of partition {partition}: --from must be from {} to {}",
        log.earliest,
        log.latest
    );
    let letters = count_letters(&database, &topic, partition, from).await?;
    print(&[
        format!(
            "partition {partition} of {topic} is halted at offset {next_offset} since {}: {}",
            halt.since.to_rfc3339(),
            halt.reason
        ),
        describe_log(log),
        describe_effect(&halt, next_offset, from, log),
        format!("{letters} dead letters with offset {from} or more are kept under another topic name"),
    ])?;
    if !asked.apply {
        return print(&["nothing was changed; add --apply to read the partition from there".to_owned()]);
    }
    match end_halt(&database, topic, partition, next_offset, from).await? {
        Some(set_aside) => print(&describe_done(partition, from, &set_aside)),
        None => {
            bail!(
                "partition {partition} has changed since it was shown; nothing was changed, run the \
                 command again"
            )
        }
    }
}

async fn find(
    database: &Database,
    topic: &str,
    partition: i32,
) -> Result<Option<PartitionForOperator>, StorageError> {
    let topic = topic.to_owned();
    database
        .run(async move |mut connection: PooledConnection| {
            partitions::find(&mut connection, &topic, partition).await
        })
        .await
}

async fn count_letters(
    database: &Database,
    topic: &str,
    partition: i32,
    from: i64,
) -> Result<i64, StorageError> {
    let topic = topic.to_owned();
    database
        .run(async move |mut connection: PooledConnection| {
            dead_letters::count_from(&mut connection, &topic, partition, from).await
        })
        .await
}

async fn end_halt(
    database: &Database,
    topic: String,
    partition: i32,
    halted_at: i64,
    from: i64,
) -> Result<Option<SetAside>, StorageError> {
    database
        .run(async move |mut connection: PooledConnection| {
            partitions::end_halt(&mut connection, &topic, partition, halted_at, from).await
        })
        .await
}

fn describe_log(Log { earliest, latest }: Log) -> String {
    if earliest == latest {
        format!("Kafka has no records of it; the next one gets offset {latest}")
    } else {
        format!("Kafka has its records from offset {earliest} to {}", latest - 1)
    }
}

/// Describes which records are skipped or repeated by resuming at `from`.
fn describe_effect(halt: &Halt, next_offset: i64, from: i64, log: Log) -> String {
    // Nothing of a different log was read, whatever the offset in the former one.
    if halt.reason == "OTHER_LOG" || next_offset > log.latest {
        let skipped = from - log.earliest;
        return format!(
            "from offset {from}: {skipped} records are skipped, {} are read; none of this log was read \
             before",
            log.latest - from
        );
    }
    if from < next_offset {
        return format!(
            "from offset {from}: {} records are read again; copies of applied events change nothing",
            next_offset - from
        );
    }
    let lost = (log.earliest - next_offset).max(0);
    let skipped = from - next_offset.max(log.earliest);
    format!("from offset {from}: {lost} records are lost, Kafka has deleted them; {skipped} more are skipped")
}

fn describe_done(partition: i32, from: i64, set_aside: &SetAside) -> Vec<String> {
    let mut lines =
        vec![format!("done: a replica reads partition {partition} from offset {from} within seconds")];
    if let Some(topic) = &set_aside.topic {
        lines.push(format!("{} dead letters now have the topic {topic}", set_aside.letters));
    }
    lines
}

fn print(lines: &[String]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
