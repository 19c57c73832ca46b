-- What nobody has read yet may change what is shown: so readers must know up to when everything was read.
alter table ingest_partitions add column caught_up_at timestamptz not null default clock_timestamp();

comment on column ingest_partitions.caught_up_at is 'The last time known at which everything on the partition was written here; noted with the leases, so a few seconds old at best';
