-- Hot tables: narrow, with room in each page for the next version of a row, and no index on a column that events change,
-- so that updates stay on their page (HOT).

create table charge_points (
    charge_point_id text primary key,
    online boolean not null,
    last_seen_at timestamptz not null,
    last_heartbeat_at timestamptz,
    gateway_id text,
    seen_at timestamptz,
    seen_appended_at timestamptz,
    seen_partition integer,
    seen_offset bigint,
    seen_event bigint,
    model text,
    vendor text,
    firmware_version text,
    serial_number text,
    booted_at timestamptz,
    memory jsonb
) with (fillfactor = 70);

comment on table charge_points is 'Devices as heard through the gateways, registered as piles or not; written by ingestors only';
comment on column charge_points.charge_point_id is 'The device, by its serial number';
comment on column charge_points.online is 'Whether the newest sign of life is not followed by a goodbye of the same gateway';
comment on column charge_points.last_seen_at is 'Newest instant of any event';
comment on column charge_points.last_heartbeat_at is 'Newest instant of a boot or a heartbeat';
comment on column charge_points.gateway_id is 'The gateway of the newest sign of life';
comment on column charge_points.seen_at is 'Instant of the newest sign of life; null when only goodbyes were heard';
comment on column charge_points.seen_appended_at is 'Kafka timestamp of the record that told it';
comment on column charge_points.seen_partition is 'Partition of the record that told it';
comment on column charge_points.seen_offset is 'Offset of the record that told it';
comment on column charge_points.seen_event is 'Digest of the id of the event that told it';
comment on column charge_points.model is 'Model, as the device said when it booted';
comment on column charge_points.vendor is 'Vendor, as the device said when it booted';
comment on column charge_points.firmware_version is 'Firmware version, as the device said when it booted';
comment on column charge_points.serial_number is 'Serial number, as the device said when it booted';
comment on column charge_points.booted_at is 'When it said so';
comment on column charge_points.memory is 'What the fold of events must remember beyond the newest report; null for most devices';

create table connectors (
    charge_point_id text not null,
    connector_id smallint not null,
    status text,
    error_code text,
    info text,
    vendor_error_code text,
    status_at timestamptz,
    status_appended_at timestamptz,
    status_partition integer,
    status_offset bigint,
    status_event bigint,
    status_rivals jsonb,
    power_w double precision,
    power_at timestamptz,
    energy_wh double precision,
    energy_at timestamptz,
    soc_percent double precision,
    soc_at timestamptz,
    primary key (charge_point_id, connector_id)
) with (fillfactor = 70);

comment on table connectors is 'Connectors as heard through the gateways; written by ingestors only';
comment on column connectors.charge_point_id is 'The device';
comment on column connectors.connector_id is 'The connector; 0 is the whole device';
comment on column connectors.status is 'OCPP 1.6 status; null when only readings were heard';
comment on column connectors.error_code is 'OCPP 1.6 error code, unless NoError';
comment on column connectors.info is 'Free text of the vendor';
comment on column connectors.vendor_error_code is 'Error code of the vendor';
comment on column connectors.status_at is 'Instant of the newest status report';
comment on column connectors.status_appended_at is 'Kafka timestamp of the record that told it';
comment on column connectors.status_partition is 'Partition of the record that told it';
comment on column connectors.status_offset is 'Offset of the record that told it';
comment on column connectors.status_event is 'Digest of the id of the event that told it';
comment on column connectors.status_rivals is 'Other reports of the very same instant; hardly ever any';
comment on column connectors.power_w is 'Newest active power, in W';
comment on column connectors.power_at is 'Instant of that reading';
comment on column connectors.energy_wh is 'Newest reading of the energy register, in Wh';
comment on column connectors.energy_at is 'Instant of that reading';
comment on column connectors.soc_percent is 'Newest state of charge of the vehicle, in percent';
comment on column connectors.soc_at is 'Instant of that reading';

create table session_ledgers (
    charge_point_id text primary key,
    ledger jsonb not null
);

comment on table session_ledgers is 'What was said of the recent transactions of a device; its sessions are derived from it';
comment on column session_ledgers.charge_point_id is 'The device';
comment on column session_ledgers.ledger is 'The facts, in the order of events';

create table sessions (
    id uuid primary key,
    charge_point_id text not null,
    connector_id smallint not null,
    transaction_id text,
    id_tag text,
    reservation_id bigint,
    started_at timestamptz not null,
    meter_start_wh double precision,
    ended_at timestamptz,
    end_reason text,
    meter_stop_wh double precision
);
create index sessions_of_charge_point on sessions (charge_point_id, started_at desc);
create index sessions_open on sessions (charge_point_id) where ended_at is null;

comment on table sessions is 'Charging sessions, derived from session_ledgers; ended ones are kept';
comment on column sessions.id is 'UUIDv7 made from the event that opened it';
comment on column sessions.charge_point_id is 'The device';
comment on column sessions.connector_id is 'The connector';
comment on column sessions.transaction_id is 'The transaction, as the gateway calls it; null while not told';
comment on column sessions.id_tag is 'Who charges';
comment on column sessions.reservation_id is 'The reservation that it fulfils';
comment on column sessions.started_at is 'When it began';
comment on column sessions.meter_start_wh is 'Energy register when it began, in Wh';
comment on column sessions.ended_at is 'When it ended; null while open';
comment on column sessions.end_reason is 'OCPP 1.6 reason';
comment on column sessions.meter_stop_wh is 'Energy register when it ended, in Wh';
