-- The reliability ledger: what each connector came to on each day, kept longer than the history that it is computed from, and the
-- downtime that does not count.
create table reliability_days (
    charge_point_id text collate "C" not null,
    connector_id smallint not null,
    began_at timestamptz not null,
    day date not null,
    pile_id uuid,
    station_id uuid,
    operator_id text,
    up_s integer not null,
    faulted_s integer not null,
    unavailable_s integer not null,
    offline_s integer not null,
    unknown_s integer not null,
    maintenance_s integer not null,
    grid_s integer not null,
    vandalism_s integer not null,
    third_party_s integer not null,
    failures integer not null,
    repairs integer not null,
    repair_s bigint not null,
    starts_accepted integer not null,
    starts_charging integer not null,
    failure_s bigint,
    connection text,
    primary key (charge_point_id, connector_id, began_at)
);
create index reliability_days_of_pile on reliability_days (pile_id, connector_id, day) where pile_id is not null;
create index reliability_days_of_station on reliability_days (station_id, day) where station_id is not null;
create index reliability_days_of_operator on reliability_days (operator_id, day) where operator_id is not null;
create index reliability_days_by_age on reliability_days (began_at);
comment on table reliability_days is 'What connectors came to: one row per connector and day, more if its device changed its place on that day; written by event-ingestor once a day has ended, replaced after late facts and exclusions, deleted after retention.reliability_days';
comment on column reliability_days.charge_point_id is 'The device';
comment on column reliability_days.connector_id is 'The connector; 0 only for a device that has no other';
comment on column reliability_days.began_at is 'When the day, or the part of it at this place, began';
comment on column reliability_days.day is 'The day, by reliability.time_zone';
comment on column reliability_days.pile_id is 'The pile that the device was assigned to; null while it was in none';
comment on column reliability_days.station_id is 'The station of the pile at that time; null as pile_id';
comment on column reliability_days.operator_id is 'The operator of the station at that time; null if it had none, or as pile_id';
comment on column reliability_days.up_s is 'Seconds in which it could be used or was in use';
comment on column reliability_days.faulted_s is 'Seconds down because it or the whole device was faulted, not excluded';
comment on column reliability_days.unavailable_s is 'Seconds down because it or the whole device was unavailable, not excluded';
comment on column reliability_days.offline_s is 'Seconds down because the device was offline, not excluded';
comment on column reliability_days.unknown_s is 'Seconds in which its condition is not known, not excluded';
comment on column reliability_days.maintenance_s is 'Seconds down or unknown that are excluded as maintenance';
comment on column reliability_days.grid_s is 'Seconds down or unknown that are excluded because of the grid';
comment on column reliability_days.vandalism_s is 'Seconds down or unknown that are excluded as vandalism';
comment on column reliability_days.third_party_s is 'Seconds down or unknown that are excluded because of a third party';
comment on column reliability_days.failures is 'Number of failures that began';
comment on column reliability_days.repairs is 'Number of failures that ended';
comment on column reliability_days.repair_s is 'How long the failures that ended had lasted, in seconds, also on days before';
comment on column reliability_days.starts_accepted is 'Number of remote starts that the device accepted';
comment on column reliability_days.starts_charging is 'Number of these that led to charging';
comment on column reliability_days.failure_s is 'How long the failure that is open at the end has lasted, in seconds; null if none is open';
comment on column reliability_days.connection is 'The connection of the device at the end: online, doubtful or offline; null if it is not known';

-- A row per device that was ever in a pile: how far its days are computed. The job that computes them locks it.
create table reliability_devices (
    charge_point_id text collate "C" primary key,
    computed_until timestamptz,
    read_until timestamptz,
    dirty_from timestamptz
) with (fillfactor = 70);
comment on table reliability_devices is 'How far the days of each device are computed in reliability_days; a row per device that was ever in a pile';
comment on column reliability_devices.charge_point_id is 'The device';
comment on column reliability_devices.computed_until is 'The end of its last computed day; null if none is computed';
comment on column reliability_devices.read_until is 'Up to which time of recording its status history was read; null if it was not';
comment on column reliability_devices.dirty_from is 'From when its days must be computed again, because an exclusion or its place changed; null if they need not';

-- A place may begin in the past, when a device is registered after it was heard, or comes back to a pile.
create function follow_new_placements() returns trigger language plpgsql as $$
begin
    insert into reliability_devices as device (charge_point_id, dirty_from)
    select charge_point_id, greatest(min(placed_from), '1970-01-01T00:00:00Z') from placed
    group by charge_point_id order by charge_point_id
    on conflict (charge_point_id) do update set dirty_from = least(device.dirty_from, excluded.dirty_from)
    where device.computed_until > excluded.dirty_from;
    return null;
end $$;
create trigger new_placements_are_computed after insert on placements
    referencing new table as placed for each statement execute function follow_new_placements();
insert into reliability_devices (charge_point_id) select distinct charge_point_id from placements on conflict do nothing;

create table reliability_exclusions (
    id uuid primary key,
    station_id uuid not null references stations (id),
    pile_id uuid references piles (id),
    connector_id smallint,
    operator_id text,
    excluded_from timestamptz not null,
    excluded_until timestamptz not null,
    reason text not null check (reason in ('maintenance', 'grid', 'vandalism', 'thirdParty')),
    note text not null,
    created_at timestamptz not null,
    created_by text not null,
    withdrawn_at timestamptz,
    withdrawn_by text,
    withdrawal_note text,
    check (excluded_from < excluded_until),
    check (connector_id is null or pile_id is not null),
    check ((withdrawn_at is null) = (withdrawn_by is null))
);
create index reliability_exclusions_page on reliability_exclusions (created_at desc, id desc);
create index reliability_exclusions_of_station on reliability_exclusions (station_id, excluded_until);
create index reliability_exclusions_by_age on reliability_exclusions (excluded_until);
comment on table reliability_exclusions is 'Downtime that does not count, entered by callers; never changed except to be withdrawn, and deleted retention.reliability_days after its end';
comment on column reliability_exclusions.id is 'UUIDv7';
comment on column reliability_exclusions.station_id is 'The station that it was entered for, or that of its pile at that time';
comment on column reliability_exclusions.pile_id is 'The only pile that it applies to; null for all of the station';
comment on column reliability_exclusions.connector_id is 'The only connector that it applies to; null for all';
comment on column reliability_exclusions.operator_id is 'The operator of the station when it was entered: it applies to the time of that operator; null if there was none';
comment on column reliability_exclusions.excluded_from is 'When it begins';
comment on column reliability_exclusions.excluded_until is 'When it ends, exclusive';
comment on column reliability_exclusions.reason is 'Why downtime does not count';
comment on column reliability_exclusions.note is 'What the caller stated about it';
comment on column reliability_exclusions.created_at is 'When it was entered';
comment on column reliability_exclusions.created_by is 'The sub of the caller, anonymous without authentication';
comment on column reliability_exclusions.withdrawn_at is 'When it was withdrawn; null while it applies';
comment on column reliability_exclusions.withdrawn_by is 'The sub of the caller that withdrew it; null as withdrawn_at';
comment on column reliability_exclusions.withdrawal_note is 'What that caller stated; null as withdrawn_at';

alter table asset_edits
    drop constraint asset_edits_thing_check,
    add constraint asset_edits_thing_check check (
        (thing_type is null) = (thing_id is null)
        and thing_type in ('tariffVersion', 'tariffBinding', 'deadLetter', 'import', 'commandBatch', 'reliabilityExclusion')) not valid;
