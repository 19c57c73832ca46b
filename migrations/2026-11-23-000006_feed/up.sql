-- What changed, written in the transaction that changed it. Several hundred changes are one row: rows per second are what
-- Postgres runs out of first.
create table feed_chunks (
    id bigint generated always as identity primary key,
    position bigint,
    changes json not null,
    change_count integer not null,
    created_at timestamptz not null default clock_timestamp()
) with (
    -- Each row is updated once, by which it leaves feed_chunks_waiting. What is dead there stands at its beginning, where
    -- every reader enters it; so it is cleaned by number, not by share of a table that is mostly history, and always.
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 20000,
    vacuum_index_cleanup = on
);
-- Not compressed: that would be done while the rows of the devices are locked, for a row that is soon deleted.
alter table feed_chunks alter column changes set storage external;
create unique index feed_chunks_position on feed_chunks (position);
create index feed_chunks_waiting on feed_chunks (id) where position is null;

comment on table feed_chunks is 'The outbox: changes of devices, sessions, commands and assets for those who follow them; deleted when published and old';
comment on column feed_chunks.id is 'Drawn while what changed is locked: of two chunks that speak of one device the later has the greater. Commits out of order, so no cursor';
comment on column feed_chunks.position is 'Place in the feed, dense; given once the row is committed, null until then';
comment on column feed_chunks.changes is 'At most 500 changes, in their order';
comment on column feed_chunks.change_count is 'How many';
comment on column feed_chunks.created_at is 'When it was written';

create table feed_head (
    id boolean primary key default true check (id),
    position bigint not null
);
insert into feed_head (position) values (0);

comment on table feed_head is 'One row: how far the chunks are numbered; who numbers them locks it';
comment on column feed_head.id is 'Always true';
comment on column feed_head.position is 'The last position that was given';
