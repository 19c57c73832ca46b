-- The recovery ladder: one replica of command-dispatcher records an attempt before it sends its command, so that one which dies in
-- between loses and repeats nothing.
create table issue_attempts (
    issue_id uuid not null references issues (id) on delete cascade,
    number integer not null check (number > 0),
    step text not null check (step in ('trigger', 'softReset', 'hardReset', 'unlock', 'outOfService')),
    command_id uuid not null,
    charge_point_id text collate "C" not null,
    at timestamptz not null,
    refusal text,
    primary key (issue_id, number)
);
create unique index issue_attempts_of_command on issue_attempts (command_id);
create index issue_attempts_of_device on issue_attempts (charge_point_id, at);
create index issue_attempts_by_time on issue_attempts (at);
comment on table issue_attempts is 'The commands that the recovery ladder tried at each issue; deleted with it';
comment on column issue_attempts.issue_id is 'The issue';
comment on column issue_attempts.number is 'From 1 for each issue, without gaps';
comment on column issue_attempts.step is 'trigger, softReset, hardReset, unlock or outOfService';
comment on column issue_attempts.command_id is 'UUIDv7 that follows from issue_id and number; of a command that is refused or not recorded yet, no row of commands has it';
comment on column issue_attempts.charge_point_id is 'The device of the issue';
comment on column issue_attempts.at is 'When it was last decided, by PostgreSQL''s clock: again while its command cannot be recorded';
comment on column issue_attempts.refusal is 'The code with which its command was refused; null if it was not';

alter table issue_events
    drop constraint issue_events_kind_check,
    add constraint issue_events_kind_check check (kind in
        ('opened', 'recurred', 'closed', 'acknowledged', 'assigned', 'muted', 'unmuted', 'attempted')) not valid;
comment on column issue_events.kind is 'opened, recurred and closed by the rules; acknowledged, assigned, muted and unmuted by callers; attempted by the recovery ladder';
comment on column issue_events.by is 'The sub of the caller; null for what the platform did';
comment on column issue_events.detail is 'The fact or the proof; of a caller what it stated; of an attempt its step and number';
comment on column commands.issued_by is 'The sub of the caller that requested the command; null for commands that the platform sends by itself, and when that was not recorded';
