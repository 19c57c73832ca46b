create unique index start_in_flight on commands (charge_point_id, coalesce(connector_id, 0))
    where name = 'RemoteStartTransaction' and state in ('accepted', 'published', 'unknown');
alter table commands reset (fillfactor);
