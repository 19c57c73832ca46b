-- The audit that PostgreSQL records in the transaction that it audits, so that nothing can be
-- committed without its entry. The state of the platform is idempotent and would hide an effect
-- that was written twice; these tables would not.

-- Which writer took a partition under which epoch.
create table chaos_takes (
    seq bigint generated always as identity,
    partition integer not null,
    epoch bigint not null,
    owner uuid not null,
    taker text not null
);
create index on chaos_takes (partition, epoch);

-- Every batch: its offsets, epoch, writer and transaction.
create table chaos_moves (
    seq bigint generated always as identity,
    partition integer not null,
    epoch bigint not null,
    from_offset bigint not null,
    to_offset bigint not null,
    writer text not null,
    tx xid8 not null
);
create index on chaos_moves (tx);

-- Every marker whose effect was written, also if the row existed already.
create table chaos_effects (
    partition integer not null,
    at_offset bigint not null,
    tx xid8 not null
);

-- Every state that became older.
create table chaos_regressions (
    what text not null,
    was timestamptz,
    became timestamptz
);

-- Whether rows of that topic are partitions of events. The lease for probing devices is a row of
-- the same table, under a name with a slash, which no topic has; the relay's position in the feed
-- is one, too.
create function chaos_is_of_events(topic text) returns boolean language sql immutable as $$
    select topic not like '%/%' and topic not like '%-feed'
$$;

-- The partitions of events.
create view chaos_partitions as
    select partition, next_offset, owner, lease_until from ingest_partitions where chaos_is_of_events(topic);

create function chaos_note_take() returns trigger language plpgsql as $$
begin
    insert into chaos_takes (partition, epoch, owner, taker)
    values (new.partition, new.epoch, new.owner, current_setting('application_name'));
    return null;
end $$;
create trigger chaos_note_take after update of owner on ingest_partitions
    for each row when (new.owner is not null and chaos_is_of_events(new.topic)) execute function chaos_note_take();

-- "update of" means that the statement names the column, whether or not the value changes: a batch
-- that was written twice appears as a move from an offset to itself. Rows are numbered under the
-- lock of the partition's row, so in their order.
create function chaos_note_move() returns trigger language plpgsql as $$
begin
    insert into chaos_moves (partition, epoch, from_offset, to_offset, writer, tx)
    values (new.partition, new.epoch, old.next_offset, new.next_offset, current_setting('application_name'),
            pg_current_xact_id());
    return null;
end $$;
create trigger chaos_note_move after update of next_offset on ingest_partitions
    for each row when (chaos_is_of_events(new.topic)) execute function chaos_note_move();

-- Before the insert, because a row that exists already would be skipped silently.
create function chaos_note_effect() returns trigger language plpgsql as $$
begin
    insert into chaos_effects values (new.partition, new.first_offset, pg_current_xact_id());
    return new;
end $$;
create trigger chaos_note_effect before insert on dead_letters
    for each row execute function chaos_note_effect();

create function chaos_note_regression() returns trigger language plpgsql as $$
begin
    if tg_table_name = 'charge_points' then
        insert into chaos_regressions values ('charge_points ' || old.charge_point_id, old.seen_appended_at, new.seen_appended_at);
    else
        insert into chaos_regressions
        values ('connectors ' || old.charge_point_id || '/' || old.connector_id, old.status_at, new.status_at);
    end if;
    return null;
end $$;
create trigger chaos_note_regression after update on charge_points
    for each row when (old.seen_appended_at > new.seen_appended_at or (old.seen_at is not null and new.seen_at is null))
    execute function chaos_note_regression();
-- Statuses are ordered by when their records were sent, but at most 60 s after the time that they
-- claim. If an event came twice, the copy that was sent first counts, whichever was read first:
-- then the event is still known, at an earlier place.
create function chaos_status_order(claimed_at timestamptz, appended_at timestamptz) returns timestamptz language sql immutable as
    'select least(appended_at, claimed_at + interval ''60 s'')';
create trigger chaos_note_regression after update on connectors
    for each row when (
        old.status_at is not null and (
            new.status_at is null
            or chaos_status_order(old.status_at, old.status_appended_at) > chaos_status_order(new.status_at, new.status_appended_at)
               and old.status_event <> new.status_event
               and not coalesce(new.status_rivals @> jsonb_build_array(jsonb_build_object('event', old.status_event)), false)))
    execute function chaos_note_regression();
