drop table dead_letters;
drop table ingest_replicas;
drop table ingest_partitions;
