-- A topic that was deleted and created anew may hold the next offset as well. Only the last record tells whether the log is the one that
-- was read. A release that does not write these columns moves next_offset only, so each of them names the offset at which it counts.
alter table ingest_partitions
    add column last_record_offset bigint,
    add column last_record_digest bigint,
    add column last_record_next_offset bigint,
    add column halted_because text,
    add column halted_at timestamptz,
    add column halted_at_offset bigint;

comment on column ingest_partitions.last_record_offset is 'Offset of the last record whose effects are in this database; null when not known';
comment on column ingest_partitions.last_record_digest is 'FNV-1a of the timestamp, key and value of that record, to recognise the log';
comment on column ingest_partitions.last_record_next_offset is 'The next_offset that was written with that record; the digest counts only while next_offset is the same';
comment on column ingest_partitions.halted_because is 'Why no replica reads the partition until an operator decides: OFFSET_OUTSIDE_LOG or OTHER_LOG; null when it is read';
comment on column ingest_partitions.halted_at is 'When it was halted';
comment on column ingest_partitions.halted_at_offset is 'The next_offset at which it was halted; the halt counts only while next_offset is the same';

comment on column dead_letters.topic is 'Kafka topic; with # and a number, the n-th log of that topic that was replaced: offsets of its letters are those of that log';
