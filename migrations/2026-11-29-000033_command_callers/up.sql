-- Who requested commands and batches. Releases before this one leave the columns null.
alter table commands add column issued_by text;
alter table command_batches add column issued_by text;
comment on column commands.issued_by is 'The sub of the caller that requested the command; null for stops that the platform sends by itself, and when that was not recorded';
comment on column command_batches.issued_by is 'The sub of the caller that requested the batch; null when that was not recorded';

-- Idempotency keys belong to their callers. The previous release finds a key by its text alone, so the text remains the
-- primary key, and its digest remains. A unique index on caller_key is built after the migrations.
alter table idempotency_keys
    add column caller_key bytea,
    add column request_sha256 bytea;
comment on column idempotency_keys.key is 'The header Idempotency-Key; or a text with blanks, which callers cannot send: of a caller whose header another caller had used before, and of a pile in a batch';
comment on column idempotency_keys.caller_key is 'SHA-256 of the caller''s sub and the header, each with its length (8 bytes, big-endian); null for piles of batches, and for keys of earlier releases';
comment on column idempotency_keys.request_digest is 'FNV-1a, 64 bits, of the request, to tell another one under the same key; compared by the previous release';
comment on column idempotency_keys.request_sha256 is 'SHA-256 of the request, to tell another one under the same key; null for refused piles of batches, and for keys of earlier releases';

-- Cancelling. Rows of earlier releases satisfy the constraint. The piles of a cancelled batch are refused with the code
-- BATCH_CANCELLED, which the previous release can read.
alter table commands drop constraint commands_state_check,
    add constraint commands_state_check check (state in
        ('waiting', 'accepted', 'published', 'unknown', 'confirmed', 'rejected', 'failed', 'expired', 'cancelled')) not valid;
alter table command_batches
    add column cancelled_at timestamptz,
    add column cancelled_by text;
comment on column commands.state is 'waiting: a stop that is not sent before the transaction id of its session is known; accepted, then published, or unknown when the publication was neither confirmed nor refused; at last confirmed, rejected, failed (certainly not published), expired or cancelled (while it waited). Follows from life';
comment on column command_batches.cancelled_at is 'When a caller cancelled the batch: finished_at is the same time, and no command followed; null if it was not cancelled';
comment on column command_batches.cancelled_by is 'The sub of the caller that cancelled the batch';

-- Keys of requests that create stations, piles, tariffs and bindings. There is no reference to the resource: it is of one of
-- several tables, and keys are deleted by their age.
create table creation_keys (
    caller_key bytea primary key,
    request_sha256 bytea not null,
    resource_id uuid not null,
    created_at timestamptz not null default clock_timestamp()
);
create index creation_keys_by_age on creation_keys (created_at);
comment on table creation_keys is 'Idempotency keys of requests that created a station, pile, tariff or binding, so that a repeated one does not create another; deleted after dispatch.idempotency_retention_h';
comment on column creation_keys.caller_key is 'SHA-256 of the caller''s sub and the header Idempotency-Key, each with its length (8 bytes, big-endian)';
comment on column creation_keys.request_sha256 is 'SHA-256 of the path and the body of the request, to tell another one under the same key';
comment on column creation_keys.resource_id is 'The station, pile, tariff or binding that the request created';
comment on column creation_keys.created_at is 'When the resource was created';
