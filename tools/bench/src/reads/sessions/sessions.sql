-- Sessions with the numbers $1 to $2 of $3 in all, which begin evenly over two years, at $4 stations, of $5 drivers. In the order of
-- their beginning, as they are recorded in operation, so that the sessions of one station are scattered over the table.
insert into sessions (id, charge_point_id, connector_id, transaction_id, id_tag, started_at, meter_start_wh, ended_at, end_reason,
                      meter_stop_wh, command_id, started_by, pile_id, station_id, operator_id)
select (began_ms || '7' || substr(noise, 1, 3) || '8' || substr(noise, 4, 15))::uuid,
       device_of(station * 10 + place),
       case when place < 7 then 1 else 1 + n % 2 end,
       n::text,
       -- One in twenty identifies the vehicle and not the driver.
       case when n % 20 <> 3 then 'TAG-' || skewed(draw(n, 5), $5) end,
       started_at, meter_start_wh,
       case when is_ended then started_at + lasts * interval '1 second' end,
       case when not is_ended then null when is_superseded then 'Superseded'
            else (array['EVDisconnected', 'Remote', 'Local'])[1 + draw(n, 6) % 3] end,
       -- A session that the next one ended has no register of its end.
       case when is_ended and not is_superseded then meter_start_wh + lasts * case when place < 7 then 1.9 else 16 end end,
       case when n % 5 < 2 then (began_ms || '7' || substr(noise, 19, 3) || 'a' || substr(noise, 22, 11) || substr(noise, 1, 4))::uuid end,
       case when n % 50 = 21 then 'readings' else 'event' end,
       id_of('018f000000007', station * 10 + place), id_of('018e000000007', station), 'op-' || station % 50
from (select *,
             lpad(to_hex(floor(extract(epoch from started_at) * 1000)::bigint), 12, '0') as began_ms,
             md5(n::text) as noise,
             n % 100 = 13 as is_superseded,
             -- What charges at the end of the two years is open, and one in 50,000 whose stop never came.
             started_at + lasts * interval '1 second' <= timestamptz '2026-12-01 00:00Z' and n % 50000 <> 7 as is_ended,
             floor(2000.0::float8 * n / $4::bigint) as meter_start_wh
      from (select n, skewed(draw(n, 1), $4::bigint) as station, draw(n, 2) % 10 as place, 600 + draw(n, 4) % 5400 as lasts,
                   timestamptz '2024-12-01 00:00Z' + interval '730 days' * ((n + draw(n, 3) / 1e6::float8) / $3::bigint::float8) as started_at
            from generate_series($1::bigint, $2::bigint) as n
            offset 0) as drawn
      offset 0) as known;
