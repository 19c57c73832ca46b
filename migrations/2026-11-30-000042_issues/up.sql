-- Issues: what is wrong, where, since when, and what ended it. One replica of event-ingestor follows the feed and writes them in the
-- transaction that stores how far it has read.
create table issues (
    id uuid primary key,
    key text collate "C" not null,
    cause text not null,
    severity text not null check (severity in ('critical', 'major', 'minor')),
    gateway_id text,
    station_id uuid,
    pile_id uuid,
    charge_point_id text,
    connector_id integer,
    operator_id text,
    opened_at timestamptz not null,
    fact jsonb not null,
    recurrences integer not null default 0 check (recurrences >= 0),
    version bigint not null default 1 check (version > 0),
    changed_at timestamptz not null,
    closed_at timestamptz,
    proof jsonb,
    acknowledged_at timestamptz,
    acknowledged_by text,
    assignee text,
    muted_until timestamptz,
    check ((closed_at is null) = (proof is null)),
    check ((acknowledged_at is null) = (acknowledged_by is null))
);
create unique index issues_open on issues (key) where closed_at is null;
create index issues_page on issues (opened_at desc, id desc);
create index issues_open_page on issues (opened_at desc, id desc) where closed_at is null;
create index issues_of_operator on issues (operator_id, opened_at desc, id desc);
create index issues_of_station on issues (station_id, opened_at desc, id desc);
create index issues_of_device on issues (charge_point_id, opened_at desc, id desc);
create index issues_closed on issues (closed_at) where closed_at is not null;
comment on table issues is 'What is wrong, one row per cause and place; closed ones are deleted after issues.retention_days';
comment on column issues.id is 'UUIDv7 that follows from key and opened_at';
comment on column issues.key is 'Cause and place as one text; at most one open issue has it';
comment on column issues.cause is 'fault, offline, flapping, startWithoutCharge, sessionWithoutEnergy, clockSkew, stuckSession or priceGap';
comment on column issues.severity is 'critical, major or minor';
comment on column issues.gateway_id is 'The gateway that has an outage; null for other places';
comment on column issues.station_id is 'The station that has an outage, or of the device when the issue opened; null for a gateway';
comment on column issues.pile_id is 'The pile of the device when the issue opened; null for an outage';
comment on column issues.charge_point_id is 'The device; null for an outage';
comment on column issues.connector_id is 'The connector; null if the issue is about the device or an outage';
comment on column issues.operator_id is 'The operator of the station when the issue opened; null for a gateway, and if the station had none';
comment on column issues.opened_at is 'When it opened, by PostgreSQL''s clock';
comment on column issues.fact is 'What was last seen of the cause: kind, time and values';
comment on column issues.recurrences is 'How often the cause showed in another way since';
comment on column issues.version is 'The number of its last event';
comment on column issues.changed_at is 'When its last event was written';
comment on column issues.closed_at is 'When it closed, by PostgreSQL''s clock; null while it is open';
comment on column issues.proof is 'What ended it, like fact; null while it is open';
comment on column issues.acknowledged_at is 'When a caller acknowledged it; null if none did';
comment on column issues.acknowledged_by is 'The sub of that caller; null if none did';
comment on column issues.assignee is 'Who takes care of it; null if it is unassigned';
comment on column issues.muted_until is 'Until when it is muted; null, or in the past, if it is not';

create table issue_events (
    issue_id uuid not null references issues (id) on delete cascade,
    number bigint not null check (number > 0),
    at timestamptz not null,
    kind text not null check (kind in ('opened', 'recurred', 'closed', 'acknowledged', 'assigned', 'muted', 'unmuted')),
    by text,
    detail jsonb not null,
    primary key (issue_id, number)
);
comment on table issue_events is 'The history of each issue; deleted with it';
comment on column issue_events.issue_id is 'The issue';
comment on column issue_events.number is 'From 1 for each issue, without gaps';
comment on column issue_events.at is 'When it happened';
comment on column issue_events.kind is 'opened, recurred and closed by the rules; acknowledged, assigned, muted and unmuted by callers';
comment on column issue_events.by is 'The sub of the caller; null for what the rules did';
comment on column issue_events.detail is 'The fact or the proof; of a caller what it stated';

