drop index if exists idempotency_keys_of_caller;
alter table idempotency_keys drop column request_sha256, drop column caller_key;
alter table command_batches drop column issued_by;
alter table commands drop column issued_by;
