-- What sessions came to, by day and by month: sums over receipts, written in the transaction of each receipt. Triggers write them,
-- whichever release writes the receipt. Sums begin with this migration: receipts that were written before are not part of them, and
-- neither are they subtracted when they are replaced.
create table revenue (
    unit text not null check (unit in ('day', 'month')),
    starts_on date not null,
    station_id uuid not null,
    operator_id text collate "C" not null,
    currency text collate "C" not null,
    sessions bigint not null,
    energy_wh numeric not null,
    sharp_wh numeric not null,
    sharp_electricity numeric not null,
    sharp_service numeric not null,
    peak_wh numeric not null,
    peak_electricity numeric not null,
    peak_service numeric not null,
    flat_wh numeric not null,
    flat_electricity numeric not null,
    flat_service numeric not null,
    valley_wh numeric not null,
    valley_electricity numeric not null,
    valley_service numeric not null,
    session_fee numeric not null,
    charging_time numeric not null,
    occupancy numeric not null,
    tax numeric not null,
    primary key (unit, station_id, starts_on, operator_id, currency)
) with (fillfactor = 70);
-- The stations of a period, and old rows.
create index revenue_of_stations on revenue (starts_on, unit, operator_id, station_id, currency);
comment on table revenue is 'Sums over the latest receipts of sessions, per day or month, operator, station and currency; deleted receipts.retention_days after the period began';
comment on column revenue.unit is 'day or month';
comment on column revenue.starts_on is 'The first day of the period. A session belongs to the day on which it ended, in the zone of its prices; without a price, in UTC';
comment on column revenue.station_id is 'The station; 00000000-0000-0000-0000-000000000000 for the sum over all stations of the operator and sessions without a station';
comment on column revenue.operator_id is 'The operator of the sessions; empty for those without one';
comment on column revenue.currency is 'ISO 4217; empty for sessions without a price';
comment on column revenue.sessions is 'The number of sessions';
comment on column revenue.energy_wh is 'Their energy; 0 for those whose energy is unknown';
comment on column revenue.sharp_wh is 'The energy in bands of the kind sharp; 0 without a price, as all of the following';
comment on column revenue.sharp_electricity is 'The cost of its electricity';
comment on column revenue.sharp_service is 'The cost of its service';
comment on column revenue.peak_wh is 'The energy in bands of the kind peak';
comment on column revenue.peak_electricity is 'The cost of its electricity';
comment on column revenue.peak_service is 'The cost of its service';
comment on column revenue.flat_wh is 'The energy in bands of the kind flat';
comment on column revenue.flat_electricity is 'The cost of its electricity';
comment on column revenue.flat_service is 'The cost of its service';
comment on column revenue.valley_wh is 'The energy in bands of the kind valley';
comment on column revenue.valley_electricity is 'The cost of its electricity';
comment on column revenue.valley_service is 'The cost of its service';
comment on column revenue.session_fee is 'The session fees';
comment on column revenue.charging_time is 'The fees for the time of charging';
comment on column revenue.occupancy is 'The occupancy fees';
comment on column revenue.tax is 'The taxes that are shown apart';

-- Receipts of before are no part of the sums; all later ones are, whichever release writes them.
alter table session_receipts add column in_revenue boolean not null default false;
alter table session_receipts alter column in_revenue set default true;
comment on column session_receipts.in_revenue is 'Whether the receipt was added to revenue; false for those that were written before there were sums';

