create table ingest_partitions (
    topic text not null,
    partition integer not null,
    next_offset bigint not null,
    owner uuid,
    epoch bigint not null default 0,
    lease_until timestamptz not null default '-infinity',
    committed_at timestamptz,
    primary key (topic, partition)
) with (fillfactor = 50);

comment on table ingest_partitions is 'How far each partition was read, and who may read on; moves in the transaction of the effects';
comment on column ingest_partitions.topic is 'Kafka topic';
comment on column ingest_partitions.partition is 'Kafka partition';
comment on column ingest_partitions.next_offset is 'The first offset whose effects are not yet in this database';
comment on column ingest_partitions.owner is 'The replica that holds the lease; null when given back';
comment on column ingest_partitions.epoch is 'One more at each change of owner; the fence against former owners';
comment on column ingest_partitions.lease_until is 'Until when the lease holds, by this database''s clock';
comment on column ingest_partitions.committed_at is 'When a batch was last written';

create table ingest_replicas (
    replica_id uuid primary key,
    topic text not null,
    alive_until timestamptz not null
);

comment on table ingest_replicas is 'Ingestors that are running; a fair share of the partitions is counted by them';
comment on column ingest_replicas.replica_id is 'One run of one ingestor process';
comment on column ingest_replicas.topic is 'The topic that it reads';
comment on column ingest_replicas.alive_until is 'Until when it counts as running, by this database''s clock';

create table dead_letters (
    id uuid primary key,
    topic text not null,
    partition integer not null,
    first_offset bigint not null,
    last_offset bigint not null,
    appended_at timestamptz,
    reason text not null,
    detail text not null,
    charge_point_id text,
    event_id text,
    key bytea,
    value bytea,
    headers jsonb not null default '{}',
    created_at timestamptz not null default clock_timestamp(),
    unique (topic, partition, first_offset)
);

comment on table dead_letters is 'Records that nobody can use, kept whole';
comment on column dead_letters.id is 'UUIDv7';
comment on column dead_letters.topic is 'Kafka topic';
comment on column dead_letters.partition is 'Kafka partition';
comment on column dead_letters.first_offset is 'Offset of the record, or of the first one of a range that could not be read';
comment on column dead_letters.last_offset is 'Offset of the record, or of the last one of a range that could not be read';
comment on column dead_letters.appended_at is 'Kafka timestamp of the record';
comment on column dead_letters.reason is 'Why, as a stable word';
comment on column dead_letters.detail is 'Why, as a sentence';
comment on column dead_letters.charge_point_id is 'The device that it speaks of, where that could be told';
comment on column dead_letters.event_id is 'The event that it is, where that could be told';
comment on column dead_letters.key is 'Key of the record';
comment on column dead_letters.value is 'Value of the record; null for a range that could not be read';
comment on column dead_letters.headers is 'Headers of the record; values in Base64';
comment on column dead_letters.created_at is 'When it was put aside';
