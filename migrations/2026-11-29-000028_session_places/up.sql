alter table sessions add column pile_id uuid, add column station_id uuid, add column operator_id text;
comment on column sessions.pile_id is 'The pile that the device was assigned to when the session began; null if none, until the device is registered';
comment on column sessions.station_id is 'The station of that pile at that time; null as pile_id';
comment on column sessions.operator_id is 'The operator of that station at that time; null if it had none, or as pile_id';

-- A session has the place where its device was at its start, whichever release writes it.
create function place_session() returns trigger language plpgsql as $$
begin
    select pile_id, station_id, operator_id into new.pile_id, new.station_id, new.operator_id
    from placements
    where charge_point_id = new.charge_point_id and placed_from <= new.started_at
      and (placed_until is null or placed_until > new.started_at);
    return new;
end $$;
create trigger sessions_are_placed before insert on sessions
    for each row execute function place_session();
-- Also one without a place: its pile may have been registered while it was inserted.
create trigger corrected_sessions_are_placed before update of started_at on sessions
    for each row when (new.started_at <> old.started_at or old.station_id is null) execute function place_session();
