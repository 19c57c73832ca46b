-- Stations in twenty cities, most of them in the large ones, with ten times as many piles whose
-- devices have reported, and tariffs. :stations is their number, 10,000 unless it is given. Always the same: the place of a station, its number of piles
-- and the state of its devices follow from its number. The ids grow with the numbers, as UUIDv7
-- grow with time, and end in the decimal number, so that pgbench can build them.

create function mixed(number bigint, about text) returns double precision language sql immutable
    return (hashtextextended(about, number) & 1048575) / 1048576.0;

create function id_of(kind text, number bigint) returns uuid language sql immutable
    return (kind || (1008000000000000000 + number))::uuid;

create table cities (city serial, name text, latitude double precision, longitude double precision, weight double precision);
insert into cities (name, latitude, longitude, weight) values
    ('上海', 31.230, 121.474, 14), ('北京', 39.904, 116.407, 12), ('深圳', 22.543, 114.058, 12), ('广州', 23.129, 113.264, 11),
    ('杭州', 30.274, 120.155, 8), ('成都', 30.573, 104.067, 7), ('苏州', 31.299, 120.585, 6), ('武汉', 30.593, 114.306, 5),
    ('南京', 32.060, 118.797, 5), ('重庆', 29.563, 106.552, 4), ('西安', 34.342, 108.940, 3), ('长沙', 28.228, 112.939, 3),
    ('郑州', 34.747, 113.625, 2), ('合肥', 31.821, 117.227, 2), ('厦门', 24.480, 118.089, 1), ('青岛', 36.067, 120.383, 1),
    ('昆明', 25.038, 102.718, 1), ('海口', 20.044, 110.199, 1), ('兰州', 36.061, 103.834, 1), ('哈尔滨', 45.803, 126.535, 1);

-- Around the centre of its city, mostly within a few kilometres and hardly ever beyond fifty.
insert into stations (id, name, address, operator_id, latitude, longitude, status, opening_hours, facilities, created_at,
                      updated_at, version)
select id_of('018e000000007', n),
       city.name || '充电站 ' || n, city.name || '市人民路 ' || n % 900 + 1 || ' 号', 'op-' || n % 50,
       city.latitude + sqrt(-2 * ln(1 - mixed(n, 'away'))) * cos(2 * pi() * mixed(n, 'round')) * 0.12,
       city.longitude + sqrt(-2 * ln(1 - mixed(n, 'away'))) * sin(2 * pi() * mixed(n, 'round')) * 0.14,
       case n % 40 when 0 then 'Planned' when 1 then 'Closed' else 'Open' end,
       case n % 3 when 0 then null else jsonb '{"always": true}' end,
       case n % 4 when 0 then '{}' when 1 then '{Parking,Restroom}' when 2 then '{Parking}' else '{Canopy,Cafe,Wifi}' end::text[],
       timestamptz '2026-01-01 00:00Z' + n * interval '11 minutes', timestamptz '2026-01-01 00:00Z' + n * interval '11 minutes', 1
from generate_series(0, :stations - 1) n
join (select name, latitude, longitude, sum(weight) over (order by city) / 100 as up_to,
             (sum(weight) over (order by city) - weight) / 100 as from_there
      from cities) as city
  on mixed(n, 'city') >= from_there and mixed(n, 'city') < up_to;

-- Ten piles at a station on average, and up to about twenty, registered station by station. Devices
-- reported for the first time in another order than they were registered, so their rows are
-- scattered.
create table seeded as
select n, 'READ-' || 1008000000000000000 + n as device, mixed(n, 'heard') as heard, mixed(n, 'busy') as busy, station,
       case when mixed(n, 'current') < 0.33 then 'DC' else 'AC' end as current
from (select row_number() over (order by station, pile) - 1 as n, station
      from (select pile, floor(:stations * mixed(pile, 'station'))::bigint as station
            from generate_series(0, :stations * 10 - 1) pile) as drawn) as numbered;

insert into piles (id, station_id, charge_point_id, name, model, vendor, serial_number, rated_power_kw, current_type, connectors,
                   created_at, updated_at, version)
select id_of('018f000000007', n), id_of('018e000000007', station), device, n % 20 + 1 || '号桩', 'M' || n % 7, 'Vendor ' || n % 5,
       'SN-' || n, case current when 'DC' then 120 else 7 end, current,
       case current
           when 'DC' then jsonb '[{"connectorId": 1, "type": "GB_DC", "maxPowerKw": 120.0}, {"connectorId": 2, "type": "GB_DC", "maxPowerKw": 120.0}]'
           else jsonb '[{"connectorId": 1, "type": "GB_AC", "maxPowerKw": 7.0}]'
       end,
       timestamptz '2026-04-01 00:00Z' + n * interval '2 minutes', timestamptz '2026-04-01 00:00Z' + n * interval '2 minutes', 1
from seeded;

-- Of a hundred devices, two have never reported, and five are offline.
insert into charge_points (charge_point_id, online, last_seen_at, last_heartbeat_at, gateway_id, seen_at, seen_appended_at,
                           seen_partition, seen_offset, seen_event, model, vendor, firmware_version, serial_number, booted_at)
