alter table stations
    add column opening_hours jsonb,
    add column facilities text[] not null default '{}';
comment on column stations.opening_hours is 'When drivers may come, in the station''s local time: {"always": true} or {"weekly": […]}; null when not said';
comment on column stations.facilities is 'What is there for drivers beside piles';

alter table piles add column connectors jsonb not null default '[]';
comment on column piles.connectors is 'The connectors that its operator says it has: [{"connectorId", "type", "maxPowerKw"}], in the order of their numbers';

create table asset_edits (
    asset_id uuid not null,
    version bigint not null,
    action text not null check (action in ('created', 'updated', 'retired', 'restored')),
    edited_at timestamptz not null,
    edited_by text not null,
    before jsonb,
    after jsonb,
    primary key (asset_id, version)
);
comment on table asset_edits is 'Every edit of a station or a pile, written with the edit itself; never changed';
comment on column asset_edits.asset_id is 'The station or the pile';
comment on column asset_edits.version is 'The version that the edit led to';
comment on column asset_edits.action is 'What was done';
comment on column asset_edits.edited_at is 'When';
comment on column asset_edits.edited_by is 'By whom';
comment on column asset_edits.before is 'What was said of it before; null when it was not in sight';
comment on column asset_edits.after is 'What is said of it since; null when it is out of sight';
