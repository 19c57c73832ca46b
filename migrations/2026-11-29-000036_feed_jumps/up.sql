-- A standby that takes over may lack the last transactions. Consumers have read the positions that these assigned, which must not
-- be assigned to other changes. So the feed skips them: a session that numbers chunks first compares, under the lock on the head,
-- the timeline of PostgreSQL's log with that of the last position. The previous release numbers without doing so.
alter table feed_head add column timeline integer;
update feed_head set timeline = ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::int;
alter table feed_head alter column timeline set not null;
comment on column feed_head.timeline is 'Timeline of the log on which the last position was assigned; on another one, positions are skipped first';

-- A batch whose last outcomes are lost would command the same piles again.
alter table command_batches add column timeline integer;
comment on column command_batches.timeline is 'Timeline of the log on which the batch was created; null for batches of releases that did not record it';

comment on column feed_chunks.position is 'Place in the feed, without gaps except those in feed_jumps; given once the row is committed, null until then';

create table feed_jumps (
    skipped_to bigint primary key,
    skipped_after bigint not null,
    timeline integer not null,
    jumped_at timestamptz not null default clock_timestamp(),
    check (skipped_after < skipped_to)
);
comment on table feed_jumps is 'Positions that the feed skipped; one row per new timeline, deleted with the changes before it';
comment on column feed_jumps.skipped_to is 'The last position that was skipped; the next change has the one after it';
comment on column feed_jumps.skipped_after is 'The last position of the database that took over. Positions between the two may have been assigned before, to changes that are lost';
comment on column feed_jumps.timeline is 'The timeline that caused it';
comment on column feed_jumps.jumped_at is 'When, by PostgreSQL''s clock';
