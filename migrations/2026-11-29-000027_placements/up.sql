-- Where each device was: one row for each time in which it was in one pile, at one station, of one operator. Triggers follow the
-- edits of piles and stations, so that the previous release, which knows nothing of this table, keeps it too.
create table placements (
    charge_point_id text collate "C" not null,
    placed_from timestamptz not null,
    placed_until timestamptz,
    pile_id uuid not null references piles (id),
    station_id uuid not null references stations (id),
    operator_id text,
    primary key (charge_point_id, placed_from)
);
create unique index placements_current on placements (charge_point_id) where placed_until is null;
create index placements_of_pile on placements (pile_id, placed_from);
comment on table placements is 'The pile, station and operator of each device over time; the times of one device do not overlap';
comment on column placements.charge_point_id is 'The device';
comment on column placements.placed_from is 'Beginning; -infinity for the first placement of a device, so that sessions from before its registration have a place';
comment on column placements.placed_until is 'End; null for the current placement';
comment on column placements.pile_id is 'The pile that the device was assigned to';
comment on column placements.station_id is 'The station of the pile at that time';
comment on column placements.operator_id is 'The operator of the station at that time; null if the station had none';

-- Ends the current placements of piles whose device, station or operator changed or that were retired, and begins the new ones. A
-- new placement begins where the last one of the device ended, or at the edit that ended the last one of the pile. A clock that
-- runs behind another cannot end a placement before it began. The clock of a device may be ahead: sessions of it that were recorded
-- before the edit, and began up to an hour after it, have their place already, so that the placement ends after their start.
create function place_piles(wanted uuid[]) returns void language sql as $$
    update placements set placed_until = greatest(
        edit.at, placed_from + interval '1 microsecond',
        (select max(started_at) + interval '1 microsecond' from sessions
         where sessions.charge_point_id = placements.charge_point_id
           and started_at >= edit.at and started_at < edit.at + interval '1 hour'))
    from piles join stations on stations.id = piles.station_id
         cross join lateral (select greatest(piles.updated_at, stations.updated_at) as at) as edit
    where piles.id = any(wanted) and placements.pile_id = piles.id and placements.placed_until is null
      and (piles.retired_at is not null
           or (piles.charge_point_id, piles.station_id) <> (placements.charge_point_id, placements.station_id)
           or stations.operator_id is distinct from placements.operator_id);
    insert into placements (charge_point_id, placed_from, pile_id, station_id, operator_id)
    select piles.charge_point_id, coalesce(greatest(last.of_device, last.of_pile), '-infinity'),
           piles.id, piles.station_id, stations.operator_id
    from piles join stations on stations.id = piles.station_id
         cross join lateral (select greatest(piles.updated_at, stations.updated_at) as at) as edit
         cross join lateral (
           select (select max(placed_until) from placements where charge_point_id = piles.charge_point_id) as of_device,
                  (select max(least(placed_until, greatest(edit.at, placed_from + interval '1 microsecond')))
                   from placements where pile_id = piles.id) as of_pile) as last
    where piles.id = any(wanted) and piles.retired_at is null
      and not exists (select from placements where pile_id = piles.id and placed_until is null)
    order by piles.charge_point_id;
$$;

create function follow_edited_piles() returns trigger language plpgsql as $$
begin
    perform place_piles(array(select id from edited));
    return null;
end $$;
create trigger created_piles_are_placed after insert on piles
    referencing new table as edited for each statement execute function follow_edited_piles();
create trigger edited_piles_are_placed after update on piles
    referencing new table as edited for each statement execute function follow_edited_piles();

create function follow_edited_stations() returns trigger language plpgsql as $$
begin
    perform place_piles(array(
        select piles.id from after_edit join before_edit on before_edit.id = after_edit.id
                        join piles on piles.station_id = after_edit.id
        where after_edit.operator_id is distinct from before_edit.operator_id));
    return null;
end $$;
create trigger piles_of_edited_stations_are_placed after update on stations
    referencing old table as before_edit new table as after_edit
    for each statement execute function follow_edited_stations();

-- Devices of retired piles were there until the next pile began, or until they were retired.
insert into placements (charge_point_id, placed_from, placed_until, pile_id, station_id, operator_id)
select charge_point_id, placed_from, retired_at, id, station_id, operator_id
from (select charge_point_id, retired_at, piles.id, station_id, operator_id,
             coalesce(lag(piles.retired_at) over (partition by charge_point_id order by piles.retired_at nulls last, piles.id),
                      '-infinity') as placed_from
      from (select id, station_id, charge_point_id, retired_at from piles) as piles
           join (select id, operator_id from stations) as stations on stations.id = station_id) as known
where retired_at is null or retired_at > placed_from;

alter table asset_edits add column reason text;
comment on column asset_edits.reason is 'The reason that the caller stated; null for edits that ask for none';
alter table asset_edits drop constraint asset_edits_action_check,
    add constraint asset_edits_action_check check (action in ('created', 'updated', 'retired', 'restored', 'ended')) not valid;
comment on table asset_edits is 'Every edit of a station, a pile or a tariff, and every end of a session by an operator, written with the edit itself; never changed';
comment on column asset_edits.asset_id is 'The station, the pile, the tariff or the session';
