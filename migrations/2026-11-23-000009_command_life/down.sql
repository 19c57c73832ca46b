drop table idempotency_keys;
alter table sessions drop column command_id;
drop index open_commands_by_expiry;
drop index open_commands_of_device;
drop index start_in_flight;
alter table commands
    add column published_offset bigint,
    add column published_at timestamptz,
    add column failure text;
update commands set
    published_offset = (step ->> 'offset')::bigint,
    published_at = (step ->> 'at')::timestamptz
from (select id as of_command, entry as step from commands, jsonb_array_elements(life -> 'trail') as entry
      where entry ->> 'step' = 'published') as published
where id = of_command;
-- What is not known before this migration is told as the nearest that is.
update commands set
    failure = (select entry ->> 'detail' from jsonb_array_elements(life -> 'trail') as entry
               where entry ->> 'detail' is not null limit 1),
    state = case
        when state = 'failed' then 'failed'
        when published_at is not null then 'published'
        when state = 'accepted' then 'accepted'
        else 'unknown'
    end;
alter table commands
    drop constraint commands_state_check,
    add constraint commands_state_check check (state in ('accepted', 'published', 'unknown', 'failed')),
    drop column life,
    drop column open,
    drop column connector_id,
    drop column id_tag,
    drop column transaction_id,
    drop column session_id,
    drop column degraded,
    drop column seen_gateway_id;
comment on column commands.state is 'accepted, then published; unknown when the publish was neither confirmed nor refused; failed when it certainly did not happen';
comment on column commands.published_offset is 'Offset of the record on that partition';
comment on column commands.published_at is 'When all replicas of the partition had it';
comment on column commands.failure is 'Why it was not published';
