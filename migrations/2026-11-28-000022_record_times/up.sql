-- Whether a device is there follows from when records were appended, not from the times that events claim: what columns mean.
comment on column charge_points.last_seen_at is 'When the newest record of the device was appended';
comment on column charge_points.last_heartbeat_at is 'When the newest record of a boot or a heartbeat was appended';
comment on column charge_points.gateway_id is 'The gateway that holds the device: of the newest sign of life, but for copies and late clocks';
comment on column charge_points.seen_at is 'Time that the event of the newest sign of life claims; null when only goodbyes were heard';
comment on column charge_points.seen_appended_at is 'When its record was appended: the Kafka timestamp, or a bound where that cannot be right';
comment on column connectors.status_appended_at is 'When the record that told it was appended: the Kafka timestamp, or a bound where that cannot be right';
comment on column connectors.status_rivals is 'Reports that took effect shortly before the newest, so that a copy is no newer report';
comment on column dead_letters.appended_at is 'When the record was appended: its Kafka timestamp, or a bound where that cannot be right; null for a range';
