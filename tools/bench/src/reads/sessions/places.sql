-- Stations with ten piles each, their devices and connectors, for lists of sessions; `bench.stations` is the number of stations.
-- Always the same. The ids grow with the numbers and end in the decimal number, so that pgbench can build them.

-- A number from 0 to 999,999 that follows from `number` and the purpose `about`.
create function draw(number bigint, about bigint) returns bigint language sql immutable parallel safe
    return (hashint8extended(number, about) & 9223372036854775807) % 1000000;

-- One of `count` numbers, the lower the more often: number 0 for 1 / √count of the draws.
create function skewed(draw bigint, count bigint) returns bigint language sql immutable parallel safe
    return draw * draw / 1000000 * count / 1000000;

create function id_of(kind text, number bigint) returns uuid language sql immutable parallel safe
    return (kind || (1008000000000000000 + number)::text)::uuid;

create function device_of(pile bigint) returns text language sql immutable parallel safe
    return 'CP-' || lpad(pile::text, 8, '0');

insert into stations (id, name, address, operator_id, latitude, longitude, status, created_at, updated_at, version)
select id_of('018e000000007', station), '充电站 ' || station, '人民路 ' || station % 900 + 1 || ' 号', 'op-' || station % 50,
       20 + draw(station, 1) / 50000.0, 100 + draw(station, 2) / 50000.0, 'Open', '2024-11-01 00:00Z', '2024-11-01 00:00Z', 1
from generate_series(0, current_setting('bench.stations')::bigint - 1) as station;

-- Piles 0 to 6 of a station are slow ones with one connector, 7 to 9 fast ones with two. Triggers record where each device is.
insert into piles (id, station_id, charge_point_id, name, model, rated_power_kw, current_type, created_at, updated_at, version)
select id_of('018f000000007', pile), id_of('018e000000007', pile / 10), device_of(pile), pile % 10 + 1 || '号桩', 'M' || pile % 7,
       case when pile % 10 < 7 then 7 else 120 end, case when pile % 10 < 7 then 'AC' else 'DC' end, '2024-11-01 00:00Z', '2024-11-01 00:00Z', 1
from generate_series(0, current_setting('bench.stations')::bigint * 10 - 1) as pile;

insert into charge_points (charge_point_id, online, last_seen_at, last_heartbeat_at, gateway_id, seen_at, seen_appended_at,
                           seen_partition, seen_offset, seen_event)
select device_of(pile), true, '2026-12-01 00:00Z', '2026-12-01 00:00Z', 'gateway-' || pile % 4, '2026-12-01 00:00Z', '2026-12-01 00:00Z', pile % 16, pile, pile
from generate_series(0, current_setting('bench.stations')::bigint * 10 - 1) as pile;

-- The newest register of each connector, which open sessions show as their energy.
insert into connectors (charge_point_id, connector_id, status, status_at, status_appended_at, status_partition, status_offset,
                        status_event, energy_wh, energy_at)
select device_of(pile), connector, 'Charging', '2026-12-01 00:00Z', '2026-12-01 00:00Z', pile % 16, pile, pile, 9e6, '2026-12-01 00:00Z'
from generate_series(0, current_setting('bench.stations')::bigint * 10 - 1) as pile,
     lateral generate_series(1, case when pile % 10 < 7 then 1 else 2 end) as connector;

-- As many days as samples are kept by default. They are empty: pages look for missing registers in them and find none.
do $$
begin
    for days in 1..90 loop
        execute format('create table meter_samples_%s partition of meter_samples for values from (%L) to (%L)',
                       to_char(date '2026-12-01' - days, 'YYYYMMDD'), date '2026-12-01' - days, date '2026-12-01' - days + 1);
    end loop;
end $$;
