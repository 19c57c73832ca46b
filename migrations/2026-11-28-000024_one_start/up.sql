-- The unique index start_in_flight knows neither that a start without a connector may be on any, nor that one which the device
-- accepted still waits for the driver. Those who insert hold the lock of the device's row, so what is read here is the newest.
create function refuse_second_start() returns trigger language plpgsql as $$
begin
    if exists (
        select from commands as held
        where held.charge_point_id = new.charge_point_id and held.open and held.name = 'RemoteStartTransaction'
          and (held.connector_id is null or new.connector_id is null or held.connector_id = new.connector_id)
          and (held.state in ('accepted', 'published', 'unknown')
               or held.state = 'confirmed' and held.expires_at > clock_timestamp() and held.session_id is null
                  and not held.life @? '$.**.status ? (@ == "Charging" || @ == "SuspendedEV" || @ == "SuspendedEVSE")')) then
        raise exception 'another start is in flight on %', new.charge_point_id
            using errcode = 'unique_violation', constraint = 'start_in_flight';
    end if;
    return new;
end $$;
create trigger one_start_at_a_time before insert on commands
    for each row when (new.name = 'RemoteStartTransaction') execute function refuse_second_start();
