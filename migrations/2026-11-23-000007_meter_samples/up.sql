-- One row for each reading, not for each value: rows per second is what Postgres runs out of first. One partition for each day
-- (UTC), made and dropped by the ingestors. The key begins with the device, since that is what people look for; within a day
-- its index stays small enough for memory.
create table meter_samples (
    charge_point_id text collate "C" not null,
    connector_id smallint not null,
    taken_at timestamptz not null,
    energy_wh double precision,
    power_w double precision,
    voltage_v double precision,
    current_a double precision,
    soc_percent double precision,
    temperature_c double precision,
    primary key (charge_point_id, connector_id, taken_at)
) partition by range (taken_at);

comment on table meter_samples is 'Readings of meters over time; written by ingestors only, kept for a limited time';
comment on column meter_samples.charge_point_id is 'The device';
comment on column meter_samples.connector_id is 'The connector; 0 is the main meter';
comment on column meter_samples.taken_at is 'The instant of the reading';
comment on column meter_samples.energy_wh is 'Reading of the energy register, in Wh';
comment on column meter_samples.power_w is 'Active power, in W';
comment on column meter_samples.voltage_v is 'Voltage, in V';
comment on column meter_samples.current_a is 'Current, in A';
comment on column meter_samples.soc_percent is 'State of charge of the vehicle, in percent';
comment on column meter_samples.temperature_c is 'Temperature, in °C';

-- Meter values repeat the id of their transaction. What the connector remembers of it spares the ledger the question.
alter table connectors add column sighted_transaction text;
alter table connectors add column sighted_at timestamptz;

comment on column connectors.sighted_transaction is 'The transaction that readings were last told for';
comment on column connectors.sighted_at is 'Since when the ledger knows that; later readings of it say nothing new';
