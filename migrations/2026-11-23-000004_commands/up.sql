create table commands (
    id uuid primary key,
    pile_id uuid not null references piles (id),
    charge_point_id text not null,
    name text not null,
    payload jsonb not null,
    state text not null check (state in ('accepted', 'published', 'unknown', 'failed')),
    gateway_id text not null,
    partition integer not null,
    published_offset bigint,
    issued_at timestamptz not null,
    expires_at timestamptz not null,
    published_at timestamptz,
    failure text,
    trace_id text
);
create index commands_of_pile on commands (pile_id, issued_at desc, id desc);

comment on table commands is 'Commands to charge points; a row stands before anything is published';
comment on column commands.id is 'UUIDv7; the gateway''s key for de-duplication';
comment on column commands.pile_id is 'The pile that was commanded';
comment on column commands.charge_point_id is 'Its device at that time';
comment on column commands.name is 'OCPP 1.6 action';
comment on column commands.payload is 'OCPP 1.6 request body';
comment on column commands.state is 'accepted, then published; unknown when the publish was neither confirmed nor refused; failed when it certainly did not happen';
comment on column commands.gateway_id is 'The gateway that held the device';
comment on column commands.partition is 'The partition of the command topic that this gateway reads';
comment on column commands.published_offset is 'Offset of the record on that partition';
comment on column commands.issued_at is 'When it was asked for';
comment on column commands.expires_at is 'After this it must not be carried out any more';
comment on column commands.published_at is 'When all replicas of the partition had it';
comment on column commands.failure is 'Why it was not published';
comment on column commands.trace_id is 'The trace that it belongs to';