-- What a receipt adds to the sums; nothing for one that is withdrawn.
create function revenue_of(content json) returns table (
    starts_on date, station_id uuid, operator_id text, currency text, energy_wh numeric,
    sharp_wh numeric, sharp_electricity numeric, sharp_service numeric,
    peak_wh numeric, peak_electricity numeric, peak_service numeric,
    flat_wh numeric, flat_electricity numeric, flat_service numeric,
    valley_wh numeric, valley_electricity numeric, valley_service numeric,
    session_fee numeric, charging_time numeric, occupancy numeric, tax numeric
) language sql stable as $$
    select coalesce(left(content #>> '{price,items,-1,to}', 10)::date,
                    ((content ->> 'endedAt')::timestamptz at time zone 'UTC')::date),
           coalesce((content ->> 'stationId')::uuid, '00000000-0000-0000-0000-000000000000'),
           coalesce(content ->> 'operatorId', ''),
           coalesce(content #>> '{price,currency}', ''),
           coalesce((content ->> 'energyWh')::numeric, 0),
           bands.*,
           coalesce((content #>> '{price,totals,sessionFee,amount}')::numeric, 0),
           coalesce((content #>> '{price,totals,chargingTime,amount}')::numeric, 0),
           coalesce((content #>> '{price,totals,occupancy,amount}')::numeric, 0),
           coalesce((content #>> '{price,totals,tax,amount}')::numeric, 0)
    from (
        select coalesce(sum(wh) filter (where kind = 'sharp'), 0), coalesce(sum(electricity) filter (where kind = 'sharp'), 0),
               coalesce(sum(service) filter (where kind = 'sharp'), 0),
               coalesce(sum(wh) filter (where kind = 'peak'), 0), coalesce(sum(electricity) filter (where kind = 'peak'), 0),
               coalesce(sum(service) filter (where kind = 'peak'), 0),
               coalesce(sum(wh) filter (where kind = 'flat'), 0), coalesce(sum(electricity) filter (where kind = 'flat'), 0),
               coalesce(sum(service) filter (where kind = 'flat'), 0),
               coalesce(sum(wh) filter (where kind = 'valley'), 0), coalesce(sum(electricity) filter (where kind = 'valley'), 0),
               coalesce(sum(service) filter (where kind = 'valley'), 0)
        from (
            select item ->> 'kind' as kind, (item ->> 'energyWh')::numeric as wh,
                   (item #>> '{electricity,amount}')::numeric as electricity, (item #>> '{service,amount}')::numeric as service
            from json_array_elements(coalesce(content #> '{price,items}', '[]')) as item
        ) as items
    ) as bands
    where content ->> 'endedAt' is not null and (content ->> 'withdrawn') is distinct from 'true'
$$;

-- Adds a new receipt to the sums of its day and its month, for its station and for all stations of its operator, and subtracts the
-- receipt that it replaces, which may belong to another day, station or currency.
create function add_to_revenue() returns trigger language plpgsql as $$
begin
    insert into revenue as kept (
        unit, starts_on, station_id, operator_id, currency, sessions, energy_wh,
        sharp_wh, sharp_electricity, sharp_service, peak_wh, peak_electricity, peak_service,
        flat_wh, flat_electricity, flat_service, valley_wh, valley_electricity, valley_service,
        session_fee, charging_time, occupancy, tax)
    select units.unit, date_trunc(units.unit, part.starts_on::timestamp)::date, places.station_id, part.operator_id, part.currency,
           sum(sign), sum(sign * energy_wh),
           sum(sign * sharp_wh), sum(sign * sharp_electricity), sum(sign * sharp_service),
           sum(sign * peak_wh), sum(sign * peak_electricity), sum(sign * peak_service),
           sum(sign * flat_wh), sum(sign * flat_electricity), sum(sign * flat_service),
           sum(sign * valley_wh), sum(sign * valley_electricity), sum(sign * valley_service),
           sum(sign * session_fee), sum(sign * charging_time), sum(sign * occupancy), sum(sign * tax)
    from (
        select 1 as sign, added.* from revenue_of(new.content) as added
        union all
        select -1, replaced.*
        from session_receipts as earlier cross join lateral revenue_of(earlier.content) as replaced
        where earlier.session_id = new.session_id and earlier.number = new.number - 1 and earlier.in_revenue
    ) as part
    cross join (values ('day'), ('month')) as units (unit)
    cross join lateral (
        select part.station_id union select '00000000-0000-0000-0000-000000000000'::uuid) as places (station_id)
    group by 1, 2, 3, 4, 5
    -- In one order, so that two transactions do not wait for each other.
    order by 1, 2, 3, 4, 5
    on conflict (unit, station_id, starts_on, operator_id, currency) do update set
        sessions = kept.sessions + excluded.sessions, energy_wh = kept.energy_wh + excluded.energy_wh,
        sharp_wh = kept.sharp_wh + excluded.sharp_wh, sharp_electricity = kept.sharp_electricity + excluded.sharp_electricity,
        sharp_service = kept.sharp_service + excluded.sharp_service,
        peak_wh = kept.peak_wh + excluded.peak_wh, peak_electricity = kept.peak_electricity + excluded.peak_electricity,
        peak_service = kept.peak_service + excluded.peak_service,
        flat_wh = kept.flat_wh + excluded.flat_wh, flat_electricity = kept.flat_electricity + excluded.flat_electricity,
        flat_service = kept.flat_service + excluded.flat_service,
        valley_wh = kept.valley_wh + excluded.valley_wh, valley_electricity = kept.valley_electricity + excluded.valley_electricity,
        valley_service = kept.valley_service + excluded.valley_service,
        session_fee = kept.session_fee + excluded.session_fee, charging_time = kept.charging_time + excluded.charging_time,
        occupancy = kept.occupancy + excluded.occupancy, tax = kept.tax + excluded.tax;
    return null;
end $$;
create trigger receipts_add_to_revenue after insert on session_receipts
    for each row execute function add_to_revenue();
