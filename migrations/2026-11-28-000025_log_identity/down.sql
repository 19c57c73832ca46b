alter table ingest_partitions
    drop column last_record_offset,
    drop column last_record_digest,
    drop column last_record_next_offset,
    drop column halted_because,
    drop column halted_at,
    drop column halted_at_offset;

comment on column dead_letters.topic is 'Kafka topic';
