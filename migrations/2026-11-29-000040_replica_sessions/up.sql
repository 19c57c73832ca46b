-- The session of a process that died ends at once, long before its leases expire. The previous release writes null: then only the
-- leases tell.
alter table ingest_replicas add column session_pid integer, add column session_began timestamptz;
comment on column ingest_replicas.session_pid is 'The database process of the session that renews its leases; null for a former release';
comment on column ingest_replicas.session_began is 'When that session began; null for a former release';
