-- Whether a device is there: what it was asked, when its gateway was heard, and how far that can be trusted.

alter table charge_points add column written_at timestamptz;
alter table charge_points add column confidence text;
comment on column charge_points.written_at is 'When the newest sign of life was written, by PostgreSQL''s clock; null if an older release wrote it';
comment on column charge_points.confidence is 'How far online can be trusted: doubtful or unanswered; null for live';

alter table status_changes add column confidence text;
comment on column status_changes.confidence is 'How far online can be trusted since this change: doubtful or unanswered; null for live';

alter table commands add column confidence text;
comment on column commands.confidence is 'How far the device was trusted to be online when the command was sent: doubtful; null for live';

-- One row per device at most, written over by each question. No index on a column that changes.
create table device_probes (
    charge_point_id text primary key,
    asked_at timestamptz,
    message text,
    reason text,
    gateway_id text,
    attempts integer not null default 0,
    published boolean not null default false,
    boot_asked_at timestamptz
) with (fillfactor = 70);
comment on table device_probes is 'The last question to each device whether it is there; one row per device that was ever asked';
comment on column device_probes.charge_point_id is 'The device';
comment on column device_probes.asked_at is 'When the platform last asked it, by PostgreSQL''s clock; null if only callers have';
comment on column device_probes.message is 'The OCPP 1.6 message that it was asked for';
comment on column device_probes.reason is 'Why it was asked: silent, canary, suspected or doubtful';
comment on column device_probes.gateway_id is 'The gateway that the question was sent to';
comment on column device_probes.attempts is 'How often it was asked since it was last heard';
comment on column device_probes.published is 'Whether the brokers have confirmed that question; nothing follows from the silence after one that may not have been sent';
comment on column device_probes.boot_asked_at is 'When a BootNotification was last asked for, by the platform or by a caller';

create table gateways (
    gateway_id text primary key,
    heard_at timestamptz not null,
    canary_at timestamptz,
    suspected_at timestamptz
) with (fillfactor = 50);
comment on table gateways is 'Gateway pods that sent events within the last day; at most 10,000';
comment on column gateways.gateway_id is 'The pod, as its events name it';
comment on column gateways.heard_at is 'When an event of it was last written, by PostgreSQL''s clock';
comment on column gateways.canary_at is 'When devices of it were last asked through it, noted when it became silent';
comment on column gateways.suspected_at is 'Since when it is suspected dead; null while it is not';
