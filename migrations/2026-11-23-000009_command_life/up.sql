-- The life of a command: what was learnt of it stands in its trail, and what is asked for often beside it.
alter table commands
    drop constraint commands_state_check,
    add constraint commands_state_check
        check (state in ('accepted', 'published', 'unknown', 'confirmed', 'rejected', 'failed', 'expired')),
    add column life jsonb,
    add column open boolean not null default true,
    add column connector_id smallint,
    add column id_tag text,
    add column transaction_id text,
    add column session_id uuid,
    add column degraded boolean not null default false,
    add column seen_gateway_id text;

update commands set
    life = jsonb_build_object('trail', jsonb_build_array(jsonb_build_object('at', issued_at, 'step', 'accepted')) ||
        case state
            when 'published' then jsonb_build_array(
                jsonb_build_object('at', published_at, 'step', 'published', 'offset', published_offset))
            when 'unknown' then jsonb_build_array(
                jsonb_build_object('at', issued_at, 'step', 'unconfirmed', 'detail', coalesce(failure, '')))
            when 'failed' then jsonb_build_array(
                jsonb_build_object('at', issued_at, 'step', 'unpublished', 'detail', coalesce(failure, '')))
            else '[]'::jsonb
        end),
    open = state <> 'failed',
    connector_id = (payload ->> 'connectorId')::smallint,
    id_tag = payload ->> 'idTag',
    transaction_id = payload ->> 'transactionId';

alter table commands
    alter column life set not null,
    drop column published_offset,
    drop column published_at,
    drop column failure;

-- Of several starts in flight on one connector the last stays so.
update commands set state = 'expired', open = false,
    life = jsonb_set(life, '{trail}', life -> 'trail' || jsonb_build_array(
        jsonb_build_object('at', clock_timestamp(), 'step', 'expired', 'movedTo', null)))
where id in (
    select id from (
        select id, row_number() over (partition by charge_point_id, coalesce(connector_id, 0)
                                      order by issued_at desc, id desc) as place
        from commands
        where name = 'RemoteStartTransaction' and state in ('accepted', 'published', 'unknown')) as starts
    where place > 1);

create unique index start_in_flight on commands (charge_point_id, coalesce(connector_id, 0))
    where name = 'RemoteStartTransaction' and state in ('accepted', 'published', 'unknown');
create index open_commands_of_device on commands (charge_point_id) where open;
create index open_commands_by_expiry on commands (expires_at) where open;

comment on column commands.state is 'Where it stands: accepted, then published, or unknown when the publish was neither confirmed nor refused; at last confirmed, rejected, failed (certainly not published) or expired. Follows from life';
comment on column commands.life is 'What was learnt of it, step by step, each with its time';
comment on column commands.open is 'Whether anything may still become of it: it has not come to its end, or an effect may still be seen';
comment on column commands.connector_id is 'The connector that it is for; null where none is named';
comment on column commands.id_tag is 'Of a start, who charges';
comment on column commands.transaction_id is 'Of a stop, the transaction to end';
comment on column commands.session_id is 'Of a stop, the session to end, if known; of a start, the session that it caused, once that is seen';
comment on column commands.degraded is 'Redis was away: the gateway is the one last seen on the device''s events';
comment on column commands.seen_gateway_id is 'The gateway last seen on the device''s events when the command was sent, where that is another one than Redis named';

alter table sessions add column command_id uuid;
comment on column sessions.command_id is 'The command that it was started by, if it was by one';

create table idempotency_keys (
    key text collate "C" primary key,
    request_digest bigint not null,
    command_id uuid not null references commands (id),
    created_at timestamptz not null default clock_timestamp()
);
create index idempotency_keys_by_age on idempotency_keys (created_at);
create index idempotency_keys_of_command on idempotency_keys (command_id);

comment on table idempotency_keys is 'What callers named their requests, so that one sent again leads to the same command; written with the command';
comment on column idempotency_keys.key is 'The header Idempotency-Key';
comment on column idempotency_keys.request_digest is 'Digest of the request, to tell another one under the same key';
comment on column idempotency_keys.command_id is 'The command that it led to';
comment on column idempotency_keys.created_at is 'When it was first used; keys are forgotten after a day';
