comment on column charge_points.last_seen_at is 'Newest instant of any event';
comment on column charge_points.last_heartbeat_at is 'Newest instant of a boot or a heartbeat';
comment on column charge_points.gateway_id is 'The gateway of the newest sign of life';
comment on column charge_points.seen_at is 'Instant of the newest sign of life; null when only goodbyes were heard';
comment on column charge_points.seen_appended_at is 'Kafka timestamp of the record that told it';
comment on column connectors.status_appended_at is 'Kafka timestamp of the record that told it';
comment on column connectors.status_rivals is 'Other reports of the very same instant; hardly ever any';
comment on column dead_letters.appended_at is 'Kafka timestamp of the record';
