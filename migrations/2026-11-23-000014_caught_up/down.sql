alter table ingest_partitions drop column caught_up_at;
