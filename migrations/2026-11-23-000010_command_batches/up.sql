create table command_batches (
    id uuid primary key,
    station_id uuid not null references stations (id),
    name text not null,
    command jsonb not null,
    rate_per_second integer not null check (rate_per_second > 0),
    piles integer not null,
    created_at timestamptz not null,
    expires_at timestamptz not null,
    finished_at timestamptz,
    leased_until timestamptz,
    epoch bigint not null default 0
);
-- Replicas look here for work; there are few.
create index command_batches_unfinished on command_batches (created_at) where finished_at is null;

comment on table command_batches is 'Commands to many piles of a station, sent one by one at a rate';
comment on column command_batches.id is 'UUIDv7';
comment on column command_batches.station_id is 'The station whose piles are commanded';
comment on column command_batches.name is 'OCPP 1.6 action';
comment on column command_batches.command is 'What each pile is told';
comment on column command_batches.rate_per_second is 'So many piles are commanded in a second at most';
comment on column command_batches.piles is 'How many piles it is for';
comment on column command_batches.created_at is 'When it was asked for';
comment on column command_batches.expires_at is 'Piles that are not commanded by then are refused';
comment on column command_batches.finished_at is 'When no pile was waiting any more';
comment on column command_batches.leased_until is 'Until when a replica carries it out; null when none does';
comment on column command_batches.epoch is 'One more each time that a replica takes it up';

create table command_batch_items (
    batch_id uuid not null references command_batches (id),
    pile_id uuid not null references piles (id),
    charge_point_id text not null,
    state text not null default 'waiting' check (state in ('waiting', 'sent', 'refused')),
    command_id uuid references commands (id),
    code text,
    detail text,
    settled_at timestamptz,
    primary key (batch_id, pile_id),
    check ((state = 'sent') = (command_id is not null)),
    check ((state = 'refused') = (code is not null)),
    check ((state = 'waiting') = (settled_at is null))
);

comment on table command_batch_items is 'The piles of a batch of commands, and what became of each';
comment on column command_batch_items.batch_id is 'The batch';
comment on column command_batch_items.pile_id is 'The pile';
comment on column command_batch_items.charge_point_id is 'Its device when the batch was asked for';
comment on column command_batch_items.state is 'waiting; sent: there is a command; refused: there is none, and there will be none';
comment on column command_batch_items.command_id is 'The command that was sent';
comment on column command_batch_items.code is 'Why it was refused, the code that a caller would have been answered';
comment on column command_batch_items.detail is 'The same for people';
comment on column command_batch_items.settled_at is 'When it was sent or refused';

-- A key may lead to a batch instead of a command. The batches themselves name each of their commands by such a key, with
-- blanks in it, which callers cannot send; where a pile is refused, its key leads to the batch, and no command can follow.
alter table idempotency_keys
    alter column command_id drop not null,
    add column batch_id uuid references command_batches (id),
    add constraint idempotency_keys_lead_somewhere check (num_nonnulls(command_id, batch_id) = 1);
comment on column idempotency_keys.command_id is 'The command that it led to, if it was one';
comment on column idempotency_keys.batch_id is 'The batch of commands that it led to, if it was one; of a pile in a batch: that it was refused';
