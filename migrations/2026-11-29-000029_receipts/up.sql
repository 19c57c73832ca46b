-- Receipts of sessions, and the sessions whose facts may still change them.
create table session_receipts (
    session_id uuid not null,
    number integer not null check (number > 0),
    issued_at timestamptz not null,
    digest text not null,
    content json not null,
    primary key (session_id, number)
);
create index session_receipts_by_age on session_receipts (issued_at);
comment on table session_receipts is 'What each session came to; a row is never changed, and is deleted after receipts.retention_days';
comment on column session_receipts.session_id is 'The session; it may have been withdrawn since';
comment on column session_receipts.number is 'From 1 for each session; a receipt replaces the one with the number before';
comment on column session_receipts.issued_at is 'When it was written, by PostgreSQL''s clock';
comment on column session_receipts.digest is 'SHA-256 of the content, in hexadecimal';
comment on column session_receipts.content is 'The receipt with the readings that it rests on, byte for byte as the digest was computed';

create function keep_receipts() returns trigger language plpgsql as $$
begin
    raise exception 'receipt % of session % never changes', old.number, old.session_id using errcode = 'restrict_violation';
end $$;
create trigger receipts_never_change before update on session_receipts
    for each row execute function keep_receipts();

-- One row for each session that ended recently. The row is deleted when no fact of the session can arrive any more.
create table session_settlements (
    session_id uuid primary key,
    charge_point_id text not null,
    changed_at timestamptz not null,
    quiet_since timestamptz not null
) with (fillfactor = 70);
create index session_settlements_by_time on session_settlements (quiet_since);
comment on table session_settlements is 'Ended sessions whose receipt is not written yet, or may be replaced because facts may still arrive';
comment on column session_settlements.session_id is 'The session';
comment on column session_settlements.charge_point_id is 'The device of the session';
comment on column session_settlements.changed_at is 'When the session last changed, by PostgreSQL''s clock';
comment on column session_settlements.quiet_since is 'The session is checked receipts.grace_s after this instant: when it last changed, or later for a repeated check';

-- Triggers follow the sessions, whichever release writes them.
create function await_receipt() returns trigger language plpgsql as $$
begin
    insert into session_settlements (session_id, charge_point_id, changed_at, quiet_since)
    values (new.id, new.charge_point_id, clock_timestamp(), clock_timestamp())
    on conflict (session_id) do update set changed_at = excluded.changed_at, quiet_since = excluded.quiet_since;
    return null;
end $$;
create trigger ended_sessions_await_receipts after insert on sessions
    for each row when (new.ended_at is not null) execute function await_receipt();
create trigger changed_sessions_await_receipts after update on sessions
    for each row when (new.ended_at is not null and old.* is distinct from new.*) execute function await_receipt();

create function await_last_receipt() returns trigger language plpgsql as $$
begin
    insert into session_settlements (session_id, charge_point_id, changed_at, quiet_since)
    select old.id, old.charge_point_id, clock_timestamp(), clock_timestamp()
    where exists (select from session_receipts where session_id = old.id)
    on conflict (session_id) do update set changed_at = excluded.changed_at, quiet_since = excluded.quiet_since;
    return null;
end $$;
create trigger withdrawn_sessions_await_receipts after delete on sessions
    for each row when (old.ended_at is not null) execute function await_last_receipt();
