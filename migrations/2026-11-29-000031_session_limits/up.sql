-- Stops that wait for the transaction id of their session. Rows of earlier releases satisfy the constraint.
alter table commands drop constraint commands_state_check,
    add constraint commands_state_check check (state in
        ('waiting', 'accepted', 'published', 'unknown', 'confirmed', 'rejected', 'failed', 'expired')) not valid;
comment on column commands.state is 'waiting: a stop that is not sent before the transaction id of its session is known; accepted, then published, or unknown when the publication was neither confirmed nor refused; at last confirmed, rejected, failed (certainly not published) or expired. Follows from life';
comment on column commands.transaction_id is 'Of a stop, the transaction to end; null while the stop waits for it';

create table session_limits (
    command_id uuid primary key references commands (id),
    limits jsonb not null,
    created_at timestamptz not null default clock_timestamp(),
    reached text check (reached in ('energy', 'duration', 'amount')),
    reached_at timestamptz,
    reached_value text,
    stop_attempts smallint not null default 0 check (stop_attempts >= 0),
    stop_command_id uuid references commands (id),
    final_value text,
    settled_at timestamptz,
    check ((reached is null) = (reached_at is null) and (reached is null) = (reached_value is null))
);
-- Only sessions that may still reach a limit are checked.
create index session_limits_watched on session_limits (command_id) where settled_at is null;
create index session_limits_by_age on session_limits (created_at);

comment on table session_limits is 'Limits of sessions, set by their start commands; rows are deleted after stops.limit_retention_days, and earlier if no session began';
comment on column session_limits.command_id is 'The start command; the session is the one that has it as command_id';
comment on column session_limits.limits is 'maxEnergyWh (whole Wh), maxDurationS (s), maxAmount (decimal text) with currency (ISO 4217); at least one limit';
comment on column session_limits.created_at is 'When the start was recorded';
comment on column session_limits.reached is 'The limit that was reached first; null if none was';
comment on column session_limits.reached_at is 'When it was reached: the time of the reading that shows it, or the end of the duration';
comment on column session_limits.reached_value is 'The value at that time, in Wh, in s or in the currency; decimal text';
comment on column session_limits.stop_attempts is 'How many stops were recorded for it; each has an id that follows from command_id and its number';
comment on column session_limits.stop_command_id is 'The last of these stops; null if none was recorded';
comment on column session_limits.final_value is 'The value when the session had ended, in the unit of reached_value; null until then, and if it is unknown';
comment on column session_limits.settled_at is 'When the session had ended and nothing was left to do; null until then';
