-- A command is written when it is recorded, when it is published, when it is answered and when it ends. Only its end changes an
-- indexed column now, so that the other versions stay on the page of the first one and write no index: no index is on `state`, and
-- each page has room for them. docs/architecture.md has the reasons.
alter table commands set (fillfactor = 60);
-- The trigger one_start_at_a_time refuses all that this index refused, and every writer holds the lock of the device.
drop index start_in_flight;
-- It is built again after the migrations without `state` in its condition: see storage::database::online_steps.
do $$ begin
    execute format('drop index if exists %I.waiting_stop_of_session', current_schema());
end $$;
