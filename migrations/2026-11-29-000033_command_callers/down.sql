drop table creation_keys;
alter table command_batches drop column cancelled_by, drop column cancelled_at;
update commands set state = 'expired' where state = 'cancelled';
alter table commands drop constraint commands_state_check,
    add constraint commands_state_check check (state in
        ('waiting', 'accepted', 'published', 'unknown', 'confirmed', 'rejected', 'failed', 'expired')) not valid;
drop index if exists idempotency_keys_of_caller;
alter table idempotency_keys drop column request_sha256, drop column caller_key;
alter table command_batches drop column issued_by;
alter table commands drop column issued_by;