select device, heard < 0.93, now(), now(), 'gateway-' || n % 4, now(), now(), n % 16, n, n, 'M' || n % 7, 'Vendor ' || n % 5,
       '1.' || n % 9, 'SN-' || n, now() - interval '1 day'
from seeded where heard < 0.98
order by mixed(n, 'first heard');

-- A quarter of the connectors charge; some are left by their vehicles, some are out of order. Each
-- device has a row of its own, 0.
insert into connectors (charge_point_id, connector_id, status, error_code, status_at, status_appended_at, status_partition,
                        status_offset, status_event, power_w, power_at, energy_wh, energy_at, soc_percent, soc_at)
select device, connector, status, case status when 'Faulted' then 'GroundFailure' end, now() - interval '20 minutes',
       now() - interval '20 minutes', n % 16, n, n,
       case status when 'Charging' then 6500.5 end, case status when 'Charging' then now() end,
       case connector when 0 then null else 1000.0 * n end, case connector when 0 then null else now() end,
       case status when 'Charging' then 61.5 end, case status when 'Charging' then now() end
from (select seeded.*, connector,
             case when connector = 0 then 'Available' when busy < 0.25 then 'Charging' when busy < 0.30 then 'Finishing'
                  when busy < 0.33 then 'Preparing' when busy < 0.35 then 'Faulted' when busy < 0.37 then 'Unavailable'
                  else 'Available' end as status
      from seeded, lateral generate_series(0, case current when 'DC' then 2 else 1 end) as connector
      where heard < 0.98) as reported
order by mixed(n, 'first status'), connector;

-- A session at each charging connector, and three ended sessions at each device.
insert into sessions (id, charge_point_id, connector_id, transaction_id, id_tag, started_at, meter_start_wh, ended_at, end_reason,
                      meter_stop_wh)
select gen_random_uuid(), device, 1, n * 100 + past, 'TAG-' || n % 5000, now() - past * interval '9 hours' - interval '20 minutes',
       1000.0 * n - 5000, case past when 0 then null else now() - past * interval '9 hours' end,
       case past when 0 then null else 'EVDisconnected' end, case past when 0 then null else 1000.0 * n end
from seeded, generate_series(0, 3) as past
where heard < 0.98 and (past > 0 or busy < 0.25);
insert into sessions (id, charge_point_id, connector_id, transaction_id, id_tag, started_at, meter_start_wh)
select gen_random_uuid(), charge_point_id, connector_id, charge_point_id, 'TAG-1', now() - interval '20 minutes', 1000.0
from connectors where connector_id = 2 and status = 'Charging';

-- A tariff of four bands for the platform, one for each operator, and one for each tenth station
-- and each twentieth pile. Each has an earlier version with other prices. They have been in force
-- for a long time.
insert into tariffs (id, name, currency, status, change_rule, created_at, updated_at, version)
select id_of('018d000000007', n), 'Tariff ' || n, 'CNY', 'Active', 'FrozenAtStart', '2026-01-01', '2026-01-01', 1
from generate_series(0, 99) n;
insert into tariff_versions (tariff_id, number, price_list, revision, created_at, created_by, updated_at, updated_by, effective_from,
                             published_at, published_by, activated_at)
select id_of('018d000000007', n), number, jsonb_build_object('timeZone', 'Asia/Shanghai', 'schedules', jsonb_build_array(
           jsonb_build_object('bands', (
               select jsonb_agg(jsonb_build_object('from', begins, 'to', ends, 'kind', kind, 'electricityPrice', price, 'serviceFee', '0.80'))
               from (values ('23:00', '07:00', 'valley', '0.3158'), ('07:00', '10:00', 'flat', '0.7055'), ('10:00', '15:00', 'peak', '1.0213'),
                            ('15:00', '18:00', 'flat', '0.7055'), ('18:00', '21:00', 'sharp', '1.2345'), ('21:00', '23:00', 'flat', '0.7055'))
                    as bands (begins, ends, kind, price))))),
       1, '2026-01-01', 'bench', '2026-01-01', 'bench', timestamptz '2026-01-01' + number * interval '30 days', '2026-01-01', 'bench',
       timestamptz '2026-01-01' + number * interval '30 days'
from generate_series(0, 99) n, generate_series(1, 3) number;
insert into tariff_bindings (id, level, operator_id, station_id, pile_id, tariff_id, effective_from, created_at, created_by)
select gen_random_uuid(), level, operator_id, station_id, pile_id, id_of('018d000000007', hashtext(subject) & 63), '2026-02-01', '2026-01-01', 'bench'
from (select 'platform' as level, null as operator_id, null::uuid as station_id, null::uuid as pile_id, '' as subject
      union all select 'operator', 'op-' || n, null, null, 'op-' || n from generate_series(0, 49) n
      union all select 'station', null, id, null, id::text from stations where mixed(hashtext(id::text), 'bound') < 0.1
      union all select 'pile', null, null, id, id::text from piles where mixed(hashtext(id::text), 'bound') < 0.05) as bound;

drop table seeded, cities;
drop function id_of, mixed;
