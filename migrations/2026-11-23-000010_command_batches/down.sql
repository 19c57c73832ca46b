delete from idempotency_keys where command_id is null;
alter table idempotency_keys
    drop constraint idempotency_keys_lead_somewhere,
    drop column batch_id,
    alter column command_id set not null;
comment on column idempotency_keys.command_id is 'The command that it led to';
drop table command_batch_items;
drop table command_batches;
