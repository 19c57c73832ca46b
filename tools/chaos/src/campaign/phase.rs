//! The phases of the campaign: their names, titles, plans and faults.

mod plan;
mod run;

/// A phase, named after its fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Kill,
    Freeze,
    Commits,
    Postgres,
    Broker,
    Leaders,
    Leases,
    ReadOnly,
    Disk,
    Translated,
    DeadLetters,
    Slow,
    Handover,
    Silence,
    Locks,
    Quota,
    TopicRecreated,
    Unreadable,
}

impl Phase {
    pub(super) const ALL: [Self; 18] = [
        Self::Kill,
        Self::Freeze,
        Self::Commits,
        Self::Postgres,
        Self::Broker,
        Self::Leaders,
        Self::Leases,
        Self::ReadOnly,
        Self::Disk,
        Self::Translated,
        Self::DeadLetters,
        Self::Slow,
        Self::Handover,
        Self::Silence,
        Self::Locks,
        Self::Quota,
        Self::TopicRecreated,
        Self::Unreadable,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Kill => "kill",
            Self::Freeze => "freeze",
            Self::Commits => "commits",
            Self::Postgres => "postgres",
            Self::Broker => "broker",
            Self::Leaders => "leaders",
            Self::Leases => "leases",
            Self::ReadOnly => "read-only",
            Self::Disk => "disk",
            Self::Translated => "translated",
            Self::DeadLetters => "dead-letters",
            Self::Slow => "slow",
            Self::Handover => "handover",
            Self::Silence => "silence",
            Self::Locks => "locks",
            Self::Quota => "quota",
            Self::TopicRecreated => "topic-recreated",
            Self::Unreadable => "unreadable",
        }
    }

    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Kill => "kill: each ingestor is killed in turn",
            Self::Freeze => "freeze: ingestors are stopped for longer than their leases, then resumed",
            Self::Commits => "commits: connections are cut between statement and response",
            Self::Postgres => "postgres: PostgreSQL is restarted",
            Self::Broker => "broker: Kafka is restarted",
            Self::Leaders => "leaders: leaders move between brokers, and brokers disappear and return",
            Self::Leases => "leases: leases are ignored, and all ingestors write to all partitions",
            Self::ReadOnly => "read-only: PostgreSQL is read-only for a while",
            Self::Disk => "disk: the disk of PostgreSQL is full",
            Self::Translated => "translated: transient errors with messages in another language",
            Self::DeadLetters => "dead-letters: dead letters are refused, too",
            Self::Slow => "slow: large batches time out again and again",
            Self::Handover => "handover: partitions change owners while each COMMIT is slow",
            Self::Silence => "silence: silent devices are searched for among very many",
            Self::Locks => "locks: many callers read a history of many days",
            Self::Quota => "quota: Kafka throttles gateways and the relay of the feed",
            Self::TopicRecreated => "topic-recreated: the events topic is deleted and created again",
            Self::Unreadable => "unreadable: another producer writes batches that cannot be read",
        }
    }

    /// Whether the phase uses mock brokers, because the stack has only one broker.
    pub(super) const fn uses_mock_brokers(self) -> bool {
        matches!(self, Self::Leaders)
    }
}
