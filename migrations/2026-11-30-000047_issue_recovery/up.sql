-- Whether the recovery ladder is carried out, and on which terms, so that asset-api can show why a step waits at an issue.
create table issue_recovery (
    name text primary key,
    passed_at timestamptz not null,
    is_suspended boolean not null,
    pause_s bigint not null check (pause_s >= 0),
    last_step text not null check (last_step in ('trigger', 'softReset', 'hardReset', 'unlock', 'outOfService')),
    device_steps_per_day bigint not null check (device_steps_per_day >= 0)
);
comment on table issue_recovery is 'The last pass of the recovery ladder over the open issues: one row';
comment on column issue_recovery.name is 'ladder';
comment on column issue_recovery.passed_at is 'When it began, by PostgreSQL''s clock; none within a minute means that the ladder is off';
comment on column issue_recovery.is_suspended is 'Whether it tried no step because issues were evaluated late';
comment on column issue_recovery.pause_s is 'Its recovery.pause_s';
comment on column issue_recovery.last_step is 'Its recovery.last_step';
comment on column issue_recovery.device_steps_per_day is 'Its recovery.device_steps_per_day';
