-- What devices went through. One partition for each day (UTC) on which the platform learnt of it, made and dropped by the
-- ingestors: a device's own time may be days old, but what is written now belongs to today, so there is always a partition for it.
-- Whoever writes holds the lock on the device, so of one device the times of learning differ from statement to statement, and
-- the key needs no sequence. It begins with the device, since that is what people look for.
create table status_changes (
    charge_point_id text collate "C" not null,
    noted_at timestamptz not null,
    place integer not null,
    at timestamptz not null,
    connector_id smallint,
    status text,
    previous_status text,
    error_code text,
    vendor_error_code text,
    online boolean,
    gateway_id text,
    primary key (charge_point_id, noted_at, place)
) partition by range (noted_at);

comment on table status_changes is 'What the statuses of connectors and the connectivity of devices went through, in the order in which it was learnt; kept for a limited time';
comment on column status_changes.charge_point_id is 'The device';
comment on column status_changes.noted_at is 'When the statement that wrote it began, by this server''s clock';
comment on column status_changes.place is 'The place among what was written by that statement';
comment on column status_changes.at is 'When it happened, by the event''s time';
comment on column status_changes.connector_id is 'The connector whose status changed; 0 is the whole device. Null: the connectivity of the device changed';
comment on column status_changes.status is 'The status since, by its OCPP 1.6 name';
comment on column status_changes.previous_status is 'The status before; null when there was none';
comment on column status_changes.error_code is 'OCPP 1.6 error code since, unless NoError';
comment on column status_changes.vendor_error_code is 'Error code of the vendor since';
comment on column status_changes.online is 'Whether the device is there since; null for a status';
comment on column status_changes.gateway_id is 'The gateway that the device was last heard through; null for a status';
