alter table ingest_replicas drop column session_pid, drop column session_began;
