create table stations (
    id uuid primary key,
    name text not null,
    address text,
    operator_id text,
    latitude double precision,
    longitude double precision,
    status text not null check (status in ('Planned', 'Open', 'Closed')),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    version bigint not null,
    retired_at timestamptz,
    check ((latitude is null) = (longitude is null))
);
-- Pages run along this, newest first.
create index stations_page on stations (created_at desc, id desc) where retired_at is null;

comment on table stations is 'Places where vehicles are charged, as operators registered them';
comment on column stations.id is 'UUIDv7';
comment on column stations.name is '1 to 200 printable characters';
comment on column stations.address is 'Postal address';
comment on column stations.operator_id is 'The operator that runs it';
comment on column stations.latitude is 'Degrees north, WGS 84';
comment on column stations.longitude is 'Degrees east, WGS 84';
comment on column stations.status is 'Planned, Open or Closed for business';
comment on column stations.created_at is 'When it was registered';
comment on column stations.updated_at is 'When it was last edited';
comment on column stations.version is '1 when created, one more at each edit; the ETag';
comment on column stations.retired_at is 'When it was deleted; its history is kept';

create table piles (
    id uuid primary key,
    station_id uuid not null references stations (id),
    charge_point_id text not null,
    name text,
    model text not null,
    vendor text,
    serial_number text,
    rated_power_kw double precision not null check (rated_power_kw > 0),
    current_type text not null check (current_type in ('AC', 'DC')),
    created_at timestamptz not null,
    updated_at timestamptz not null,
    version bigint not null,
    retired_at timestamptz
);
-- One device is one pile; a retired pile frees its device.
create unique index piles_charge_point_id_unique on piles (charge_point_id) where retired_at is null;
create index piles_page on piles (created_at desc, id desc) where retired_at is null;
create index piles_station_page on piles (station_id, created_at desc, id desc) where retired_at is null;

comment on table piles is 'Piles as assets, as operators registered them';
comment on column piles.id is 'UUIDv7';
comment on column piles.station_id is 'The station that it stands in';
comment on column piles.charge_point_id is 'The device in it, by its serial number; unique among piles that are not retired';
comment on column piles.name is 'Name on site';
comment on column piles.model is 'Model';
comment on column piles.vendor is 'Vendor';
comment on column piles.serial_number is 'Serial number on the plate';
comment on column piles.rated_power_kw is 'Rated power, in kW';
comment on column piles.current_type is 'AC or DC';
comment on column piles.created_at is 'When it was registered';
comment on column piles.updated_at is 'When it was last edited';
comment on column piles.version is '1 when created, one more at each edit; the ETag';
comment on column piles.retired_at is 'When it was deleted; its history is kept';