create table issue_devices (
    issue_id uuid not null references issues (id) on delete cascade,
    charge_point_id text collate "C" not null,
    pile_id uuid,
    operator_id text,
    joined_at timestamptz not null,
    left_at timestamptz,
    primary key (issue_id, charge_point_id)
);
comment on table issue_devices is 'The devices of each outage; deleted with it';
comment on column issue_devices.issue_id is 'The outage';
comment on column issue_devices.charge_point_id is 'The device';
comment on column issue_devices.pile_id is 'Its pile when it joined';
comment on column issue_devices.operator_id is 'The operator of its station when it joined; null if the station had none';
comment on column issue_devices.joined_at is 'When it became part of the outage, by PostgreSQL''s clock';
comment on column issue_devices.left_at is 'When it was online again, or an issue of its own; null while it is part of the outage';

create table issue_watches (
    key text collate "C" primary key,
    cause text not null,
    charge_point_id text collate "C" not null,
    connector_id integer,
    state jsonb not null,
    due_at timestamptz,
    gateway_id text,
    station_id uuid,
    outage_id uuid
);
create index issue_watches_of_device on issue_watches (charge_point_id);
create index issue_watches_due on issue_watches (due_at) where due_at is not null;
create index issue_watches_of_gateway on issue_watches (gateway_id) where gateway_id is not null;
create index issue_watches_of_station on issue_watches (station_id) where station_id is not null;
create index issue_watches_of_outage on issue_watches (outage_id) where outage_id is not null;
comment on table issue_watches is 'What the rules remember of a cause at a place; the row goes when there is nothing to remember';
comment on column issue_watches.key is 'Cause and place as one text';
comment on column issue_watches.cause is 'As in issues';
comment on column issue_watches.charge_point_id is 'The device';
comment on column issue_watches.connector_id is 'The connector; null if it is about the device';
comment on column issue_watches.state is 'Whether an issue is open, the newest sign of the cause, and what is counted';
comment on column issue_watches.due_at is 'When something happens if nothing else does, by PostgreSQL''s clock; null if nothing does';
comment on column issue_watches.gateway_id is 'Of an offline device, the gateway through which it was last heard; otherwise null';
comment on column issue_watches.station_id is 'Of an offline device, its station; otherwise null';
comment on column issue_watches.outage_id is 'The outage that the device is part of; null if it is part of none';

create table issue_progress (
    name text primary key,
    position bigint not null check (position >= 0),
    evaluated_at timestamptz not null
);
comment on table issue_progress is 'How far the rules have read the feed: one row';
comment on column issue_progress.name is 'evaluator';
comment on column issue_progress.position is 'The last position of the feed that was evaluated';
comment on column issue_progress.evaluated_at is 'When the last pass ended, by PostgreSQL''s clock';

create table maintenance_windows (
    id uuid primary key,
    station_id uuid not null references stations (id),
    pile_id uuid references piles (id),
    begins_at timestamptz not null,
    ends_at timestamptz not null,
    reason text not null,
    created_at timestamptz not null,
    created_by text not null,
    ended_by text,
    check (ends_at >= begins_at)
);
create index maintenance_windows_page on maintenance_windows (created_at desc, id desc);
create index maintenance_windows_of_station on maintenance_windows (station_id, ends_at);
create index maintenance_windows_by_end on maintenance_windows (ends_at);
comment on table maintenance_windows is 'Times in which no issue opens at a place; deleted issues.retention_days after the end';
comment on column maintenance_windows.id is 'UUIDv7';
comment on column maintenance_windows.station_id is 'The station';
comment on column maintenance_windows.pile_id is 'The pile; null for the whole station';
comment on column maintenance_windows.begins_at is 'The beginning';
comment on column maintenance_windows.ends_at is 'The end, exclusive; what is still wrong then becomes an issue';
comment on column maintenance_windows.reason is 'Why, as the caller stated';
comment on column maintenance_windows.created_at is 'When it was recorded';
comment on column maintenance_windows.created_by is 'The sub of the caller';
comment on column maintenance_windows.ended_by is 'The sub of the caller that ended it early; null if none did';
